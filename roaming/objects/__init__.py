"""What every stored object of a partner shares: one writer per key, a digest that tells a repeat, pages of a crawl, the announcement.

Tokens, locations, tariffs, sessions and CDRs keep their own tables and statements; the habits they have in common live here once.
"""
