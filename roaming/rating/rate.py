"""Prices a session: cut into slices, find each dimension's active component, round by step once, add taxes, apply limits."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from roaming.canonical import ChargingPeriod, PriceComponent, PriceLimit, Tariff
from roaming.rating.policy import FlatFee, Policy
from roaming.rating.restrictions import RESERVATION, RESERVATION_EXPIRES, active_component
from roaming.rating.result import ZERO, Amount, Finding, Rated, TraceLine
from roaming.rating.rounding import surplus
from roaming.rating.slices import Slice, cut, slices_of

_HOUR = Decimal(3600)
_CRUMB = Decimal("1e-12")
_COMPONENT_OF = {"ENERGY": "energy", "TIME": "time", "PARKING_TIME": "parking", "FLAT": "fixed"}
_UNIT_OF = {"ENERGY": "kWh", "TIME": "h", "PARKING_TIME": "h", "FLAT": "once"}


class NothingToRate(ValueError):
    """There is no tariff, or no charging period, to price."""


class _Use(msgspec.Struct, kw_only=True, eq=False):
    """What one component of one element priced so far: kWh for ENERGY, seconds for times, 1 for FLAT."""

    tariff: Tariff
    element: int
    component: PriceComponent
    dimension: str
    is_reservation: bool
    quantity: Decimal = Decimal(0)
    step: Decimal = Decimal(0)


def rate(
    *,
    periods: Sequence[ChargingPeriod],
    tariffs: Sequence[Tariff],
    ends_at: datetime | None,
    zone: ZoneInfo,
    policy: Policy | None = None,
) -> Rated:
    """This function will price `periods` with `tariffs` in local time of `zone` and explain every cent.

    Where several tariffs come, each period's tariff_id chooses; a single tariff prices all periods when none names one.
    `ends_at` is the end of the session (None: by the volumes). It raises NothingToRate without a tariff or a period.
    """
    policy = policy or Policy()
    if not tariffs:
        raise NothingToRate("no tariff: expected at least one tariff with elements")
    if not periods:
        raise NothingToRate("charging_periods: expected at least one period")
    findings: list[Finding] = []
    uses: list[_Use] = []
    slices = slices_of(periods, ends_at=ends_at)
    for tariff, group in _by_tariff(slices, tariffs, findings):
        _check(tariff, findings)
        pieces, was_split = cut(group, tariff=tariff, zone=zone)
        if was_split:
            findings.append(
                Finding("ENERGY_SPLIT", "energy was spread evenly where the operator should have started a new charging period")
            )
        _use(pieces, tariff, zone, policy, uses)
    if policy.step_size:
        _round_by_step(uses, policy)
    trace = tuple(line for use in uses for line in _lines(use, policy))
    return _total(trace, _limiting(uses, tariffs), findings, policy)


def _by_tariff(slices: list[Slice], tariffs: Sequence[Tariff], findings: list[Finding]) -> list[tuple[Tariff, list[Slice]]]:
    if len(tariffs) == 1 and not any(piece.tariff_id for piece in slices):
        return [(tariffs[0], slices)]
    by_id = {tariff.id.upper(): tariff for tariff in reversed(tariffs)}
    groups: list[tuple[Tariff, list[Slice]]] = []
    for piece in slices:
        tariff = by_id.get((piece.tariff_id or "").upper())
        if piece.tariff_id and tariff is None:
            findings.append(Finding("TARIFF_MISSING", f"tariff {piece.tariff_id} of a charging period did not come with the CDR"))
        if tariff is None:
            continue  # no tariff_id: no tariff is relevant during that period (OCPI 2.2.1, ChargingPeriod)
        if groups and groups[-1][0] is tariff:
            groups[-1][1].append(piece)
        else:
            groups.append((tariff, [piece]))
    return groups


def _check(tariff: Tariff, findings: list[Finding]) -> None:
    for number, element in enumerate(tariff.elements, start=1):
        types = [component.type for component in element.price_components]
        for name in sorted({name for name in types if types.count(name) > 1}):
            findings.append(
                Finding("AMBIGUOUS_COMPONENTS", f"element {number} of tariff {tariff.id} has several {name} components; the first counts")
            )


def _use(pieces: list[Slice], tariff: Tariff, zone: ZoneInfo, policy: Policy, uses: list[_Use]) -> None:
    lapsed = all(piece.is_reservation for piece in pieces)
    for piece in pieces:
        if piece.is_reservation:
            kinds = (RESERVATION_EXPIRES, RESERVATION) if lapsed else (RESERVATION,)
            _use_flat(piece, tariff, zone, policy, uses, kinds)
            _use_quantity(piece, "TIME", piece.reservation_seconds, tariff, zone, uses, kinds)
            continue
        _use_flat(piece, tariff, zone, policy, uses, (None,))
        _use_quantity(piece, "ENERGY", piece.energy_kwh, tariff, zone, uses, (None,))
        _use_quantity(piece, "TIME", piece.charging_seconds, tariff, zone, uses, (None,))
        _use_quantity(piece, "PARKING_TIME", piece.parking_seconds, tariff, zone, uses, (None,))


def _find(piece: Slice, dimension: str, tariff: Tariff, zone: ZoneInfo, phases: Sequence[str | None]) -> tuple[int, PriceComponent] | None:
    # Where both kinds of reservation have the dimension, the one that expired wins (ocpi §7.1 no. 4).
    for phase in phases:
        if found := active_component(tariff=tariff, piece=piece, dimension=dimension, zone=zone, phase=phase):
            return found
    return None


def _use_flat(piece: Slice, tariff: Tariff, zone: ZoneInfo, policy: Policy, uses: list[_Use], phases: Sequence[str | None]) -> None:
    found = _find(piece, "FLAT", tariff, zone, phases)
    if found is None:
        return
    element, component = found
    charged = [use for use in uses if use.dimension == "FLAT" and use.is_reservation == piece.is_reservation]
    if policy.flat_fee is FlatFee.EACH_ELEMENT:
        charged = [use for use in charged if use.tariff is tariff and use.element == element]
    if not charged:
        uses.append(
            _Use(
                tariff=tariff,
                element=element,
                component=component,
                dimension="FLAT",
                is_reservation=piece.is_reservation,
                quantity=Decimal(1),
            )
        )


def _use_quantity(
    piece: Slice, dimension: str, quantity: Decimal, tariff: Tariff, zone: ZoneInfo, uses: list[_Use], phases: Sequence[str | None]
) -> None:
    found = _find(piece, dimension, tariff, zone, phases) if quantity > 0 else None
    if found is None:
        return
    element, component = found
    latest = uses[-1] if uses else None
    for use in reversed(uses):
        if use.dimension == dimension:
            latest = use
            break
    key = (tariff.id, element, dimension, piece.is_reservation)
    if latest is not None and (latest.tariff.id, latest.element, latest.dimension, latest.is_reservation) == key:
        latest.quantity += quantity
        # The use that was extended is again the latest one: step rounding asks which came last.
        uses.remove(latest)
        uses.append(latest)
    else:
        uses.append(
            _Use(
                tariff=tariff,
                element=element,
                component=component,
                dimension=dimension,
                is_reservation=piece.is_reservation,
                quantity=quantity,
            )
        )


def _round_by_step(uses: list[_Use], policy: Policy) -> None:
    energy = [use for use in uses if use.dimension == "ENERGY"]
    if energy:
        used_wh = sum((use.quantity for use in energy), Decimal(0)) * 1000
        energy[-1].step = surplus(quantity=used_wh, step=energy[-1].component.step_size, epsilon=policy.energy_epsilon_wh) / 1000
    for in_reservation in (True, False):
        timed = [use for use in uses if use.dimension in ("TIME", "PARKING_TIME") and use.is_reservation == in_reservation]
        if not timed:
            continue
        final = timed[-1]
        same = sum((use.quantity for use in timed if use.dimension == final.dimension), Decimal(0))
        final.step = surplus(quantity=same, step=final.component.step_size, epsilon=policy.time_epsilon_seconds)


def _lines(use: _Use, policy: Policy) -> list[TraceLine]:
    per_unit = _HOUR if use.dimension in ("TIME", "PARKING_TIME") else Decimal(1)
    lines = []
    for quantity, is_step in ((use.quantity, False), (use.step, True)):
        if is_step and quantity == 0:
            continue
        volume = quantity / per_unit
        # Multiply before dividing, and drop what 28 digits could not hold: hours of a third must not leave a crumb.
        price = (quantity * use.component.price / per_unit).quantize(_CRUMB).normalize()
        amount = _taxed(price, use.component.vat, use.tariff.tax_included)
        if policy.rounding and policy.rounding.place == "component":
            amount = _rounded(amount, policy)
        unit = _UNIT_OF[use.dimension]
        what = (
            f"{'step of ' + str(use.component.step_size) + ': ' if is_step else ''}{volume.normalize():f} {unit} × {use.component.price:f}"
        )
        lines.append(
            TraceLine(
                dimension=use.dimension,
                component="reservation" if use.is_reservation else _COMPONENT_OF[use.dimension],
                tariff_id=use.tariff.id,
                element=use.element,
                volume=volume,
                unit=unit,
                price=use.component.price,
                vat=use.component.vat,
                amount=amount,
                is_step=is_step,
                text=f"{what} {use.tariff.currency} (tariff {use.tariff.id}, element {use.element})",
            )
        )
    return lines


def _taxed(price: Decimal, vat: Decimal | None, tax_included: str | None) -> Amount:
    """OCPI 2.3.0 tax_included: YES prices are gross, N/A carry no tax, NO and older versions are net. An unknown rate adds nothing here."""
    factor = 1 + (vat or Decimal(0)) / 100
    if tax_included == "YES":
        return Amount(None if vat is None else price / factor, price)
    if tax_included == "N/A":
        return Amount(price, price)
    return Amount(price, price * factor)


def _rounded(amount: Amount, policy: Policy) -> Amount:
    if policy.rounding is None:
        return amount
    round_ = policy.rounding.apply
    return Amount(
        None if amount.before_taxes is None else round_(amount.before_taxes),
        None if amount.after_taxes is None else round_(amount.after_taxes),
    )


def _limiting(uses: list[_Use], tariffs: Sequence[Tariff]) -> Tariff:
    return uses[-1].tariff if uses else tariffs[0]


def _total(trace: tuple[TraceLine, ...], tariff: Tariff, findings: list[Finding], policy: Policy) -> Rated:
    components = dict.fromkeys(("energy", "time", "parking", "fixed", "reservation"), ZERO)
    total = ZERO
    for line in trace:
        components[line.component] += line.amount
        total += line.amount
    if any(line.vat is None and line.price for line in trace) and tariff.tax_included != "N/A":
        findings.append(Finding("VAT_UNKNOWN", "a price component names no VAT: its tax is unknown, not zero"))
    limited = Amount(
        _clamp(total.before_taxes, tariff.min_price, tariff.max_price, "before_taxes"),
        _clamp(total.after_taxes, tariff.min_price, tariff.max_price, "after_taxes"),
    )
    if limited != total:
        findings.append(Finding("PRICE_LIMIT", "the tariff's minimum or maximum applied: components need not add up to the total"))
    return Rated(
        total=_rounded(limited, policy),
        components=components,
        trace=trace,
        findings=tuple(dict.fromkeys(findings)),
        currency=tariff.currency,
    )


def _clamp(amount: Decimal | None, lower: PriceLimit | None, upper: PriceLimit | None, side: str) -> Decimal | None:
    """Both bounds hold on both sides independently (ocpi §7.3)."""
    if amount is None:
        return None
    low = getattr(lower, side) if lower else None
    high = getattr(upper, side) if upper else None
    if low is not None and amount < low:
        amount = low
    if high is not None and amount > high:
        amount = high
    return amount
