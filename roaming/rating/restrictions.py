"""Does a tariff element apply to a slice? OCPI 2.2.1, mod_tariffs §TariffRestrictions: all restrictions hold together."""

from zoneinfo import ZoneInfo

from roaming.canonical import PriceComponent, Tariff, TariffRestrictions
from roaming.rating.slices import Slice, clock_time

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
RESERVATION, RESERVATION_EXPIRES = "RESERVATION", "RESERVATION_EXPIRES"

Active = tuple[int, PriceComponent]


def active_component(*, tariff: Tariff, piece: Slice, dimension: str, zone: ZoneInfo, phase: str | None = None) -> Active | None:
    """This function will return the number (from 1) and component of the first element that prices `dimension` now.

    Per dimension, not per element: different dimensions may come from different elements (ocpi §7.1 no. 1). `phase` names the
    reservation kind to look for; None looks among elements of the session itself.
    """
    for number, element in enumerate(tariff.elements, start=1):
        restrictions = element.restrictions
        if (restrictions.reservation if restrictions else None) != phase or (restrictions and restrictions.booking):
            continue
        component = next((item for item in element.price_components if item.type == dimension), None)
        if component is not None and (restrictions is None or applies(restrictions, piece, zone)):
            return number, component
    return None


def applies(restrictions: TariffRestrictions, piece: Slice, zone: ZoneInfo) -> bool:
    """This function will evaluate every restriction in the middle of the slice (slices are cut wherever the answer could change)."""
    # A share of a span may land a breath before the edge that it was cut at; the middle is never ambiguous.
    local = (piece.starts_at + (piece.ends_at - piece.starts_at) / 2).astimezone(zone)
    energy = piece.energy_before_kwh + piece.energy_kwh / 2
    seconds = piece.seconds_before + piece.seconds / 2
    return (
        _within_clock(restrictions, local.time().replace(tzinfo=None).isoformat())
        and (not restrictions.start_date or local.date().isoformat() >= restrictions.start_date)
        and (not restrictions.end_date or local.date().isoformat() < restrictions.end_date)
        and (not restrictions.day_of_week or _DAYS[local.weekday()] in restrictions.day_of_week)
        and (restrictions.min_kwh is None or energy >= restrictions.min_kwh)
        and (restrictions.max_kwh is None or energy < restrictions.max_kwh)
        and (restrictions.min_duration is None or seconds >= restrictions.min_duration)
        and (restrictions.max_duration is None or seconds < restrictions.max_duration)
        and (restrictions.min_current is None or (piece.current is not None and piece.current >= restrictions.min_current))
        and (restrictions.max_current is None or (piece.current is not None and piece.current < restrictions.max_current))
        and (restrictions.min_power is None or (piece.power is not None and piece.power >= restrictions.min_power))
        and (restrictions.max_power is None or (piece.power is not None and piece.power < restrictions.max_power))
    )


def _within_clock(restrictions: TariffRestrictions, now: str) -> bool:
    start = clock_time(restrictions.start_time).isoformat() if restrictions.start_time else "00:00:00"
    end = clock_time(restrictions.end_time).isoformat() if restrictions.end_time else "00:00:00"
    if end == "00:00:00":  # midnight as an end is the end of the day (ocpi §7.1 no. 3)
        return now >= start
    if start < end:
        return start <= now < end
    return now >= start or now < end  # the window wraps midnight
