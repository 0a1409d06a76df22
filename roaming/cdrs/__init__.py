"""Sealed CDRs: received once, never changed, credited by another CDR; blocks of their seals are chained off the write path."""
