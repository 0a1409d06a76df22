"""Makes a canonical message expressible in OCPI 2.1.1, or says why it must not cross (ocpi §5.1–5.8)."""

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from roaming import canonical
from roaming.protocols.ocpi.loss import LossReport, Touches
from roaming.protocols.ocpi.v2_1_1.vocabulary import (
    CAPABILITIES,
    DIMENSIONS,
    FACILITIES,
    PARKING_RESTRICTIONS,
    PARKING_TYPES,
    POWER_TYPES,
    STANDARDS,
    TOKEN_TYPES,
)

_ADDRESS_LENGTH = 45


def fit_location(location: canonical.Location, report: LossReport) -> canonical.Location:
    """This function will fit a location. An unpublished one must not cross: 2.1.1 would show it to every driver."""
    if not location.publish:
        report.dropped("publish", "false", touches=Touches.VISIBILITY)
    report.drop_unsaid(location, ("publish_allowed_to", "state", "help_phone", "parking_places"))
    if location.parking_type and location.parking_type not in PARKING_TYPES:
        report.changed("parking_type", location.parking_type, "OTHER")
    if len(location.address) > _ADDRESS_LENGTH:
        report.changed("address", location.address, location.address[:_ADDRESS_LENGTH])
    if not location.postal_code:
        report.guessed("postal_code", "-")
    evses = tuple(fitted for evse in location.evses if (fitted := fit_evse(evse, report)) is not None)
    return replace(
        location,
        address=location.address[:_ADDRESS_LENGTH],
        postal_code=location.postal_code or "-",
        coordinates=_six_decimals(location.coordinates, "coordinates", report),
        facilities=report.keep_known(location.facilities, FACILITIES, field="facilities"),
        evses=evses,
    )


def fit_evse(evse: canonical.Evse, report: LossReport) -> canonical.Evse | None:
    """This function will fit one EVSE, or return None where no plug is left that the version knows."""
    at = f"evses[{evse.uid}]."
    report.drop_unsaid(evse, ("parking", "accepted_service_providers"), at=at)
    connectors = tuple(fitted for item in evse.connectors if (fitted := fit_connector(item, report, at)) is not None)
    if not connectors:
        report.dropped(at.rstrip("."), evse.uid)
        return None
    return replace(
        evse,
        connectors=connectors,
        coordinates=_six_decimals(evse.coordinates, f"{at}coordinates", report) if evse.coordinates else None,
        capabilities=report.keep_known(evse.capabilities, CAPABILITIES, field=f"{at}capabilities"),
        parking_restrictions=report.keep_known(evse.parking_restrictions, PARKING_RESTRICTIONS, field=f"{at}parking_restrictions"),
    )


def fit_connector(connector: canonical.Connector, report: LossReport, at: str = "") -> canonical.Connector | None:
    """This function will fit one plug, or return None where the version has no such plug."""
    here = f"{at}connectors[{connector.id}]"
    if connector.standard not in STANDARDS:
        report.dropped(here, connector.standard)
        return None
    report.drop_unsaid(connector, ("max_electric_power", "capabilities"), at=f"{here}.")
    power_type = connector.power_type
    if power_type not in POWER_TYPES:
        power_type = "AC_1_PHASE"
        report.changed(f"{here}.power_type", connector.power_type, power_type)
    if len(connector.tariff_ids) > 1:
        report.changed(f"{here}.tariff_ids", ", ".join(connector.tariff_ids), connector.tariff_ids[0])
    return replace(connector, power_type=power_type, capabilities=(), tariff_ids=connector.tariff_ids[:1])


def fit_tariff(tariff: canonical.Tariff, report: LossReport, *, at: datetime | None = None) -> canonical.Tariff:
    """This function will fit a tariff; what would change a price blocks.

    An element with a restriction the version lacks goes whole: without the restriction it would apply always. A minimum or
    maximum price, a tariff for special customers, and one that is not valid `at` now cannot be said at all.
    """
    if tariff.type not in (None, "REGULAR"):
        report.dropped("type", tariff.type, touches=Touches.PRICE)
    for name in ("min_price", "max_price"):
        if limit := getattr(tariff, name):
            report.dropped(name, limit.before_taxes, touches=Touches.PRICE)
    starts, ends = tariff.start_date_time, tariff.end_date_time
    if at is not None and ((starts and at < starts) or (ends and at >= ends)):
        report.dropped("start_date_time", "not valid now, and the version has no dates of validity", touches=Touches.PRICE)
    else:
        report.drop_unsaid(tariff, ("start_date_time", "end_date_time"))
    report.drop_unsaid(tariff, ("preauthorize_amount",))
    if tariff.tax_included in ("YES", "N/A"):
        report.changed("tax_included", tariff.tax_included, "prices exclude tax")
    elements = []
    for number, element in enumerate(tariff.elements):
        limits = element.restrictions
        if limits and (limits.reservation or limits.booking or limits.min_current is not None or limits.max_current is not None):
            report.dropped(f"elements[{number}]", "restricted by reservation or current")
            continue
        components = tuple(_net(item, tariff, number, report) for item in element.price_components)
        elements.append(replace(element, price_components=components))
    if not elements:
        report.dropped("elements", "every element", touches=Touches.PRICE)
    return replace(tariff, tax_included=None, elements=tuple(elements))


def _net(component: canonical.PriceComponent, tariff: canonical.Tariff, number: int, report: LossReport) -> canonical.PriceComponent:
    field = f"elements[{number}].{component.type}"
    price = component.price
    if tariff.tax_included == "YES" and price:
        if component.vat is None:
            report.dropped(f"{field}.price", "tax is inside the price and its rate is not told", touches=Touches.PRICE)
        else:
            price = (price / (1 + component.vat / 100)).quantize(Decimal("0.0001"))
            report.changed(f"{field}.price", component.price, price)
    if component.vat is not None:
        report.dropped(f"{field}.vat", component.vat)
    return replace(component, price=price, vat=None)


def fit_token(token: canonical.Token, report: LossReport) -> canonical.Token:
    """This function will fit a token: two types, no groups, no profile."""
    report.drop_unsaid(token, ("group_id", "default_profile_type", "energy_contract"))
    if token.type in TOKEN_TYPES:
        return token
    report.changed("type", token.type, "OTHER")
    return replace(token, type="OTHER")


def fit_session(session: canonical.Session, report: LossReport) -> canonical.Session:
    """This function will fit a session; its authorization_reference is remembered by the hub and put back on the way up."""
    report.drop_unsaid(session, ("authorization_reference",))
    status = "PENDING" if session.status == "RESERVATION" else session.status
    if status != session.status:
        report.changed("status", session.status, status)
    if session.total_cost and session.total_cost.taxes:
        report.dropped("total_cost.taxes", session.total_cost.after_taxes)
    return replace(
        session,
        status=status,
        auth_method=_auth_method(session.auth_method, report),
        charging_periods=_periods(session.charging_periods, report),
    )


def fit_cdr(cdr: canonical.Cdr, report: LossReport) -> canonical.Cdr:
    """This function will fit a CDR. A credit cannot be said (a negative bill would be read as a new one): it reaches the statement only."""
    if cdr.credit:
        report.dropped("credit", cdr.credit_reference_id, touches=Touches.PRICE)
    totals = ("total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost", "total_reservation_cost")
    names = ("session_id", "authorization_reference", "signed_data", "invoice_reference_id", "home_charging_compensation", "booking_id")
    report.drop_unsaid(cdr, (*totals, *names))
    if cdr.total_cost.taxes:
        report.dropped("total_cost.taxes", cdr.total_cost.after_taxes)
    tariffs = []
    for tariff in cdr.tariffs:
        inner = LossReport()
        fitted = fit_tariff(tariff, inner)
        if inner.blocks:
            report.dropped(f"tariffs[{tariff.id}]", "its prices cannot be said in this version")
            continue
        report.losses.extend(inner.losses)
        tariffs.append(fitted)
    return replace(
        cdr,
        auth_method=_auth_method(cdr.auth_method, report),
        charging_periods=_periods(cdr.charging_periods, report),
        tariffs=tuple(tariffs),
    )


def fit_authorization(decision: canonical.AuthorizationDecision, report: LossReport) -> canonical.AuthorizationDecision:
    """This function will fit an answer: no token, no reference; the hub remembers the reference and puts it back on the way up."""
    report.drop_unsaid(decision, ("reference",))
    return decision


def _auth_method(method: str, report: LossReport) -> str:
    if method != "COMMAND":
        return method
    report.changed("auth_method", method, "AUTH_REQUEST")
    return "AUTH_REQUEST"


def _periods(periods: tuple[canonical.ChargingPeriod, ...], report: LossReport) -> tuple[canonical.ChargingPeriod, ...]:
    fitted = []
    for number, period in enumerate(periods):
        if period.tariff_id:
            report.dropped(f"charging_periods[{number}].tariff_id", period.tariff_id)
        unknown = [item.type for item in period.dimensions if item.type not in DIMENSIONS]
        if unknown:
            report.dropped(f"charging_periods[{number}].dimensions", ", ".join(unknown))
        kept = tuple(item for item in period.dimensions if item.type in DIMENSIONS)
        # A period without any dimension is no period here (2.1.1: one or more); none of its time is billable.
        fitted.append(replace(period, dimensions=kept or (canonical.Dimension(type="TIME", volume=Decimal(0)),)))
    return tuple(fitted)


def _six_decimals(place: canonical.GeoLocation, field: str, report: LossReport) -> canonical.GeoLocation:
    exact = Decimal("0.000001")
    latitude, longitude = (f"{Decimal(text).quantize(exact):f}" for text in (place.latitude, place.longitude))
    if (latitude, longitude) != (place.latitude, place.longitude):
        report.changed(field, f"{place.latitude} {place.longitude}", f"{latitude} {longitude}")
    return replace(place, latitude=latitude, longitude=longitude)
