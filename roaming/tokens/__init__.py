"""Drivers' tokens as their providers pushed them: one merged object per owner, uid, type and audience."""
