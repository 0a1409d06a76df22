"""Money: partners with settlement terms, sealed CDRs with the evidence that control asks for, people of finance.

CDRs are sealed by their own columns, body and seal, as intake does it, but with a clock of the test's choosing.
"""

import hashlib
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming import canonical
from roaming.cdrs.columns import derive_columns
from roaming.models import Cdr, Party, RoamingAgreement, Session, Token
from settlement.models import Charge, Hold, NettingSet, SettlementTerms
from settlement.terms.agree import agree_terms
from tests.builders import canonical_messages as messages
from tests.builders.parties import a_party

_numbers = count(1)

OCTOBER = canonical.Period.parse("2026-10")
NOVEMBER = canonical.Period.parse("2026-11")
# The third of the month after, when a month is closed.
CUT_OFF = datetime(2026, 11, 3, tzinfo=UTC)
CUT_OFF_NOVEMBER = datetime(2026, 12, 3, tzinfo=UTC)


def some_terms(
    *, operator: Party | None = None, provider: Party | None = None, starts: date = date(2026, 1, 1), ends: date | None = None, **told: Any
) -> SettlementTerms:
    """This function will store an agreement of a pair (without parties: of everyone) and how it pays; any term can be told."""
    agreement = RoamingAgreement.objects.create(operator=operator, provider=provider, validity=DateRange(starts, ends))
    return agree_terms(agreement=agreement, **told)


def the_default_set() -> NettingSet:
    """This function will return the netting set that exists from the first terms on."""
    return NettingSet.objects.get(name="default")


def a_charged_cdr(
    *,
    operator: str = "DE-ALF",
    provider: str = "NL-BET",
    net: str = "10.00",
    vat: str | None = "0.00",
    ended_at: datetime = datetime(2026, 10, 5, 11, 0, tzinfo=UTC),
    received_at: datetime | None = None,
    known: bool = True,
    **over: Any,
) -> Cdr:
    """This function will seal a CDR of one hour and 20 kWh on a card of its own, with card and session known to the hub before.

    `known` False leaves card and session out: control will hold the CDR. Any field of the canonical CDR can be told.
    """
    number = next(_numbers)
    uid = f"CARD{number:08}"
    provider_key = canonical.PartyId.parse(provider)
    started_at = over.pop("start_date_time", ended_at - timedelta(hours=1))
    cdr = messages.a_cdr(
        operator=canonical.PartyId.parse(operator),
        provider=provider_key,
        net=net,
        vat=vat,
        **{
            "id": f"CDR-{number:06}",
            "session_id": f"SESSION-{number:06}",
            "start_date_time": started_at,
            "end_date_time": ended_at,
            "cdr_token": messages.a_cdr_token(provider=provider_key, uid=uid, contract_id=f"{provider_key}-C{number:08}"),
            "charging_periods": (messages.a_charging_period(starts_at=started_at, tariff_id=None),),
            "last_updated": ended_at + timedelta(minutes=1),
            "tariffs": (),
            **over,
        },
    )
    if known:
        tell_what_is_needed(cdr)
    return seal(cdr, received_at=received_at or ended_at + timedelta(minutes=2))


def a_credit_for(original: Cdr, *, received_at: datetime | None = None, **over: Any) -> Cdr:
    """This function will seal the credit CDR that takes a sealed CDR back in full."""
    cdr = canonical.decode(original.body, canonical.Cdr)
    return seal(
        messages.a_credit_of(cdr, **over), received_at=received_at or original.received_at + timedelta(minutes=10), credit_of=original
    )


def seal(cdr: canonical.Cdr, *, received_at: datetime, credit_of: Cdr | None = None) -> Cdr:
    """This function will store a sealed CDR as intake does, received at an instant of the test's choosing."""
    body = canonical.encode(cdr)
    return Cdr.objects.create(
        public_id=uuid.uuid4(),
        owner=a_party(str(cdr.owner)),
        provider=a_party(str(cdr.cdr_token.owner)),
        credit_of=credit_of,
        protocol="ocpi-2.2.1",
        received=body,
        body=body,
        content_digest=hashlib.sha256(body).digest(),
        seal=hashlib.sha256(hashlib.sha256(body).digest() + body).digest(),
        received_at=received_at,
        **msgspec.structs.asdict(derive_columns(cdr)),
    )


def tell_what_is_needed(cdr: canonical.Cdr) -> None:
    """This function will store the card and the completed session of a CDR: enough evidence for control."""
    owner, operator = a_party(str(cdr.cdr_token.owner)), a_party(str(cdr.owner))
    token = messages.a_token(
        provider=cdr.cdr_token.owner,
        uid=cdr.cdr_token.uid,
        contract_id=cdr.cdr_token.contract_id,
        last_updated=cdr.start_date_time - timedelta(days=30),
    )
    Token.objects.get_or_create(
        owner=owner,
        uid_key=token.uid.upper(),
        type=token.type,
        audience=None,
        defaults={
            "uid": token.uid,
            "contract_id": token.contract_id,
            "valid": True,
            "whitelist": token.whitelist,
            "document": canonical.to_builtins(token),
            "digest": b"",
            "last_updated": token.last_updated,
        },
    )
    Session.objects.create(
        owner=operator,
        session_id=cdr.session_id or "",
        session_key=(cdr.session_id or "").upper(),
        provider=owner,
        status="COMPLETED",
        started_at=cdr.start_date_time,
        ended_at=cdr.end_date_time,
        energy_kwh=cdr.total_energy,
        currency=cdr.currency,
        token_uid=cdr.cdr_token.uid,
        contract_id=cdr.cdr_token.contract_id,
        document={},
        digest=b"",
        last_updated=cdr.last_updated,
    )


def charge_of(cdr: Cdr) -> Charge:
    """This function will return the charge that a CDR became."""
    return Charge.objects.get(cdr=cdr)


def codes_of(hold: Hold) -> list[str]:
    """This function will return the codes of a hold's reasons, in order of their checks."""
    return [reason["code"] for reason in sorted(hold.reasons, key=lambda reason: reason["check"])]


def eur(amount: str) -> Decimal:
    """This function will return an amount as money is written in tests."""
    return Decimal(amount)
