"""The sealed, billable records: append-only, unique per owner and id, hashed over their stored bytes.

Blocks of seals are chained off the write path: a chain per row would make every intake wait for the one before.
"""
