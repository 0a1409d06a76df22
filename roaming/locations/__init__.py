"""Operators' locations with their EVSEs: one merged object per owner, id and audience."""
