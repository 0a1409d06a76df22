"""Makes a canonical message (2.3.0's reach) expressible in OCPI 2.2.1 and notes what is lost (ocpi §5.1–5.8)."""

from decimal import Decimal

from msgspec.structs import replace

from roaming import canonical
from roaming.protocols.ocpi.loss import LossReport, Touches
from roaming.protocols.ocpi.v2_2_1.vocabulary import (
    NEWER_PARKING_RESTRICTIONS,
    NEWER_STANDARDS,
    PARKING_TYPES,
    TOKEN_TYPES,
)
from roaming.protocols.ocpi.zones import zone_of_country


def fit_location(location: canonical.Location, report: LossReport) -> canonical.Location:
    """This function will drop plugs, capabilities and parking details that 2.2.1 has no word for; an EVSE without a plug left goes too."""
    report.drop_unsaid(location, ("help_phone", "parking_places"))
    if location.parking_type and location.parking_type not in PARKING_TYPES:
        report.dropped("parking_type", location.parking_type)
        location = replace(location, parking_type=None)
    if not location.time_zone:  # demanded here, optional in 2.1.1
        zone = zone_of_country(location.country) or "UTC"
        report.guessed("time_zone", zone)
        location = replace(location, time_zone=zone)
    evses = tuple(fitted for evse in location.evses if (fitted := fit_evse(evse, report)) is not None)
    return replace(location, evses=evses)


def fit_evse(evse: canonical.Evse, report: LossReport) -> canonical.Evse | None:
    """This function will fit one EVSE, or return None where no plug is left that the version knows.

    Words that no version knows are partners' own and pass; only what is known to have come later is dropped.
    """
    at = f"evses[{evse.uid}]."
    report.drop_unsaid(evse, ("parking", "accepted_service_providers"), at=at)
    connectors = tuple(fitted for item in evse.connectors if (fitted := fit_connector(item, report, at)) is not None)
    if not connectors:
        report.dropped(at.rstrip("."), evse.uid)
        return None
    return replace(
        evse,
        connectors=connectors,
        parking_restrictions=report.drop_newer(evse.parking_restrictions, NEWER_PARKING_RESTRICTIONS, field=f"{at}parking_restrictions"),
    )


def fit_connector(connector: canonical.Connector, report: LossReport, at: str = "") -> canonical.Connector | None:
    """This function will fit one plug, or return None where the version has no such plug (another one would be a lie to a driver)."""
    if connector.standard in NEWER_STANDARDS:
        report.dropped(f"{at}connectors[{connector.id}]", connector.standard)
        return None
    report.drop_unsaid(connector, ("capabilities",), at=f"{at}connectors[{connector.id}].")
    return replace(connector, capabilities=())


def fit_tariff(tariff: canonical.Tariff, report: LossReport) -> canonical.Tariff:
    """This function will turn prices with tax inside into net ones; without a rate that is impossible, and blocks (ocpi §5.2)."""
    report.drop_unsaid(tariff, ("preauthorize_amount",))
    if tariff.tax_included in ("YES", "N/A"):
        report.changed("tax_included", tariff.tax_included, "prices exclude tax")
    elements = []
    for number, element in enumerate(tariff.elements):
        if element.restrictions and element.restrictions.booking:
            # Without its restriction the element would apply always: it goes whole (ocpi §5.2).
            report.dropped(f"elements[{number}]", "restricted to bookings")
            continue
        elements.append(replace(element, price_components=tuple(_net(item, tariff, number, report) for item in element.price_components)))
    if not elements:
        report.dropped("elements", "every element", touches=Touches.PRICE)
    return replace(tariff, tax_included=None, preauthorize_amount=None, elements=tuple(elements))


def _net(component: canonical.PriceComponent, tariff: canonical.Tariff, number: int, report: LossReport) -> canonical.PriceComponent:
    field = f"elements[{number}].{component.type}"
    if tariff.tax_included == "YES" and component.price:
        if component.vat is None:
            report.dropped(f"{field}.price", "tax is inside the price and its rate is not told", touches=Touches.PRICE)
            return component
        net = (component.price / (1 + component.vat / 100)).quantize(Decimal("0.0001"))
        report.changed(f"{field}.price", component.price, net)
        return replace(component, price=net)
    if tariff.tax_included == "N/A" and component.vat is not None:
        report.dropped(f"{field}.vat", component.vat)
        return replace(component, vat=None)
    return component


def fit_token(token: canonical.Token, report: LossReport) -> canonical.Token:
    """This function will turn token types that 2.2.1 does not know (EMAID) into OTHER."""
    return replace(token, type=fit_token_type(token.type, report))


def fit_token_type(kind: str, report: LossReport, known: frozenset[str] = TOKEN_TYPES) -> str:
    """This function will return a token type of the version."""
    if kind in known:
        return kind
    report.changed("token.type", kind, "OTHER")
    return "OTHER"


def fit_session(session: canonical.Session, report: LossReport) -> canonical.Session:
    """This function will fit the driver's token and fold named taxes into one gross price."""
    _note_named_taxes(session.total_cost, "total_cost", report)
    return replace(session, cdr_token=fit_cdr_token(session.cdr_token, report))


def fit_cdr(cdr: canonical.Cdr, report: LossReport) -> canonical.Cdr:
    """This function will fit the driver's token, fold named taxes, and drop tariffs that cannot be said (the CDR's own amounts stand)."""
    report.drop_unsaid(cdr, ("booking_id",))
    _note_named_taxes(cdr.total_cost, "total_cost", report)
    tariffs = []
    for tariff in cdr.tariffs:
        inner = LossReport()
        fitted = fit_tariff(tariff, inner)
        if inner.blocks:
            report.dropped(f"tariffs[{tariff.id}]", "its prices cannot be said in this version")
            continue
        report.losses.extend(inner.losses)
        tariffs.append(fitted)
    return replace(cdr, cdr_token=fit_cdr_token(cdr.cdr_token, report), tariffs=tuple(tariffs), booking_id=None)


def fit_cdr_token(token: canonical.CdrToken, report: LossReport, known: frozenset[str] = TOKEN_TYPES) -> canonical.CdrToken:
    """This function will fit the token inside a session or CDR."""
    return replace(token, type=fit_token_type(token.type, report, known))


def fit_authorization(decision: canonical.AuthorizationDecision, report: LossReport) -> canonical.AuthorizationDecision:
    """This function will fit the token that an answer repeats."""
    return decision if decision.token is None else replace(decision, token=fit_token(decision.token, report))


def _note_named_taxes(price: canonical.Price | None, field: str, report: LossReport) -> None:
    if price and price.taxes and (len(price.taxes) > 1 or price.taxes[0].name.upper() != "VAT"):
        named = ", ".join(f"{tax.name} {tax.amount}" for tax in price.taxes)
        report.changed(f"{field}.taxes", named, f"one amount after taxes: {price.after_taxes}")
