"""The outbox: what must reach a partner, written in the transaction that made it true, sent in order per object, retried, parked.

A row points at the object; the dispatcher sends the state current at send time, so fifty missed updates become one PUT. CDRs
are never coalesced and never given up.
"""
