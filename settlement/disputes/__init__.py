"""Doubts about charges, from the first question to the end: open, answer, offer, withdraw, escalate, resolve, revise; and acceptance.

A provider accepts a charge or opens a dispute about a part of it; the operator answers (accepts, declines, offers a part, promises to
revise); the hub resolves what the two cannot. Only the disputed part is withheld. `life.py` tells where a CDR stands in all this.
"""
