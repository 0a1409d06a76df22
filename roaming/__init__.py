"""Traffic: from a wire protocol to a canonical message, to a route, to a sealed record. Knows nothing of money owed."""
