"""From charging periods to slices: spans during which no restriction of the tariff can change its answer."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from roaming.canonical import ChargingPeriod, Tariff, TariffRestrictions

_HOUR = Decimal(3600)
_TIME_DIMENSIONS = ("TIME", "PARKING_TIME", "RESERVATION_TIME")


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """A span with its quantities. Energy in kWh; charging, parking and reservation in seconds; current in A, power in kW where told."""

    starts_at: datetime
    ends_at: datetime
    tariff_id: str | None
    energy_kwh: Decimal = Decimal(0)
    charging_seconds: Decimal = Decimal(0)
    parking_seconds: Decimal = Decimal(0)
    reservation_seconds: Decimal = Decimal(0)
    current: Decimal | None = None
    power: Decimal | None = None
    energy_before_kwh: Decimal = Decimal(0)
    seconds_before: Decimal = Decimal(0)

    @property
    def is_reservation(self) -> bool:
        """Whether this is the reservation phase, which only elements with a `reservation` restriction price."""
        return self.reservation_seconds > 0

    @property
    def seconds(self) -> Decimal:
        """The length by the clock."""
        return Decimal((self.ends_at - self.starts_at) / timedelta(microseconds=1)) / Decimal(1_000_000)


def slices_of(periods: Sequence[ChargingPeriod], *, ends_at: datetime | None) -> list[Slice]:
    """This function will turn charging periods into slices; each ends where the next starts, the last at `ends_at` (or by its volumes)."""
    ordered = sorted(periods, key=lambda period: period.start_date_time)
    slices = []
    for index, period in enumerate(ordered):
        stop = ordered[index + 1].start_date_time if index + 1 < len(ordered) else ends_at
        slices.append(_slice_of(period, stop))
    return slices


def _slice_of(period: ChargingPeriod, stop: datetime | None) -> Slice:
    volumes = {dimension.type: dimension.volume for dimension in period.dimensions}
    hours = sum((volumes.get(name, Decimal(0)) for name in _TIME_DIMENSIONS), Decimal(0))
    if stop is None or stop < period.start_date_time:
        stop = period.start_date_time + timedelta(seconds=float(hours * _HOUR))
    clock = Decimal((stop - period.start_date_time) / timedelta(microseconds=1)) / Decimal(1_000_000)
    # The clock of the periods is exact where the volume is rounded to four decimals of an hour: prefer it while they agree.
    scale = clock / (hours * _HOUR) if hours and abs(clock - hours * _HOUR) <= 1 else Decimal(1)
    seconds = {name: volumes.get(name, Decimal(0)) * _HOUR * scale for name in _TIME_DIMENSIONS}
    energy = volumes.get("ENERGY", Decimal(0))
    power = _first(volumes, "POWER", "MAX_POWER", "MIN_POWER")
    if power is None and energy and clock:
        power = energy * _HOUR / clock
    return Slice(
        starts_at=period.start_date_time,
        ends_at=stop,
        tariff_id=period.tariff_id,
        energy_kwh=energy,
        charging_seconds=seconds["TIME"],
        parking_seconds=seconds["PARKING_TIME"],
        reservation_seconds=seconds["RESERVATION_TIME"],
        current=_first(volumes, "CURRENT", "MAX_CURRENT", "MIN_CURRENT"),
        power=power,
    )


def _first(volumes: dict[str, Decimal], *names: str) -> Decimal | None:
    return next((volumes[name] for name in names if name in volumes), None)


def cut(slices: Iterable[Slice], *, tariff: Tariff, zone: ZoneInfo) -> tuple[list[Slice], bool]:
    """This function will cut slices where a restriction of `tariff` changes (clock, date, duration, energy).

    Quantities are spread evenly over the span that is cut. The flag says whether energy was: the operator should have started
    a new period there (ocpi §7.3), so the split is an estimate worth a finding.
    """
    restrictions = [element.restrictions for element in tariff.elements if element.restrictions is not None]
    pieces: list[Slice] = []
    energy_was_split = False
    energy, seconds = Decimal(0), Decimal(0)
    for whole in slices:
        whole = msgspec.structs.replace(whole, energy_before_kwh=energy, seconds_before=seconds)
        shares = [] if whole.is_reservation and not restrictions else _shares(whole, restrictions, zone)
        parts = _cut_at(whole, shares)
        energy_was_split = energy_was_split or (len(parts) > 1 and whole.energy_kwh > 0)
        pieces.extend(parts)
        if not whole.is_reservation:  # durations and energy count from the start of the session, not of the reservation
            energy += whole.energy_kwh
            seconds += whole.seconds
    return pieces, energy_was_split


def _shares(whole: Slice, restrictions: Sequence[TariffRestrictions], zone: ZoneInfo) -> list[Decimal]:
    """This function will return where to cut, as shares of the span strictly between 0 and 1, ascending."""
    shares: set[Decimal] = set()
    if whole.seconds > 0:
        for instant in _clock_edges(whole, restrictions, zone):
            shares.add(Decimal((instant - whole.starts_at) / timedelta(microseconds=1)) / 1_000_000 / whole.seconds)
        for limit in (bound for item in restrictions for bound in (item.min_duration, item.max_duration) if bound is not None):
            shares.add((Decimal(limit) - whole.seconds_before) / whole.seconds)
    if whole.energy_kwh > 0:
        for kwh in (bound for item in restrictions for bound in (item.min_kwh, item.max_kwh) if bound is not None):
            shares.add((kwh - whole.energy_before_kwh) / whole.energy_kwh)
    return sorted(share for share in shares if 0 < share < 1)


def _clock_edges(whole: Slice, restrictions: Sequence[TariffRestrictions], zone: ZoneInfo) -> Iterable[datetime]:
    clocks = {text for item in restrictions for text in (item.start_time, item.end_time) if text}
    days_matter = any(item.start_date or item.end_date or item.day_of_week for item in restrictions)
    if not clocks and not days_matter:
        return
    day: date = whole.starts_at.astimezone(zone).date()
    while day <= whole.ends_at.astimezone(zone).date():
        for text in clocks | {"00:00"}:
            for fold in (0, 1):  # the repeated hour of a clock change has two instants for one wall time
                local = datetime.combine(day, clock_time(text), tzinfo=zone).replace(fold=fold)
                yield local.astimezone(UTC)
        yield from _clock_changes(day, zone)
        day += timedelta(days=1)


def _clock_changes(day: date, zone: ZoneInfo) -> Iterable[datetime]:
    """This function will find the instant of that local day, if any, at which the zone's offset changes."""
    low = datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
    high = low + timedelta(hours=26)
    if low.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
        return
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    yield high.replace(microsecond=0)


def clock_time(text: str) -> time:
    """This function will read `HH:MM` (`24:00` counts as midnight)."""
    hours, minutes = text.split(":")[:2]
    return time(int(hours) % 24, int(minutes))


def _cut_at(whole: Slice, shares: Sequence[Decimal]) -> list[Slice]:
    if not shares:
        return [whole]
    bounds = [Decimal(0), *shares, Decimal(1)]
    span = whole.ends_at - whole.starts_at
    parts = []
    for low, high in pairwise(bounds):
        share = high - low
        parts.append(
            msgspec.structs.replace(
                whole,
                starts_at=whole.starts_at + span * float(low),
                ends_at=whole.starts_at + span * float(high),
                energy_kwh=whole.energy_kwh * share,
                charging_seconds=whole.charging_seconds * share,
                parking_seconds=whole.parking_seconds * share,
                reservation_seconds=whole.reservation_seconds * share,
                energy_before_kwh=whole.energy_before_kwh + whole.energy_kwh * low,
                seconds_before=whole.seconds_before + whole.seconds * low,
            )
        )
    return parts
