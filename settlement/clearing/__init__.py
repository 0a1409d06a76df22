"""The seam: a sealed CDR becomes money exactly once. One charge per CDR is the sub-ledger; day totals roll it up."""
