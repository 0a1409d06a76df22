"""PURE. Price a sealed CDR again with the tariff in force when it started, and say what the difference may come from.

The tariff inside the CDR is the source, the one that the operator had published is the cross-check; where the hub's price counts, the
published one goes first. A tariff holds by its own dates and its `last_updated`, never by when the hub received it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from roaming import canonical, rating

_FOUR_DECIMALS = Decimal("0.0001")


class Published(NamedTuple):
    """One published version of a tariff, as control read it: its row and its document."""

    revision: int
    tariff: canonical.Tariff


class Repriced(NamedTuple):
    """What the hub computed for one CDR. `net` None: it could not; `unknown` names the tariffs that nobody told.

    `source` is `cdr` or `published`; `published_net` is the price by the published version where that differs from the CDR's own;
    `early` names tariffs inside the CDR that were not in force at the start; `causes` are readings that give the operator's price.
    """

    zone: str
    zone_known: bool
    source: str = ""
    revisions: tuple[int, ...] = ()
    currency: str = ""
    net: Decimal | None = None
    vat: Decimal | None = None
    unknown: tuple[str, ...] = ()
    early: tuple[str, ...] = ()
    published_net: Decimal | None = None
    is_newer: bool = False
    causes: tuple[str, ...] = ()
    is_clocked: bool = False
    is_free: bool = False
    rated: rating.Rated | None = None


def reprice(
    *,
    cdr: canonical.Cdr,
    published: Mapping[str, Sequence[Published]],
    zone: ZoneInfo,
    zone_known: bool,
    published_first: bool,
    tolerance: Decimal,
    policy: rating.Policy | None = None,
) -> Repriced:
    """This function will price a CDR; `published` holds versions by tariff id (upper case), best first for this provider.

    Differences within `tolerance` (in the CDR's currency) ask for no explanation.
    """
    blank = Repriced(zone=zone.key, zone_known=zone_known)
    wanted = _wanted(cdr)
    in_force = {name: found for name in wanted if (found := _in_force(published.get(name, ()), cdr.start_date_time)) is not None}
    own = {tariff.id.upper(): tariff for tariff in reversed(cdr.tariffs)}
    unknown = tuple(name for name in wanted if name not in own and name not in in_force)
    if unknown or not wanted:
        return blank._replace(unknown=unknown)
    early = tuple(name for name in wanted if name in own and not _holds(own[name], cdr.start_date_time))
    use_published = {name for name in in_force if published_first or name not in own or name in early}
    chosen = [in_force[name].tariff if name in use_published else own[name] for name in wanted]
    rated = _rate(cdr, chosen, zone, policy)
    if rated is None:
        return blank
    net, vat = _amounts(rated, cdr)
    told = cdr.total_cost.before_taxes
    priced = blank._replace(
        source="published" if use_published else "cdr",
        revisions=tuple(in_force[name].revision for name in wanted if name in use_published),
        currency=rated.currency,
        net=net,
        vat=vat,
        early=early,
        rated=rated,
        is_clocked=any(_is_clocked(tariff) for tariff in chosen),
        is_free=not any(component.price for tariff in chosen for element in tariff.elements for component in element.price_components),
    )
    other = {name: found for name, found in in_force.items() if name in own and _offer(found.tariff) != _offer(own[name])}
    if other and not published_first:
        by_published = _rate(
            cdr, [other[name].tariff if name in other else own.get(name) or in_force[name].tariff for name in wanted], zone, policy
        )
        if by_published is not None:
            newer = all(own[name].last_updated > found.tariff.last_updated for name, found in other.items())
            priced = priced._replace(published_net=_amounts(by_published, cdr)[0], is_newer=newer)
    if net is not None and abs(net - told) > tolerance:
        priced = priced._replace(causes=tuple(_causes(cdr, chosen, published, zone, tolerance, policy)))
    return priced


def _wanted(cdr: canonical.Cdr) -> list[str]:
    named = dict.fromkeys(period.tariff_id.upper() for period in cdr.charging_periods if period.tariff_id)
    return list(named) or [tariff.id.upper() for tariff in cdr.tariffs[:1]]


def _in_force(versions: Sequence[Published], at: datetime) -> Published | None:
    return next((version for version in versions if _holds(version.tariff, at)), None)


def _holds(tariff: canonical.Tariff, at: datetime) -> bool:
    return (
        tariff.last_updated <= at
        and (tariff.start_date_time is None or tariff.start_date_time <= at)
        and (tariff.end_date_time is None or at < tariff.end_date_time)
    )


def _offer(tariff: canonical.Tariff) -> object:
    return tariff.currency, tariff.elements, tariff.min_price, tariff.max_price, tariff.tax_included


def _rate(cdr: canonical.Cdr, tariffs: Sequence[canonical.Tariff], zone: ZoneInfo, policy: rating.Policy | None) -> rating.Rated | None:
    try:
        return rating.rate(periods=cdr.charging_periods, tariffs=tariffs, ends_at=cdr.end_date_time, zone=zone, policy=policy)
    except rating.NothingToRate:
        return None


def _amounts(rated: rating.Rated, cdr: canonical.Cdr) -> tuple[Decimal | None, Decimal | None]:
    """This function will return net and VAT to four decimals; where no VAT rate is known, the CDR's own rate is taken."""
    before, after = rated.total.before_taxes, rated.total.after_taxes
    told = cdr.total_cost
    taxes = sum((tax.amount for tax in told.taxes), Decimal(0)) if told.taxes else None
    factor = 1 + taxes / told.before_taxes if taxes is not None and told.before_taxes else None
    if before is None:  # prices include a tax whose rate was not told: the CDR's own rate takes it out
        before = after / factor if after is not None and factor else None
    if before is None:
        return None, None
    if any(line.vat is None and line.price for line in rated.trace) or after is None:
        vat = None if factor is None else before * (factor - 1)
    else:
        vat = after - before
    return _four(before), None if vat is None else _four(vat)


def _four(amount: Decimal) -> Decimal:
    return amount.quantize(_FOUR_DECIMALS, rounding=ROUND_HALF_UP)


def _is_clocked(tariff: canonical.Tariff) -> bool:
    return any(
        element.restrictions is not None
        and (
            element.restrictions.start_time
            or element.restrictions.end_time
            or element.restrictions.start_date
            or element.restrictions.end_date
            or element.restrictions.day_of_week
        )
        for element in tariff.elements
    )


def _causes(
    cdr: canonical.Cdr,
    tariffs: Sequence[canonical.Tariff],
    published: Mapping[str, Sequence[Published]],
    zone: ZoneInfo,
    tolerance: Decimal,
    policy: rating.Policy | None,
) -> list[str]:
    """This function will try the usual misreadings of a tariff and return those that give the operator's price."""
    usual = policy or rating.Policy()
    unlimited = [msgspec.structs.replace(tariff, min_price=None, max_price=None) for tariff in tariffs]
    later = [_in_force(published.get(tariff.id.upper(), ()), cdr.end_date_time) for tariff in tariffs]
    readings = {
        "step_size": (tariffs, zone, msgspec.structs.replace(usual, step_size=not usual.step_size)),
        "price_limit": (unlimited, zone, usual),
        "utc": (tariffs, ZoneInfo("UTC"), usual),
        "later_tariff": ([version.tariff for version in later if version is not None], zone, usual),
    }
    found = []
    for name, (with_tariffs, in_zone, with_policy) in readings.items():
        rated = _rate(cdr, with_tariffs, in_zone, with_policy) if len(with_tariffs) == len(tariffs) else None
        net = None if rated is None else _amounts(rated, cdr)[0]
        if net is not None and abs(net - cdr.total_cost.before_taxes) <= tolerance:
            found.append(name)
    return found
