"""Every wire request and its answer, both legs, secrets masked: what support and disputes look things up in. Kept 30 days."""
