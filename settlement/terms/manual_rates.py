"""Rates by hand, for currencies and days that no file of the ECB tells: one person proposes, another confirms (finance §2.6, §6.4)."""

import hashlib
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from settlement.terms.models import ExchangeRate, RateProposal
from settlement.terms.rates import EURO, SOURCE
from settlement.terms.rights import require

MANUAL = "manual"


class WrongRate(ValueError):
    """Currency, day or number of the rate make no sense, or nobody says where it is from; the message says which."""


class RateKnown(Exception):
    """The ECB published a rate for that day, or one by hand is proposed or confirmed: rates are never replaced."""


class NoSuchProposal(Exception):
    """There is no such proposal, or it is decided."""


class ProposerCannotConfirm(Exception):
    """Who proposed a rate cannot confirm it."""


def propose_rate(*, currency: str, published_on: date, per_euro: Decimal, reason: str, by: str, by_role: str, at: datetime) -> RateProposal:
    """This function will note a rate (units of `currency` for one euro) for a day; it raises RoleMayNot, WrongRate and RateKnown."""
    require(action="propose_rate", role=by_role, by=by)
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()) or currency == EURO:
        raise WrongRate(f"currency {currency!r}: expected three letters of ISO 4217 other than {EURO}")
    if not per_euro.is_finite() or not 0 < per_euro < 10**10 or per_euro != round(per_euro, 8):
        raise WrongRate(f"rate {per_euro}: expected a number above zero with at most eight decimals")
    if published_on > at.date():
        raise WrongRate(f"day {published_on}: a rate of a day to come was published by nobody")
    if not reason.strip():
        raise WrongRate("reason: say who published the rate, and where it can be looked up")
    if ExchangeRate.objects.filter(source=SOURCE, currency=currency, published_on=published_on).exists():
        raise RateKnown(f"the {SOURCE} published a rate of {currency} for {published_on}: that one counts")
    try:
        with transaction.atomic():
            return RateProposal.objects.create(
                currency=currency,
                published_on=published_on,
                per_euro=per_euro,
                reason=reason.strip()[:300],
                proposed_by=by,
                proposed_at=at,
            )
    except IntegrityError as known:
        raise RateKnown(f"a rate of {currency} for {published_on} is proposed or confirmed already") from known


def decide_rate(*, proposal: int, approve: bool, by: str, by_role: str, at: datetime) -> RateProposal:
    """This function will make a proposed rate one that runs use, or refuse it; it raises RoleMayNot, NoSuchProposal, ProposerCannotConfirm.

    On a day that the ECB publishes later on, the ECB's counts for runs from then on; each run names the rates it used, with their source.
    """
    require(action="approve_rate", role=by_role, by=by)
    with transaction.atomic():
        found = RateProposal.objects.select_for_update().filter(pk=proposal, state=RateProposal.State.PROPOSED).first()
        if found is None:
            raise NoSuchProposal(f"there is no proposed rate {proposal}")
        if approve and by.lower() == found.proposed_by.lower():
            raise ProposerCannotConfirm(f"{by} proposed rate {proposal}: another person must confirm it")
        found.state = RateProposal.State.APPROVED if approve else RateProposal.State.REFUSED
        found.decided_by, found.decided_at = by, at
        found.save(update_fields=["state", "decided_by", "decided_at"])
        if approve:
            told = f"{found.pk} {found.currency} {found.published_on} {found.per_euro} {found.proposed_by} {by} {found.reason}"
            ExchangeRate.objects.create(
                source=MANUAL,
                published_on=found.published_on,
                currency=found.currency,
                per_euro=found.per_euro,
                file_sha256=hashlib.sha256(told.encode()).hexdigest(),
            )
    return found
