"""Live sessions: the current state of each, and every revision as it was received, append-only."""
