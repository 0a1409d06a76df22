"""A PUT of a session that came late: it is laid beneath what newer PATCHes have set, and the periods that they added stay. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from roaming import canonical
from roaming.revisions import Stamps, is_older_than_all, member_name, newer_names, note_put_beneath, put_beneath

_PERIODS = "charging_periods"


def lay_beneath(*, put: canonical.Session, stored: canonical.Session, stamps: Stamps | None) -> tuple[canonical.Session, Stamps] | None:
    """This function will return the session as it would be had the PUT come in time, and its stamps; None where nothing of it is left."""
    at = put.last_updated
    if is_older_than_all(at=at, stamps=stamps, rest=stored.last_updated):
        return None
    document = put_beneath(stored=canonical.to_builtins(stored), put=canonical.to_builtins(put), at=at, stamps=stamps)
    newer = newer_names(at=at, stamps=stamps)
    periods = {period.start_date_time: period for period in put.charging_periods}
    for period in stored.charging_periods:
        if member_name(_PERIODS, period.start_date_time) in newer:
            periods.setdefault(period.start_date_time, period)
    laid = msgspec.structs.replace(
        canonical.from_builtins(document, canonical.Session),
        charging_periods=tuple(periods[start] for start in sorted(periods)),
        last_updated=stored.last_updated,
    )
    return laid, note_put_beneath(at=at, stamps=stamps)


def period_names(periods: Iterable[Any]) -> list[str]:
    """This function will name the periods of a PATCH as the stamps do; they have been read before."""
    return [member_name(_PERIODS, msgspec.convert(period["start_date_time"], datetime)) for period in periods]
