"""Sign an agreement: may they roam, and how do they pay, in one step that may be repeated."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming.canonical import PartyId
from roaming.models import RoamingAgreement
from roaming.parties.agreements import sign_agreement
from settlement.terms.agree import agree_terms
from settlement.terms.models import SettlementTerms

# CDRs of sessions before the signature may still come in; who wants a first day names it.
SINCE_EVER = date(2000, 1, 1)


def sign(
    *,
    operator: PartyId | None,
    provider: PartyId | None,
    starts: date | None,
    ends: date | None,
    modules: Sequence[str],
    at: datetime,
    **terms: Any,
) -> SettlementTerms:
    """This function will sign an agreement of a pair, or of everyone without parties, with its settlement terms (see agree_terms).

    The same call again returns what is there. It raises the refusals of roaming.parties.agreements and of settlement.terms.agree.
    """
    first = starts or SINCE_EVER
    with transaction.atomic():
        agreement = _find(operator, provider, DateRange(first, ends, "[)"), sorted(set(modules))) or sign_agreement(
            operator=operator, provider=provider, starts=first, ends=ends, modules=modules, at=at
        )
        return agree_terms(agreement=agreement, **terms)


def _find(operator: PartyId | None, provider: PartyId | None, validity: DateRange, modules: Sequence[str]) -> RoamingAgreement | None:
    if validity.upper is not None and validity.upper < validity.lower:
        return None  # PostgreSQL takes no such range, not even to compare; signing it says what is wrong
    agreements = RoamingAgreement.objects.filter(validity=validity, modules=list(modules), ended_at=None)
    if operator is None or provider is None:
        return agreements.filter(operator=None).first() if operator is provider else None
    return agreements.filter(
        operator__country_code=operator.country_code,
        operator__party_id=operator.party_id,
        provider__country_code=provider.country_code,
        provider__party_id=provider.party_id,
    ).first()
