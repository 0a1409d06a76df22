"""The admin's pages of traffic: who is connected, what they published, what happened, what still has to be told.

Registered by being imported. `figures` says how things read, `pages` and `steps` what every page shares; settlement's admin and the
portal use them too. CDRs are shown by settlement's admin, because a CDR's page tells its money as well.
"""

from roaming.admin import audit, deliveries, exchanges, losses, offers, parties, partners, quality, records

__all__ = ["audit", "deliveries", "exchanges", "losses", "offers", "parties", "partners", "quality", "records"]
