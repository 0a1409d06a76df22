"""Sums charges to positions that add up to exactly zero, and closes a period once."""
