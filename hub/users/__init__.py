"""People: hub staff with a role, and partners' people with a membership of their party."""
