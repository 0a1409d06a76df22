"""Roaming agreements: who may roam with whom, between which dates, in which modules."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from roaming.canonical import PartyId
from roaming.parties import directory
from roaming.parties.models import Party, PartyRole, RoamingAgreement
from roaming.routing.sides import Side

# The functional modules of OCPI 2.2.1 and 2.3.0. A custom module has its owner's prefix and a dash (OCPI 2.3.0, custom modules).
MODULES = frozenset(
    {
        "bookings",
        "cdrs",
        "chargingprofiles",
        "commands",
        "hubclientinfo",
        "invoicereconciliation",
        "locations",
        "payments",
        "sessions",
        "tariffs",
        "tokens",
    }
)


class UnknownParty(Exception):
    """The hub knows no company of that name in the role the agreement gives it."""


class HalfAPair(Exception):
    """An agreement joins an operator and a provider, or everyone with everyone: one alone means neither."""


class UnknownModule(Exception):
    """An agreement names a module that OCPI does not have; it would silently block what was meant."""


class EndsBeforeStart(Exception):
    """The agreement would never be in force."""


class AlreadyAgreed(Exception):
    """The pair has an agreement on some of these days."""


def sign_agreement(
    *,
    operator: PartyId | None,
    provider: PartyId | None,
    starts: date | None,
    ends: date | None,
    modules: Sequence[str],
    at: datetime,
) -> RoamingAgreement:
    """This function will let two parties roam from `starts` (today by default) until before `ends` (open by default).

    Without parties it is an offer of everyone to everyone. No module named means all. It raises UnknownParty, HalfAPair,
    UnknownModule, EndsBeforeStart or AlreadyAgreed.
    """
    if (operator is None) != (provider is None):
        raise HalfAPair("name an operator and a provider, or neither: an agreement with everyone has no parties")
    unknown = [module for module in modules if module not in MODULES and "-" not in module]
    if unknown:
        raise UnknownModule(f"no such module: {', '.join(unknown)}; OCPI has {', '.join(sorted(MODULES))}")
    first = starts or at.date()
    if ends is not None and ends <= first:
        raise EndsBeforeStart(f"an agreement from {first} until before {ends} would never be in force")
    try:
        with transaction.atomic():
            agreement = RoamingAgreement.objects.create(
                operator=_party_on(operator, Side.OPERATOR) if operator else None,
                provider=_party_on(provider, Side.PROVIDER) if provider else None,
                validity=DateRange(first, ends),
                modules=sorted(set(modules)),
                signed_at=at,
            )
    except IntegrityError as conflict:
        if "agreement_no_overlap" not in str(conflict):
            raise
        pair = f"{operator} and {provider}" if operator else "everyone with everyone"
        raise AlreadyAgreed(f"{pair}: another agreement covers some days from {first} on") from conflict
    directory.changed()
    return agreement


def end_agreement(*, agreement: RoamingAgreement, on: date, at: datetime) -> None:
    """This function will end an agreement before `on`: what was done until then stays valid, later messages are not routed.

    An agreement that had not begun by then never comes into force.
    """
    first, end = agreement.validity.lower, agreement.validity.upper
    if end is not None and end <= on:
        return
    agreement.validity = DateRange(first, max(on, first) if first else on)
    agreement.ended_at = at
    agreement.save(update_fields=["validity", "ended_at"])
    directory.changed()


def _party_on(key: PartyId, side: Side) -> Party:
    hosted = (
        PartyRole.objects.select_related("party")
        .filter(party__country_code=key.country_code, party__party_id=key.party_id, role__in=[role.value for role in side.roles])
        .first()
    )
    if hosted is None:
        raise UnknownParty(f"{key} is no {side} known to the hub: invite its platform first")
    return hosted.party
