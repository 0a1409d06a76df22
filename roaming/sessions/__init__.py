"""Sessions of operators: the current state, and every state received, sealed; each goes to the token's provider and to nobody else."""
