"""The bridge between OICP and the canonical objects, field by field, with what a crossing loses (oicp §6)."""
