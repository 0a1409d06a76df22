"""Money: a sealed CDR becomes a charge, a net position, a statement, a payment. Reads what was sealed, never how it travelled."""
