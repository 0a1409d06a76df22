"""Makes a canonical message whole for OCPI 2.3.0: nothing is dropped here, but a few demanded words are put in."""

from msgspec.structs import replace

from roaming import canonical
from roaming.protocols.ocpi.loss import LossReport
from roaming.protocols.ocpi.zones import zone_of_country


def fit_location(location: canonical.Location, report: LossReport) -> canonical.Location:
    """This function will put a time zone in where an old version told none."""
    if location.time_zone:
        return location
    zone = zone_of_country(location.country) or "UTC"
    report.guessed("time_zone", zone)
    return replace(location, time_zone=zone)


def fit_tariff(tariff: canonical.Tariff, report: LossReport) -> canonical.Tariff:
    """This function will say that prices exclude tax, as they do in every older version (ocpi §5.2: up, NO)."""
    return tariff if tariff.tax_included else replace(tariff, tax_included="NO")


def fit_token(token: canonical.Token, report: LossReport) -> canonical.Token:
    """This function will return the token as it is."""
    return token


def fit_session(session: canonical.Session, report: LossReport) -> canonical.Session:
    """This function will return the session as it is."""
    return session


def fit_cdr(cdr: canonical.Cdr, report: LossReport) -> canonical.Cdr:
    """This function will fit the tariffs inside a CDR."""
    return replace(cdr, tariffs=tuple(fit_tariff(tariff, report) for tariff in cdr.tariffs))


def fit_authorization(decision: canonical.AuthorizationDecision, report: LossReport) -> canonical.AuthorizationDecision:
    """This function will return the answer as it is."""
    return decision
