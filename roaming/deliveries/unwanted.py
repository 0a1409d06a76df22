"""Pushes that would wait for a partner that wants none later: while its platform is shut, they are given up instead (queueing never).

OCPI advises not to queue (OCPI 2.2.1, transport_and_format §Offline behaviour). CDRs are kept for everybody.
"""

from django.db import connection

from roaming.egress.admission import breaker_of
from roaming.parties.profile import profile_of
from roaming.parties.snapshot import Directory

_NOTE = "not sent later, as this partner asks: it failed repeatedly and was not called"
_GIVE_UP = """
UPDATE roaming_delivery SET state = 'rejected', finished_at = now(), answer = %s
WHERE platform_id = ANY(%s) AND state = 'waiting' AND module <> 'cdrs' AND (lease_until IS NULL OR lease_until <= now())
"""


def give_up_unwanted(*, directory: Directory) -> int:
    """This function will refuse what waits for such platforms while their breaker is open, and return how many rows that were.

    When the pause is over, the next push finds out whether the platform is back.
    """
    # Most have no profile at all, and this is asked at every look.
    shut = [one.id for one in directory.platforms if one.profile and profile_of(one.profile).queueing == "never" and _is_shut(one.id)]
    if not shut:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_UP, [_NOTE, shut])
        given_up: int = cursor.rowcount
    return given_up


def _is_shut(platform_id: int) -> bool:
    breaker = breaker_of(platform_id)
    return breaker.is_open and not breaker.may_probe
