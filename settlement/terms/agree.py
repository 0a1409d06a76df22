"""Agree how two parties pay, for as long as their roaming agreement runs."""

from decimal import Decimal

import iso4217
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming.models import RoamingAgreement
from settlement.terms.models import NettingSet, SettlementTerms

DEFAULT_SET = "default"
_CURRENCIES = frozenset(currency.code for currency in iso4217.Currency)


class TermsAlreadyAgreed(Exception):
    """The agreement has other terms for that time. Terms are never edited: new ones start where the old ones end."""


class WrongTerms(Exception):
    """A value of the terms makes no sense; the message names it."""


class OtherCycle(Exception):
    """The netting set exists and closes in another cycle."""


def agree_terms(
    *,
    agreement: RoamingAgreement,
    hub_fee: Decimal = Decimal(0),
    hub_fee_payer: str = SettlementTerms.FeePayer.OPERATOR,
    currency: str = "EUR",
    cycle: str | None = None,
    netting_set: str = DEFAULT_SET,
    price_authority: str = SettlementTerms.PriceAuthority.OPERATOR,
    due_days: int = 14,
) -> SettlementTerms:
    """This function will store how an agreement pays, between the agreement's own dates; the same call again returns the same row.

    `hub_fee` is a net amount per original CDR in `currency`. The netting set is made where it is new (monthly unless `cycle` says
    otherwise). It raises WrongTerms, OtherCycle and TermsAlreadyAgreed.
    """
    _refuse_nonsense(hub_fee=hub_fee, currency=currency)
    wanted = {
        "netting_set": find_or_make_set(name=netting_set, cycle=cycle),
        "price_authority": price_authority,
        "hub_fee": hub_fee,
        "hub_fee_payer": hub_fee_payer,
        "currency": currency,
        "due_days": due_days,
    }
    validity = DateRange(agreement.validity.lower, agreement.validity.upper, "[)")
    agreed = SettlementTerms.objects.filter(agreement=agreement, validity__overlap=validity).order_by("validity").first()
    if agreed is None:
        try:
            with transaction.atomic():
                return SettlementTerms.objects.create(agreement=agreement, validity=validity, **wanted)
        except IntegrityError:  # somebody agreed in the same moment: compare with what they wrote
            agreed = SettlementTerms.objects.filter(agreement=agreement, validity__overlap=validity).order_by("validity").get()
    differing = [name for name, value in wanted.items() if getattr(agreed, name) != value]
    if differing or agreed.validity != validity:
        raise TermsAlreadyAgreed(
            f"agreement {agreement.pk} already has terms from {agreed.validity.lower or 'the beginning'} to "
            f"{agreed.validity.upper or 'further notice'}; they differ in {', '.join(differing) or 'validity'}"
        )
    return agreed


def find_or_make_set(*, name: str, cycle: str | None = None) -> NettingSet:
    """This function will return the netting set, made where it is new; it raises OtherCycle where it closes in another rhythm."""
    found, _ = NettingSet.objects.get_or_create(name=name, defaults={"cycle": cycle or NettingSet.Cycle.MONTHLY})
    if cycle is not None and found.cycle != cycle:
        raise OtherCycle(f"netting set {name!r} closes {found.cycle}, not {cycle}: name another set with --netting-set")
    return found


def _refuse_nonsense(*, hub_fee: Decimal, currency: str) -> None:
    if not hub_fee.is_finite() or hub_fee < 0:
        raise WrongTerms(f"hub fee {hub_fee} is not an amount of zero or more")
    if hub_fee != round(hub_fee, 4):
        raise WrongTerms(f"hub fee {hub_fee} has more than four decimals")
    if hub_fee >= 10**8:
        raise WrongTerms(f"hub fee {hub_fee} is too large")
    if currency not in _CURRENCIES:
        raise WrongTerms(f"{currency!r} is not a currency of ISO 4217")
