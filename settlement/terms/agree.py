"""Agree how two parties pay, for as long as their roaming agreement runs."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import iso4217
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming.models import RoamingAgreement
from settlement.terms.fees import WrongPlan, read_plan
from settlement.terms.models import NettingSet, SettlementTerms

DEFAULT_SET = "default"
FIRST = ("price_authority", "hub_fee", "hub_fee_payer", "currency", "due_days")
FURTHER = frozenset(
    {
        "fee_plan",
        "pricing",
        "tolerance_amount",
        "tolerance_percent",
        "late_hold_days",
        "dispute_days",
        "self_billing",
        "billed_by",
        "scope",
        "settle_in",
        "late_interest",
    }
)
_PRICING: dict[str, tuple[object, ...]] = {
    "step_size": (True, False),
    "flat_fee": ("once", "each_element"),
    "rounding_mode": ("half_up", "half_even", "up"),
    "rounding_scale": (0, 1, 2, 3, 4),
    "rounding_place": ("total", "component"),
}
_CURRENCIES = frozenset(currency.code for currency in iso4217.Currency)


class TermsAlreadyAgreed(Exception):
    """The agreement has other terms for that time. Terms are never edited: new ones start where the old ones end."""


class WrongTerms(Exception):
    """A value of the terms makes no sense; the message names it."""


class NoTermsToChange(Exception):
    """No terms of the agreement run on that day."""


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
    **further: Any,
) -> SettlementTerms:
    """This function will store how an agreement pays, between the agreement's own dates; the same call again returns the same row.

    `hub_fee` is a net amount per original CDR in `currency`. The netting set is made where it is new (monthly unless `cycle` says
    otherwise). `further` are the fields of settlement.terms.models.SettlementTerms beyond these: fee_plan, pricing, tolerance_amount,
    tolerance_percent, late_hold_days, dispute_days, self_billing, billed_by, scope, settle_in, late_interest. It raises WrongTerms,
    OtherCycle and TermsAlreadyAgreed.
    """
    _refuse_nonsense(hub_fee=hub_fee, currency=currency)
    _refuse_further_nonsense(further)
    wanted = {
        "netting_set": find_or_make_set(name=netting_set, cycle=cycle),
        "price_authority": price_authority,
        "hub_fee": hub_fee,
        "hub_fee_payer": hub_fee_payer,
        "currency": currency,
        "due_days": due_days,
        **further,
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


@transaction.atomic
def change_terms(*, agreement: RoamingAgreement, starts: date, today: date, **changed: Any) -> SettlementTerms:
    """This function will let new terms begin on a day to come: the old ones end there and stay as they were; the rest is copied.

    `changed` are fields of the terms (not the netting set). It raises WrongTerms and NoTermsToChange.
    """
    if starts <= today:
        raise WrongTerms(f"new terms begin in the future, not on {starts}: what was charged under the old ones stays")
    old = SettlementTerms.objects.select_for_update().filter(agreement=agreement, validity__contains=starts).first()
    if old is None or old.validity.lower == starts:
        raise NoTermsToChange(f"agreement {agreement.pk} has no terms that run before and on {starts}")
    check_terms({"hub_fee": old.hub_fee, "currency": old.currency} | changed)
    until = old.validity.upper
    old.validity = DateRange(old.validity.lower, starts, "[)")
    old.save(update_fields=["validity"])
    kept = {name: getattr(old, name) for name in (*FIRST, *FURTHER)}
    return SettlementTerms.objects.create(
        agreement=agreement, netting_set=old.netting_set, validity=DateRange(starts, until, "[)"), **(kept | changed)
    )


def check_terms(told: Mapping[str, Any]) -> None:
    """This function will raise WrongTerms for a value that makes no sense; `told` holds at least `hub_fee` and `currency`."""
    _refuse_further_nonsense({name: value for name, value in told.items() if name not in FIRST})
    _refuse_nonsense(hub_fee=told["hub_fee"], currency=told["currency"])


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


def _refuse_further_nonsense(further: Mapping[str, Any]) -> None:
    if unknown := set(further) - FURTHER:
        raise WrongTerms(f"{sorted(unknown)[0]!r} is no term")
    try:
        read_plan(further.get("fee_plan", {}))
    except WrongPlan as wrong:
        raise WrongTerms(str(wrong)) from wrong
    pricing = further.get("pricing", {})
    if unknown := set(pricing) - set(_PRICING):
        raise WrongTerms(f"pricing: {sorted(unknown)[0]!r} is none of {', '.join(_PRICING)}")
    for name, values in _PRICING.items():
        if name in pricing and pricing[name] not in values:
            raise WrongTerms(f"pricing: {name} {pricing[name]!r} is none of {', '.join(map(str, values))}")
    if further.get("settle_in") and further["settle_in"] not in _CURRENCIES:
        raise WrongTerms(f"settle_in {further['settle_in']!r} is not a currency of ISO 4217")
    if unknown := set(further.get("scope", {})) - {"countries", "token_types", "power_types"}:
        raise WrongTerms(f"scope: {sorted(unknown)[0]!r} is none of countries, token_types, power_types")
