"""The entry of the hub: raw ASGI that answers the hot requests itself and hands every other one to Django.

The lane calls the same pure rooms, dialects and refusals as Django does; it differs in I/O only: a routing table in memory, one
pooled client, reads and durable writes that are shared by the requests which arrive together. `application.py` is the way in,
`wire.py` bounds what a slow or endless client can hold, `forward.py` and `threads.py` are the two ways to Django,
`group_commit.py` and `group_read.py` the two ways to PostgreSQL.
"""
