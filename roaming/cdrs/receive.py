"""A CDR arrives: sealed once, in the transaction that also queues it for the provider (OCPI 2.2.1, mod_cdrs §Receiver Interface)."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from roaming import canonical
from roaming.cdrs.checks import RefusedCdr, check_currency, check_on_its_face
from roaming.cdrs.columns import Columns, derive_columns, taxes_of
from roaming.cdrs.payer import find_provider
from roaming.cdrs.set_aside import set_aside
from roaming.deliveries.enqueue import Notice, enqueue_all
from roaming.objects.announce import NoAgreement, UnknownParty, provider_role
from roaming.objects.digests import content_digest
from roaming.objects.limits import DoesNotFit
from roaming.objects.locks import lock
from roaming.objects.prepared import fetch_all_prepared
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.revisions import Receipt, StampInFuture, Verdict, judge_put

# Everything the verdict needs, in one answer under the locks: the same CDR, the session's CDR that nobody credited, the original
# of a credit, another provider that owns uid and contract, another operator that owns location and EVSE, the currencies of session
# and tariff. The LIMITs keep each look one into an index: the plan, made once and perhaps early, must serve when there are millions.
LOOK = """
SELECT k.n, same.id, same.public_id, same.content_digest, former.cdr_id, original.id, original.body, original.provider_id,
    original.is_credit, original.is_credited, stranger.owner_id, site.owner_id, told.currency, offer.currency
FROM json_to_recordset(%(keys)s::json) AS k (
    n int, owner bigint, provider bigint, cdr_key text, session_key text, original_key text, uid_key text, contract_key text,
    location_key text, evse_key text, evse_id text, tariff_key text)
LEFT JOIN LATERAL (
    SELECT c.id, c.public_id, c.content_digest FROM roaming_cdr c WHERE c.owner_id = k.owner AND c.cdr_key = k.cdr_key
    LIMIT 1) same ON TRUE
LEFT JOIN LATERAL (
    SELECT c.cdr_id FROM roaming_cdr c
    WHERE c.owner_id = k.owner AND c.session_key = k.session_key AND c.session_key <> '' AND NOT c.is_credit
        AND NOT EXISTS (SELECT 1 FROM roaming_cdr credit WHERE credit.credit_of_id = c.id)
    LIMIT 1) former ON TRUE
LEFT JOIN LATERAL (
    SELECT c.id, c.body, c.provider_id, c.is_credit,
        EXISTS (SELECT 1 FROM roaming_cdr credit WHERE credit.credit_of_id = c.id) AS is_credited
    FROM roaming_cdr c
    WHERE c.owner_id = k.owner AND c.cdr_key = k.original_key
    LIMIT 1) original ON TRUE
LEFT JOIN LATERAL (
    SELECT t.owner_id FROM roaming_token t
    WHERE t.uid_key = k.uid_key AND upper(t.contract_id) = k.contract_key AND t.owner_id <> k.provider
        AND NOT EXISTS (SELECT 1 FROM roaming_token own WHERE own.uid_key = k.uid_key AND own.type = t.type AND own.owner_id = k.provider)
    LIMIT 1) stranger ON TRUE
LEFT JOIN LATERAL (
    SELECT l.owner_id FROM roaming_location l
    WHERE l.location_key = k.location_key AND l.evse_uids @> ARRAY[k.evse_key]::varchar[] AND l.owner_id <> k.owner
        AND EXISTS (SELECT 1 FROM jsonb_array_elements(l.document -> 'evses') evse WHERE upper(evse ->> 'evse_id') = k.evse_id)
        AND NOT EXISTS (SELECT 1 FROM roaming_location own WHERE own.location_key = l.location_key AND own.owner_id = k.owner)
    LIMIT 1) site ON TRUE
LEFT JOIN LATERAL (
    SELECT s.currency FROM roaming_session s WHERE s.owner_id = k.owner AND s.session_key = k.session_key AND k.session_key <> ''
    LIMIT 1) told ON TRUE
LEFT JOIN LATERAL (
    SELECT t.currency FROM roaming_tariff t WHERE t.owner_id = k.owner AND t.tariff_key = k.tariff_key AND k.tariff_key <> ''
    LIMIT 1) offer ON TRUE
"""

# The derived columns as one text of JSON for any number of rows; the long bytes beside them, untouched by any notation.
SEAL = """
INSERT INTO roaming_cdr
    (public_id, owner_id, provider_id, credit_of_id, priced_by, protocol, received, body, content_digest, seal,
     cdr_id, cdr_key, session_id, session_key, started_at, ended_at, energy_kwh, duration_hours, currency, net, vat, token_uid,
     contract_id, location_id, evse_id, country, authorization_reference, auth_method, is_credit, last_updated)
SELECT public_id, owner, provider, credit_of, priced_by, protocol, received, body, digest, seal,
     cdr_id, cdr_key, session_id, session_key, started_at, ended_at, energy_kwh, duration_hours, currency, net, vat, token_uid,
     contract_id, location_id, evse_id, country, authorization_reference, auth_method, is_credit, last_updated
FROM ROWS FROM (
    json_to_recordset(%(rows)s::json) AS (
        public_id uuid, owner bigint, provider bigint, credit_of bigint, priced_by text, protocol text, cdr_id text, cdr_key text,
        session_id text, session_key text, started_at timestamptz, ended_at timestamptz, energy_kwh numeric, duration_hours numeric,
        currency text, net numeric, vat numeric, token_uid text, contract_id text, location_id text, evse_id text, country text,
        authorization_reference text, auth_method text, is_credit boolean, last_updated timestamptz),
    unnest(%(received)b::bytea[]), unnest(%(bodies)b::bytea[]), unnest(%(digests)b::bytea[]), unnest(%(seals)b::bytea[])
) AS given (
    public_id, owner, provider, credit_of, priced_by, protocol, cdr_id, cdr_key, session_id, session_key, started_at, ended_at, energy_kwh,
    duration_hours, currency, net, vat, token_uid, contract_id, location_id, evse_id, country, authorization_reference, auth_method,
    is_credit, last_updated, received, body, digest, seal)
RETURNING public_id, id
"""
_ENCODER = msgspec.json.Encoder(decimal_format="string")


class CdrAlreadySealed(RefusedCdr):
    """Another content was sealed under this id: CDRs are immutable, corrections are a credit CDR and a new one."""


class BadCredit(RefusedCdr):
    """The credit CDR does not take back, exactly and once, a known CDR of its operator."""


class SecondCdrForSession(RefusedCdr):
    """The session has a CDR that was not credited (C7)."""


class TokenOfAnother(RefusedCdr):
    """Uid and contract ID belong to another provider than the one the CDR names (C3)."""


class EvseOfAnother(RefusedCdr):
    """Location and EVSE belong to another operator (C5)."""


class CdrReceipt(Receipt, frozen=True):
    """What became of a CDR; `public_id` is what the Location header names."""

    public_id: uuid.UUID


class _Found(msgspec.Struct, frozen=True):
    """What `LOOK` answers."""

    row: int | None
    public_id: uuid.UUID | None
    content_digest: bytes | None
    former: str | None
    original_row: int | None
    original_body: bytes | None
    original_provider: int | None
    original_is_credit: bool | None
    original_is_credited: bool | None
    stranger: int | None
    site_owner: int | None
    session_currency: str | None
    tariff_currency: str | None


# What a CDR may be refused for by itself, without harm to those that came with it.
REFUSALS = (RefusedCdr, UnknownParty, NoAgreement, StampInFuture, DoesNotFit)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A CDR as it came: `received` is its body byte for byte, `protocol` its protocol and version (`ocpi-2.2.1`)."""

    cdr: canonical.Cdr
    received: bytes
    protocol: str
    correlation_id: str
    priced_by: str = "operator"


class _Candidate(msgspec.Struct, frozen=True):
    """A CDR whose parties are known, with what it is looked up and locked by."""

    number: int
    arrival: Arrival
    operator: PartyEntry
    provider: PartyEntry
    columns: Columns
    original_key: str

    @property
    def cdr_locks(self) -> set[str]:
        return {f"cdr:{self.operator.id}:{key}" for key in (self.columns.cdr_key, self.original_key) if key}

    @property
    def session_locks(self) -> set[str]:
        key = self.columns.session_key
        return {f"cdr-of-session:{self.operator.id}:{key}"} if key else set()


def receive_cdr(
    *, cdr: canonical.Cdr, received: bytes, protocol: str, at: datetime, correlation_id: str, priced_by: str = "operator"
) -> CdrReceipt:
    """This function will seal a CDR and queue it for the provider that pays it; the same content again returns the sealed row.

    `received` is the body as it came, `protocol` its protocol and version (`ocpi-2.2.1`). Refusals: the kinds of RefusedCdr here and in
    roaming.cdrs.checks, UnknownProvider, NoAgreement, UnknownParty, StampInFuture, DoesNotFit.
    """
    arrival = Arrival(cdr=cdr, received=received, protocol=protocol, correlation_id=correlation_id, priced_by=priced_by)
    (outcome,) = receive_cdrs(arrivals=[arrival], at=at)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@transaction.atomic
def receive_cdrs(*, arrivals: Sequence[Arrival], at: datetime) -> list[CdrReceipt | Exception]:
    """This function will do what `receive_cdr` does for many, in their order and in one transaction, with one commit for all.

    Each is judged by itself: where one is refused, its refusal stands in its place and the others are sealed.
    """
    table = directory.current()
    outcomes: dict[int, CdrReceipt | Exception] = {}
    waiting: list[_Candidate] = []
    for number, arrival in enumerate(arrivals):
        try:
            waiting.append(_find_parties(number, arrival, table))
        except REFUSALS as refusal:
            outcomes[number] = refusal
    while waiting:
        # What shares a CDR or a session with one before it is judged after that one is sealed.
        wave, waiting = _without_overlap(waiting)
        outcomes |= _receive_wave(wave, table, at)
    return [outcomes[number] for number in range(len(arrivals))]


def _find_parties(number: int, arrival: Arrival, table: directory.Directory) -> _Candidate:
    cdr = arrival.cdr
    operator = table.party(cdr.owner)
    if operator is None:
        raise UnknownParty(f"{cdr.owner} is not a party of this hub")
    return _Candidate(
        number=number,
        arrival=arrival,
        operator=operator,
        columns=derive_columns(cdr),
        provider=find_provider(cdr=cdr, directory=table),
        original_key=(cdr.credit_reference_id or "").upper(),
    )


def _without_overlap(waiting: Sequence[_Candidate]) -> tuple[list[_Candidate], list[_Candidate]]:
    taken: set[str] = set()
    wave: list[_Candidate] = []
    later: list[_Candidate] = []
    for candidate in waiting:
        locks = candidate.cdr_locks | candidate.session_locks
        (wave if taken.isdisjoint(locks) else later).append(candidate)
        taken |= locks
    return wave, later


def _receive_wave(wave: Sequence[_Candidate], table: directory.Directory, at: datetime) -> dict[int, CdrReceipt | Exception]:
    outcomes: dict[int, CdrReceipt | Exception] = {}
    sealing: list[tuple[_Candidate, uuid.UUID, Verdict]] = []
    rows: list[_Sealed] = []
    for candidate, found in zip(wave, _look(wave), strict=True):
        digest = content_digest(candidate.arrival.cdr)
        try:
            known = _find_repeat(candidate, found, digest)
            if known is not None:
                outcomes[candidate.number] = known
                continue
            verdict = _judge(candidate, found, digest, table, at)
        except REFUSALS as refusal:
            outcomes[candidate.number] = set_aside(refusal, candidate.arrival.cdr, candidate.arrival.correlation_id, at)
            continue
        public_id = uuid.uuid4()
        sealing.append((candidate, public_id, verdict))
        rows.append(_row(candidate, public_id, credit_of=found.original_row, digest=digest))
    written = _seal(rows)
    notices = []
    for candidate, public_id, verdict in sealing:
        row = written[public_id]
        outcomes[candidate.number] = CdrReceipt(verdict=verdict, row=row, public_id=public_id)
        notices.append(_notice(candidate, row))
    enqueue_all(notices=notices)  # in the sealing transaction: what was acknowledged is also on its way, to whoever is away for days
    return outcomes


def _find_repeat(candidate: _Candidate, found: _Found, digest: bytes) -> CdrReceipt | None:
    if found.row is None or found.public_id is None:
        return None
    if found.content_digest != digest:
        raise CdrAlreadySealed(4, f"id: CDR {candidate.arrival.cdr.id} is sealed with other content; send a credit CDR and a new one")
    return CdrReceipt(verdict=Verdict.SAME, row=found.row, public_id=found.public_id)


def _judge(candidate: _Candidate, found: _Found, digest: bytes, table: directory.Directory, at: datetime) -> Verdict:
    cdr = candidate.arrival.cdr
    verdict = judge_put(stored=None, digest=digest, last_updated=cdr.last_updated, at=at)
    check_on_its_face(cdr=cdr, at=at)
    if cdr.credit or cdr.credit_reference_id:
        _check_credit(cdr, found, candidate.provider)
    else:
        _check_charge(cdr, found, candidate.operator, candidate.provider, table)
    return verdict


def seal_of(*, received: bytes, body: bytes) -> bytes:
    """This function will return the seal of a CDR: SHA-256 over SHA-256(received) and the stored form."""
    return hashlib.sha256(hashlib.sha256(received).digest() + body).digest()


def _look(wave: Sequence[_Candidate]) -> list[_Found]:
    # The CDRs themselves and those they credit, then their sessions. Everybody locks in this order: ids sorted, sessions after them.
    lock(
        keys=[
            *sorted(set().union(*(candidate.cdr_locks for candidate in wave))),
            *sorted(set().union(*(candidate.session_locks for candidate in wave))),
        ]
    )
    keys = [
        {
            "n": number,
            "owner": candidate.operator.id,
            "provider": candidate.provider.id,
            "cdr_key": candidate.columns.cdr_key,
            "session_key": candidate.columns.session_key,
            "original_key": candidate.original_key,
            "uid_key": candidate.columns.token_uid.upper(),
            "contract_key": candidate.columns.contract_id.upper(),
            "location_key": candidate.columns.location_id.upper(),
            "evse_key": candidate.arrival.cdr.cdr_location.evse_uid.upper(),
            "evse_id": candidate.columns.evse_id.upper(),
            "tariff_key": next((period.tariff_id.upper() for period in candidate.arrival.cdr.charging_periods if period.tariff_id), ""),
        }
        for number, candidate in enumerate(wave)
    ]
    rows = fetch_all_prepared(sql=LOOK, params={"keys": _ENCODER.encode(keys).decode()})
    return [_Found(*row[1:]) for row in sorted(rows, key=lambda row: int(row[0]))]


def _check_charge(cdr: canonical.Cdr, found: _Found, operator: PartyEntry, provider: PartyEntry, table: directory.Directory) -> None:
    # C2 asks for the day the session started: an agreement that ended since still covers it.
    on = cdr.start_date_time.date()
    if not table.may_roam(operator=operator.key, provider=provider.key, module="cdrs", on=on):
        raise NoAgreement(f"no agreement covers cdrs between {operator.key} and {provider.key} on {on:%Y-%m-%d}")
    if found.former is not None:
        raise SecondCdrForSession(5, f"session_id: CDR {found.former} was sealed for this session and not credited")
    if found.stranger is not None:
        raise TokenOfAnother(15, f"cdr_token: uid and contract_id do not belong to {provider.key}")
    if found.site_owner is not None:
        raise EvseOfAnother(2, f"cdr_location: the EVSE does not belong to {operator.key}")
    check_currency(cdr=cdr, told=(found.session_currency, found.tariff_currency))


def _check_credit(cdr: canonical.Cdr, found: _Found, provider: PartyEntry) -> None:
    """This function will raise BadCredit. No agreement is asked for: what was charged can always be taken back."""
    if not (cdr.credit and cdr.credit_reference_id):
        raise BadCredit(79, "credit, credit_reference_id: a credit CDR needs both (OCPI 2.2.1, mod_cdrs §Credit CDRs)")
    if found.original_body is None:
        raise BadCredit(79, f"credit_reference_id: CDR {cdr.credit_reference_id} is not known")
    if found.original_is_credit:
        raise BadCredit(79, f"credit_reference_id: CDR {cdr.credit_reference_id} is a credit CDR itself")
    if found.original_is_credited:
        raise BadCredit(79, f"credit_reference_id: CDR {cdr.credit_reference_id} is credited already")
    original = canonical.decode(found.original_body, canonical.Cdr)
    if original.currency != cdr.currency:
        raise BadCredit(79, f"currency: the original is in {original.currency}")
    if found.original_provider != provider.id:
        raise BadCredit(79, "cdr_token: the original was charged to another provider")
    if not _is_negative_of(cdr.total_cost, original.total_cost):
        whole = f"total_cost: must be exactly the negative of {original.total_cost.before_taxes} and its taxes"
        raise BadCredit(79, f"{whole}; to take back a part, credit it in full and send a new CDR, or accept a dispute of that part")


def _is_negative_of(credit: canonical.Price, original: canonical.Price) -> bool:
    taxes, original_taxes = taxes_of(credit), taxes_of(original)
    if credit.before_taxes != -original.before_taxes or (taxes is None) != (original_taxes is None):
        return False
    return taxes is None or original_taxes is None or taxes == -original_taxes


class _Sealed(NamedTuple):
    """A row to insert: its columns, and the bytes it is sealed over."""

    columns: dict[str, Any]
    received: bytes
    body: bytes
    digest: bytes
    seal: bytes


def _row(candidate: _Candidate, public_id: uuid.UUID, *, credit_of: int | None, digest: bytes) -> _Sealed:
    arrival = candidate.arrival
    body = canonical.encode(arrival.cdr)
    columns = {
        **msgspec.structs.asdict(candidate.columns),
        "public_id": public_id,
        "owner": candidate.operator.id,
        "provider": candidate.provider.id,
        "credit_of": credit_of,
        "priced_by": arrival.priced_by,
        "protocol": arrival.protocol,
    }
    return _Sealed(columns, arrival.received, body, digest, seal_of(received=arrival.received, body=body))


def _seal(rows: Sequence[_Sealed]) -> dict[uuid.UUID, int]:
    if not rows:
        return {}
    columns, received, bodies, digests, seals = zip(*rows, strict=True)
    params = {"rows": _ENCODER.encode(columns).decode(), "received": received, "bodies": bodies, "digests": digests, "seals": seals}
    return dict(fetch_all_prepared(sql=SEAL, params={name: list(value) if name != "rows" else value for name, value in params.items()}))


def _notice(candidate: _Candidate, row: int) -> Notice:
    return Notice(
        receivers=[candidate.provider],
        receiver_role=provider_role(candidate.provider),
        module="cdrs",
        verb="post",
        object_type="cdr",
        object_row=row,
        sender=candidate.operator.key,
        correlation_id=candidate.arrival.correlation_id,
    )
