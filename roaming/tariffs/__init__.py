"""Tariffs of operators, merged per owner and audience; every version is kept, a deleted one stays as a tombstone."""
