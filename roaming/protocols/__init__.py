"""The wire, in and out, and nothing else."""
