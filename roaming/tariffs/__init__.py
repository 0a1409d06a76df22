"""Operators' tariffs: the current object per owner, id and audience, and every revision ever received (for re-pricing)."""
