"""The charging periods of a session grow by PATCH: appended in any order, none twice, none changed."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from roaming import canonical


class ContradictingPeriod(Exception):
    """A PATCH tells another content for a period that is known: periods are only corrected by a PUT of the whole session."""


def append_periods(
    *, stored: Iterable[canonical.ChargingPeriod], added: Iterable[canonical.ChargingPeriod]
) -> tuple[canonical.ChargingPeriod, ...]:
    """This function will return all periods in the order of their start (OCPI 2.2.1, mod_sessions §PATCH: periods are added).

    It raises ContradictingPeriod where `added` names a start that is known with other content.
    """
    known: dict[datetime, canonical.ChargingPeriod] = {period.start_date_time: period for period in stored}
    for period in added:
        former = known.setdefault(period.start_date_time, period)
        if _content(former) != _content(period):
            raise ContradictingPeriod(
                f"charging_periods: the period from {period.start_date_time:%Y-%m-%dT%H:%M:%SZ} is known with other content"
            )
    return tuple(known[start] for start in sorted(known))


def _content(period: canonical.ChargingPeriod) -> canonical.ChargingPeriod:
    # Decimals compare by value, so 7.8 and 7.80 are one content; the order of the dimensions means nothing.
    dimensions = tuple(sorted(period.dimensions, key=lambda dimension: (dimension.type, dimension.volume)))
    return msgspec.structs.replace(period, dimensions=dimensions)
