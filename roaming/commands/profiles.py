"""Who steers a session? Operators tell the limits in force only to the one that set some (OCPI 2.2.1, mod_charging_profiles §PUT)."""

from django.db import connection

from roaming import canonical
from roaming.parties import directory
from roaming.parties.directory import PartyEntry

# The operator said yes, and the charge point did not say no since.
FIND_SETTERS = """
SELECT sender_id FROM roaming_forwardedcommand
WHERE receiver_id = %s AND subject = %s AND command = 'SET_CHARGING_PROFILE' AND response->>'result' = 'ACCEPTED'
    AND coalesce(result->>'result', 'ACCEPTED') = 'ACCEPTED'
GROUP BY sender_id ORDER BY max(created_at) DESC
"""


def list_profile_setters(*, operator: canonical.PartyId, session_id: str) -> list[PartyEntry]:
    """This function will list the parties that successfully set a charging profile on the operator's session, the latest first."""
    table = directory.current()
    party = table.party(operator)
    if party is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(FIND_SETTERS, [party.id, session_id.upper()])
        rows = [row for (row,) in cursor.fetchall()]
    return [setter for row in rows if (setter := table.party_by_row(row)) is not None]
