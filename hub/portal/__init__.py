"""Partners' own door: their statements, CDRs and connection, and nobody else's.

Every page starts from the parties of the person (`scope.py`, over `hub.users.permissions.parties_of`); what belongs to others answers
exactly as what never existed. Nothing here may be kept by a cache.
"""
