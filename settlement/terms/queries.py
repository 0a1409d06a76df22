"""Which terms hold: the pair's own before the offer of everyone to everyone."""

from datetime import UTC, date, datetime
from typing import Protocol

from django.db.models import F, Min, Q

from roaming.models import Party
from settlement.terms.models import NettingSet, SettlementTerms


class NoTermsInForce(Exception):
    """No settlement terms join this operator and provider at that instant."""


class NoSuchNettingSet(Exception):
    """There is no netting set of that name."""


def terms_in_force(*, operator: Party, provider: Party, at: datetime) -> SettlementTerms:
    """This function will return the terms of a pair at an instant (by its UTC date); it raises NoTermsInForce where there are none."""
    day = at.astimezone(UTC).date()
    found = (
        SettlementTerms.objects.select_related("agreement", "netting_set")
        .filter(
            Q(agreement__operator=operator, agreement__provider=provider) | Q(agreement__operator=None),
            validity__contains=day,
            agreement__validity__contains=day,
        )
        .order_by(F("agreement__operator_id").asc(nulls_last=True))
        .first()
    )
    if found is None:
        raise NoTermsInForce(f"no settlement terms between operator {operator.key} and provider {provider.key} on {day}")
    return found


class Elected(Protocol):
    """Tells in which currency a pair (parties by their rows) settles everything; empty: each currency by itself."""

    def __call__(self, *, operator: int, provider: int) -> str:
        """This function will return the elected currency or an empty text."""


def list_elections(*, netting_set: NettingSet, on: date) -> Elected:
    """This function will return who elected which currency, by the terms that hold in a netting set on a day; the pair's own come first."""
    running = SettlementTerms.objects.filter(netting_set=netting_set, validity__contains=on, agreement__validity__contains=on)
    told: dict[tuple[int | None, int | None], str] = {
        (operator, provider): settle_in
        for operator, provider, settle_in in running.values_list("agreement__operator_id", "agreement__provider_id", "settle_in")
    }

    def elected(*, operator: int, provider: int) -> str:
        return told.get((operator, provider), told.get((None, None), ""))

    return elected


class BilledByProvider(Protocol):
    """Tells whether a pair's terms (parties by their rows) let the provider write the operator's invoices."""

    def __call__(self, *, operator: int, provider: int) -> bool:
        """This function will return False also where no terms join the two."""


def list_self_billing(*, at: datetime) -> BilledByProvider:
    """This function will return which pairs' providers bill themselves at an instant; as in terms_in_force the pair's own come first."""
    day = at.astimezone(UTC).date()
    running = SettlementTerms.objects.filter(validity__contains=day, agreement__validity__contains=day)
    told: dict[tuple[int | None, int | None], str] = {
        (operator, provider): billed_by
        for operator, provider, billed_by in running.values_list("agreement__operator_id", "agreement__provider_id", "billed_by")
    }

    def is_billed_by_provider(*, operator: int, provider: int) -> bool:
        return told.get((operator, provider), told.get((None, None))) == SettlementTerms.BilledBy.PROVIDER

    return is_billed_by_provider


def get_netting_set(*, name: str) -> NettingSet:
    """This function will return the netting set called `name`; it raises NoSuchNettingSet, which names those there are."""
    found = NettingSet.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(NettingSet.objects.order_by("name").values_list("name", flat=True)) or "none yet: sign an agreement first"
        raise NoSuchNettingSet(f"there is no netting set {name!r} (known: {known})")
    return found


def due_days(*, netting_set: NettingSet, party: Party, on: date) -> int:
    """This function will return the shortest term of payment, in days, that the party agreed to in the netting set (14 where none)."""
    shortest: int | None = SettlementTerms.objects.filter(
        Q(agreement__operator=party) | Q(agreement__provider=party) | Q(agreement__operator=None),
        netting_set=netting_set,
        validity__overlap=(None, on),
    ).aggregate(shortest=Min("due_days"))["shortest"]
    return 14 if shortest is None else shortest
