"""What the hub remembers for a version that says less: whose driver, which session, what reference, which place (ocpi §5.3–5.5).

OCPI 2.1.1 names a driver by contract alone, puts whole locations into sessions and CDRs, and has no authorization_reference. What
its messages lack is looked up here when they go up, and what they demand is put in when messages go down.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from roaming import canonical
from roaming.locations.queries import find_own_location
from roaming.parties import directory
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.loss import LossReport, Touches
from roaming.protocols.ocpi.v2_1_1 import cdrs, fit, sessions, tariffs

# A driver may plug in hours after the authorisation; a session is not older than the longest parking the hub has seen.
_AUTHORIZED_BEFORE = timedelta(hours=24)
_CLOCKS_DIFFER = timedelta(minutes=10)

_DRIVERS = """
SELECT owner_id, document::text FROM roaming_token
WHERE contract_id = ANY(%s) AND owner_id = ANY(%s) AND (audience_id IS NULL OR audience_id = %s)
ORDER BY (type = 'RFID') DESC, (audience_id IS NULL), id DESC
"""
# The card that was shown decides between several cards of one contract; with it comes the provider's reference.
_AUTHORIZED = """
SELECT token_uid, token_type, reference, at FROM roaming_authorization
WHERE token_uid = ANY(%s) AND at BETWEEN %s AND %s AND operator_id = %s AND outcome = 'ALLOWED' ORDER BY at DESC LIMIT 1
"""
# A provider that starts a session itself names the driver and may give a reference; nobody is asked then.
_COMMANDED = """
SELECT token_uid, token_type, reference, created_at, sender_id, contract_id FROM roaming_forwardedcommand
WHERE receiver_id = %s AND created_at BETWEEN %s AND %s AND sender_id = ANY(%s) AND command IN ('START_SESSION', 'RESERVE_NOW')
    AND replace(replace(upper(contract_id), '-', ''), '*', '') = %s AND coalesce(response->>'result', 'ACCEPTED') = 'ACCEPTED'
ORDER BY created_at DESC LIMIT 1
"""
_SESSION = """
SELECT session_id, document->'cdr_token', authorization_reference FROM roaming_session
WHERE owner_id = %s AND contract_id = %s AND started_at BETWEEN %s AND %s ORDER BY started_at DESC LIMIT 2
"""
_TYPES_OF_UID = """
SELECT type FROM roaming_token WHERE uid_key = %s AND (%s::bigint IS NULL OR owner_id = %s) ORDER BY (type = 'RFID') DESC, id DESC LIMIT 1
"""


class Driver(msgspec.Struct, frozen=True):
    """Who charges, and the reference under which its provider allowed it."""

    token: canonical.CdrToken
    reference: str | None = None


def find_driver(*, contract_id: str, operator: canonical.PartyId, at: datetime) -> Driver:
    """This function will return the driver of a contract who began to charge at `at`; of an unknown one a stand-in for its provider."""
    table = directory.current()
    party = table.party(operator)
    row = party.id if party else 0
    partners = [partner.id for partner in table.partners_of(operator, canonical.Role.CPO, module="sessions", on=at.date())]
    forms = sorted({contract_id, contract_id.upper(), _bare(contract_id)})
    with connection.cursor() as cursor:
        cursor.execute(_DRIVERS, [forms, partners, row])
        tokens = [canonical.decode(document.encode(), canonical.Token) for _, document in cursor.fetchall()]
        uids = sorted({form for token in tokens for form in (token.uid, token.uid.upper())})
        cursor.execute(_AUTHORIZED, [[*uids, contract_id], at - _AUTHORIZED_BEFORE, at + _CLOCKS_DIFFER, row])
        shown = cursor.fetchone()
        cursor.execute(_COMMANDED, [row, at - _AUTHORIZED_BEFORE, at + _CLOCKS_DIFFER, partners, _bare(contract_id)])
        commanded = cursor.fetchone()
    if commanded is not None and (shown is None or commanded[3] > shown[3]):
        return Driver(_token_of_command(table, commanded), commanded[2] or None)
    if not tokens:
        return Driver(sessions.stand_in_token(contract_id), (shown[2] or None) if shown else None)
    uid = shown[0].upper() if shown else ""
    token = next((token for token in tokens if token.uid.upper() == uid), tokens[0])
    known = canonical.CdrToken(
        country_code=token.country_code, party_id=token.party_id, uid=token.uid, type=token.type, contract_id=token.contract_id
    )
    return Driver(known, (shown[2] or None) if shown else None)


def _token_of_command(table: directory.Directory, commanded: tuple[Any, ...]) -> canonical.CdrToken:
    uid, kind, _, _, sender, contract_id = commanded
    provider = table.party_by_row(sender)
    assert provider is not None, "it was asked for by the rows of this table"
    country_code, party_id = provider.key
    return canonical.CdrToken(country_code=country_code, party_id=party_id, uid=uid, type=kind, contract_id=contract_id)


def _bare(contract_id: str) -> str:
    return contract_id.upper().replace("-", "").replace("*", "")


def find_token_type(*, uid: str, owner: canonical.PartyId | None = None) -> str:
    """This function will return the type under which a token of that uid is known, RFID first; RFID where it is not known."""
    party = directory.current().party(owner) if owner else None
    row = party.id if party else None
    with connection.cursor() as cursor:
        cursor.execute(_TYPES_OF_UID, [uid.upper(), row, row])
        found = cursor.fetchone()
    return str(found[0]) if found else "RFID"


def read_session(body: Any, owner: canonical.PartyId) -> canonical.Session:
    """This function will read a 2.1.1 session of `owner`, with its driver and the reference it was allowed under; it raises BadFields."""
    session = sessions.read_session(body, owner=owner)
    driver = find_driver(contract_id=session.cdr_token.contract_id, operator=owner, at=session.start_date_time)
    return msgspec.structs.replace(session, cdr_token=driver.token, authorization_reference=driver.reference)


def merge_session(*, session: canonical.Session, body: Any, at: datetime) -> canonical.Session:
    """This function will merge a 2.1.1 PATCH into a session: what it names replaces, its list of periods too. It raises BadFields."""
    changes = sessions.SESSION.read_patch(body, needs=())
    document = canonical.to_builtins(session)
    contract = changes.pop("contract_id", session.cdr_token.contract_id)
    if contract.upper() != session.cdr_token.contract_id.upper():
        raise BadFields([("auth_id", "the driver of the session")])
    place = changes.pop("location", None)
    if place is not None:
        location = canonical.from_builtins(place, canonical.Location)
        changes["location_id"] = location.id
        changes["evse_uid"], changes["connector_id"] = sessions.place_of(location)
    if changes.get("total_cost") is not None:
        changes["total_cost"] = {"before_taxes": changes["total_cost"]}
    changes.pop("extensions", None)
    changes.setdefault("last_updated", at.isoformat())
    merged = {name: value for name, value in {**document, **changes}.items() if value is not None}
    try:
        return canonical.from_builtins(merged, canonical.Session)
    except msgspec.ValidationError as error:
        raise BadFields([("body", f"a session after the change ({error})")]) from None


def read_cdr(body: Any, owner: canonical.PartyId) -> canonical.Cdr:
    """This function will read a 2.1.1 CDR of `owner`, with its driver, its session and its reference where known; it raises BadFields."""
    cdr = cdrs.read_cdr(body, owner=owner)
    party = directory.current().party(owner)
    started = cdr.start_date_time
    driver = find_driver(contract_id=cdr.cdr_token.contract_id, operator=owner, at=started)
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [party.id if party else 0, driver.token.contract_id, started - timedelta(seconds=1), started])
        found = cursor.fetchall()
    session_id, reference = (found[0][0], found[0][2] or None) if len(found) == 1 else (None, None)
    return msgspec.structs.replace(
        cdr, cdr_token=driver.token, session_id=session_id, authorization_reference=reference or driver.reference
    )


def fit_tariff(tariff: canonical.Tariff, report: LossReport) -> canonical.Tariff:
    """This function will fit a tariff to 2.1.1 as of now: that version has no dates of validity."""
    return fit.fit_tariff(tariff, report, at=timezone.now())


def merge_tariff(*, tariff: canonical.Tariff, body: Any, at: datetime) -> canonical.Tariff:
    """This function will merge a 2.1.1 PATCH into a tariff; it raises BadFields."""
    changes = tariffs.read_tariff_patch(body, needs=())
    changes.setdefault("last_updated", at.isoformat())
    changes.pop("extensions", None)
    merged = {name: value for name, value in {**canonical.to_builtins(tariff), **changes}.items() if value is not None}
    try:
        return canonical.from_builtins(merged, canonical.Tariff)
    except msgspec.ValidationError as error:
        raise BadFields([("body", f"a tariff after the change ({error})")]) from None


def write_session(session: canonical.Session, report: LossReport) -> dict[str, Any]:
    """This function will write a session for 2.1.1 with its location inside, as the hub keeps it."""
    provider = session.cdr_token.owner
    found = _find_place(session.owner, session.location_id, provider)
    if found is None:
        report.guessed("location", "not known to the hub: only its ids are right")
        found = _nowhere(session)
    return sessions.write_session(session, location=_fit_place(found, report))


def write_cdr(cdr: canonical.Cdr, report: LossReport) -> dict[str, Any]:
    """This function will write a CDR for 2.1.1 with its location inside: as the hub keeps it, else as the CDR tells it."""
    found = _find_place(cdr.owner, cdr.cdr_location.id, cdr.cdr_token.owner)
    return cdrs.write_cdr(cdr, location=_fit_place(found, report) if found else None)


def _find_place(owner: canonical.PartyId, location_id: str, provider: canonical.PartyId) -> canonical.Location | None:
    private = find_own_location(owner=owner, location_id=location_id, audience=provider)
    return private or find_own_location(owner=owner, location_id=location_id)


def _fit_place(location: canonical.Location, report: LossReport) -> canonical.Location:
    # Inside a session a location is shown to the one who charged there: that it is not published blocks nothing.
    inner = LossReport()
    fitted = fit.fit_location(location, inner)
    for loss in inner.losses:
        if loss.touches is not Touches.VISIBILITY:
            report.losses.append(msgspec.structs.replace(loss, field=f"location.{loss.field}"))
    return fitted


def _nowhere(session: canonical.Session) -> canonical.Location:
    connector = canonical.Connector(
        id=session.connector_id,
        standard="IEC_62196_T2",
        format="SOCKET",
        power_type="AC_3_PHASE",
        max_voltage=0,
        max_amperage=0,
        last_updated=session.last_updated,
    )
    evse = canonical.Evse(uid=session.evse_uid, status="UNKNOWN", connectors=(connector,), last_updated=session.last_updated)
    return canonical.Location(
        country_code=session.country_code,
        party_id=session.party_id,
        id=session.location_id,
        publish=True,
        address="-",
        city="-",
        postal_code="-",
        country=session.country_code,
        coordinates=canonical.GeoLocation(latitude="0.000000", longitude="0.000000"),
        time_zone="",
        evses=(evse,),
        last_updated=session.last_updated,
    )
