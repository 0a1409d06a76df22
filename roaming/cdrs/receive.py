"""A CDR arrives: sealed once, in the transaction that also queues it for the provider (OCPI 2.2.1, mod_cdrs §Receiver Interface)."""

import hashlib
import uuid
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from roaming import canonical
from roaming.cdrs.checks import RefusedCdr, check_on_its_face
from roaming.cdrs.columns import Columns, derive_columns, taxes_of
from roaming.cdrs.payer import find_provider
from roaming.deliveries.enqueue import enqueue
from roaming.objects.announce import NoAgreement, UnknownParty, provider_role
from roaming.objects.digests import content_digest
from roaming.objects.locks import lock
from roaming.objects.prepared import fetch_prepared
from roaming.parties import directory
from roaming.parties.directory import PartyEntry
from roaming.revisions import Receipt, Verdict, judge_put

# Everything the verdict needs, in one answer under the locks: the same CDR, the session's CDR that nobody credited, the original
# of a credit, another provider that owns uid and contract, another operator that owns location and EVSE.
LOOK = """
SELECT same.id, same.public_id, same.content_digest, former.cdr_id, original.id, original.body, original.provider_id,
    original.is_credit, original.is_credited, stranger.owner_id, site.owner_id
FROM (SELECT 1) AS one
LEFT JOIN roaming_cdr same ON same.owner_id = %(owner)s AND same.cdr_key = %(cdr_key)s
LEFT JOIN LATERAL (
    SELECT c.cdr_id FROM roaming_cdr c
    WHERE c.owner_id = %(owner)s AND c.session_key = %(session_key)s AND c.session_key <> '' AND NOT c.is_credit
        AND NOT EXISTS (SELECT 1 FROM roaming_cdr k WHERE k.credit_of_id = c.id)
    LIMIT 1) former ON TRUE
LEFT JOIN LATERAL (
    SELECT c.id, c.body, c.provider_id, c.is_credit, EXISTS (SELECT 1 FROM roaming_cdr k WHERE k.credit_of_id = c.id) AS is_credited
    FROM roaming_cdr c
    WHERE c.owner_id = %(owner)s AND c.cdr_key = %(original_key)s) original ON TRUE
LEFT JOIN LATERAL (
    SELECT t.owner_id FROM roaming_token t
    WHERE t.uid_key = %(uid_key)s AND upper(t.contract_id) = %(contract_key)s AND t.owner_id <> %(provider)s
        AND NOT EXISTS (
            SELECT 1 FROM roaming_token own WHERE own.uid_key = %(uid_key)s AND own.type = t.type AND own.owner_id = %(provider)s)
    LIMIT 1) stranger ON TRUE
LEFT JOIN LATERAL (
    SELECT l.owner_id FROM roaming_location l
    WHERE l.location_key = %(location_key)s AND l.evse_uids @> ARRAY[%(evse_key)s]::varchar[] AND l.owner_id <> %(owner)s
        AND EXISTS (
            SELECT 1 FROM jsonb_array_elements(l.document -> 'evses') evse WHERE upper(evse ->> 'evse_id') = %(evse_id)s)
        AND NOT EXISTS (SELECT 1 FROM roaming_location own WHERE own.location_key = l.location_key AND own.owner_id = %(owner)s)
    LIMIT 1) site ON TRUE
"""

SEAL = """
INSERT INTO roaming_cdr
    (public_id, owner_id, provider_id, credit_of_id, priced_by, protocol, received, body, content_digest, seal,
     cdr_id, cdr_key, session_id, session_key, started_at, ended_at, energy_kwh, duration_hours, currency, net, vat, token_uid,
     contract_id, location_id, evse_id, country, authorization_reference, auth_method, is_credit, last_updated)
VALUES (%(public_id)s, %(owner)s, %(provider)s, %(credit_of)s, %(priced_by)s, %(protocol)s, %(received)s, %(body)s, %(digest)s, %(seal)s,
     %(cdr_id)s, %(cdr_key)s, %(session_id)s, %(session_key)s, %(started_at)s, %(ended_at)s, %(energy_kwh)s, %(duration_hours)s,
     %(currency)s, %(net)s, %(vat)s, %(token_uid)s, %(contract_id)s, %(location_id)s, %(evse_id)s, %(country)s,
     %(authorization_reference)s, %(auth_method)s, %(is_credit)s, %(last_updated)s)
RETURNING id
"""


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


@transaction.atomic
def receive_cdr(
    *, cdr: canonical.Cdr, received: bytes, protocol: str, at: datetime, correlation_id: str, priced_by: str = "operator"
) -> CdrReceipt:
    """This function will seal a CDR and queue it for the provider that pays it; the same content again returns the sealed row.

    `received` is the body as it came, `protocol` its protocol and version (`ocpi-2.2.1`). Refusals: CdrAlreadySealed, BadCredit,
    SecondCdrForSession, TokenOfAnother, EvseOfAnother, ImpossibleTimes, ContradictingAmounts (all RefusedCdr), UnknownProvider,
    NoAgreement, UnknownParty, StampInFuture, DoesNotFit.
    """
    table = directory.current()
    operator = table.party(cdr.owner)
    if operator is None:
        raise UnknownParty(f"{cdr.owner} is not a party of this hub")
    columns = derive_columns(cdr)
    provider = find_provider(cdr=cdr, directory=table)
    found = _look(cdr, columns, operator, provider)
    digest = content_digest(cdr)
    if found.row is not None and found.public_id is not None:
        if found.content_digest != digest:
            raise CdrAlreadySealed(f"id: CDR {cdr.id} is sealed with other content; send a credit CDR and a new one")
        return CdrReceipt(verdict=Verdict.SAME, row=found.row, public_id=found.public_id)
    verdict = judge_put(stored=None, digest=digest, last_updated=cdr.last_updated, at=at)
    check_on_its_face(cdr=cdr, at=at)
    if cdr.credit or cdr.credit_reference_id:
        _check_credit(cdr, found, provider)
    else:
        _check_charge(cdr, found, operator, provider, table)
    public_id = uuid.uuid4()
    row = _seal(
        cdr,
        columns,
        public_id=public_id,
        owner=operator.id,
        provider=provider.id,
        credit_of=found.original_row,
        priced_by=priced_by,
        protocol=protocol,
        received=received,
        digest=digest,
    )
    # In the sealing transaction: what was acknowledged is also on its way, even if the provider is away for days.
    enqueue(
        receivers=[provider],
        receiver_role=provider_role(provider),
        module="cdrs",
        verb="post",
        object_type="cdr",
        object_row=row,
        sender=operator.key,
        correlation_id=correlation_id,
    )
    return CdrReceipt(verdict=verdict, row=row, public_id=public_id)


def seal_of(*, received: bytes, body: bytes) -> bytes:
    """This function will return the seal of a CDR: SHA-256 over SHA-256(received) and the stored form."""
    return hashlib.sha256(hashlib.sha256(received).digest() + body).digest()


def _look(cdr: canonical.Cdr, columns: Columns, operator: PartyEntry, provider: PartyEntry) -> _Found:
    original_key = (cdr.credit_reference_id or "").upper()
    # The CDR itself, the CDR it credits, then the session. Everybody locks in this order: ids sorted first, sessions after them.
    keys = [f"cdr:{operator.id}:{key}" for key in sorted({columns.cdr_key, original_key} - {""})]
    if columns.session_key:
        keys.append(f"cdr-of-session:{operator.id}:{columns.session_key}")
    lock(keys=keys)
    row = fetch_prepared(
        sql=LOOK,
        params={
            "owner": operator.id,
            "provider": provider.id,
            "cdr_key": columns.cdr_key,
            "session_key": columns.session_key,
            "original_key": original_key,
            "uid_key": columns.token_uid.upper(),
            "contract_key": columns.contract_id.upper(),
            "location_key": columns.location_id.upper(),
            "evse_key": cdr.cdr_location.evse_uid.upper(),
            "evse_id": columns.evse_id.upper(),
        },
    )
    assert row is not None, "LOOK starts from one row"
    return _Found(*row)


def _check_charge(cdr: canonical.Cdr, found: _Found, operator: PartyEntry, provider: PartyEntry, table: directory.Directory) -> None:
    # C2 asks for the day the session started: an agreement that ended since still covers it.
    on = cdr.start_date_time.date()
    if not table.may_roam(operator=operator.key, provider=provider.key, module="cdrs", on=on):
        raise NoAgreement(f"no agreement covers cdrs between {operator.key} and {provider.key} on {on:%Y-%m-%d}")
    if found.former is not None:
        raise SecondCdrForSession(f"session_id: CDR {found.former} was sealed for this session and not credited")
    if found.stranger is not None:
        raise TokenOfAnother(f"cdr_token: uid and contract_id do not belong to {provider.key}")
    if found.site_owner is not None:
        raise EvseOfAnother(f"cdr_location: the EVSE does not belong to {operator.key}")


def _check_credit(cdr: canonical.Cdr, found: _Found, provider: PartyEntry) -> None:
    """This function will raise BadCredit. No agreement is asked for: what was charged can always be taken back."""
    if not (cdr.credit and cdr.credit_reference_id):
        raise BadCredit("credit, credit_reference_id: a credit CDR needs both (OCPI 2.2.1, mod_cdrs §Credit CDRs)")
    if found.original_body is None:
        raise BadCredit(f"credit_reference_id: CDR {cdr.credit_reference_id} is not known")
    if found.original_is_credit:
        raise BadCredit(f"credit_reference_id: CDR {cdr.credit_reference_id} is a credit CDR itself")
    if found.original_is_credited:
        raise BadCredit(f"credit_reference_id: CDR {cdr.credit_reference_id} is credited already")
    original = canonical.decode(found.original_body, canonical.Cdr)
    if original.currency != cdr.currency:
        raise BadCredit(f"currency: the original is in {original.currency}")
    if found.original_provider != provider.id:
        raise BadCredit("cdr_token: the original was charged to another provider")
    if not _is_negative_of(cdr.total_cost, original.total_cost):
        raise BadCredit(f"total_cost: must be exactly the negative of {original.total_cost.before_taxes} and its taxes")


def _is_negative_of(credit: canonical.Price, original: canonical.Price) -> bool:
    taxes, original_taxes = taxes_of(credit), taxes_of(original)
    if credit.before_taxes != -original.before_taxes or (taxes is None) != (original_taxes is None):
        return False
    return taxes is None or original_taxes is None or taxes == -original_taxes


def _seal(cdr: canonical.Cdr, columns: Columns, *, received: bytes, **told: Any) -> int:
    body = canonical.encode(cdr)
    values = {**msgspec.structs.asdict(columns), **told, "received": received, "body": body, "seal": seal_of(received=received, body=body)}
    with connection.cursor() as cursor:
        cursor.execute(SEAL, values)
        row: int = cursor.fetchone()[0]
    return row
