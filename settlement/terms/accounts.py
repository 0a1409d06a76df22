"""Change where a party's money goes: one person proposes the new IBAN, another confirms it, and only then it is used.

The oldest fraud of all is a letter with a new account. A party's first IBAN is taken as told; every later one needs two people.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from roaming.models import Party
from settlement.terms.details import check_iban, get_details, set_details
from settlement.terms.models import AccountChange
from settlement.terms.rights import require


class ChangeNeedsReason(Exception):
    """A new account says why, and by whom it was confirmed."""


class ChangeUnderWay(Exception):
    """Another change of the party's account waits for a decision."""


class NeedsTwoPeople(Exception):
    """The party has an IBAN: another one is proposed and confirmed, not set."""


class NoSuchChange(Exception):
    """There is no such change, or it is decided."""


class ProposerCannotDecide(Exception):
    """Who proposed a new account cannot confirm it."""


def refuse_another_account(*, party: Party, iban: str | None) -> None:
    """This function will raise NeedsTwoPeople where `iban` (None: not told) is another one than the party has, an empty one too."""
    if iban is None:
        return
    has = get_details(party=party)["iban"]
    if has and (not iban.strip() or check_iban(iban) != has):
        raise NeedsTwoPeople(
            f"{party.key} has an IBAN that ends in {has[-4:]}: propose_account --party {party.key} --iban … --by … --reason …, "
            "and another person confirms it with decide_account"
        )


def propose_account(*, party: Party, iban: str, reason: str, by: str, by_role: str, at: datetime) -> AccountChange:
    """This function will note a new IBAN for a party; it raises RoleMayNot, BadDetail, ChangeNeedsReason and ChangeUnderWay."""
    require(action="propose_account", role=by_role, by=by)
    clean = check_iban(iban)
    if not reason.strip():
        raise ChangeNeedsReason("a new account needs a reason: how was it confirmed?")
    try:
        with transaction.atomic():
            return AccountChange.objects.create(party=party, iban=clean, reason=reason.strip()[:300], proposed_by=by, proposed_at=at)
    except IntegrityError as known:
        raise ChangeUnderWay(f"a change of {party.key}'s account waits already: decide that one first") from known


def decide_account(*, change: int, approve: bool, by: str, by_role: str, at: datetime) -> AccountChange:
    """This function will use a proposed IBAN, or refuse it; it raises RoleMayNot, NoSuchChange and ProposerCannotDecide."""
    require(action="approve_account", role=by_role, by=by)
    with transaction.atomic():
        found = AccountChange.objects.select_for_update().select_related("party").filter(pk=change).first()
        if found is None or found.state != AccountChange.State.PROPOSED:
            raise NoSuchChange(f"there is no proposed change {change}")
        if approve and by.lower() == found.proposed_by.lower():
            raise ProposerCannotDecide(f"{by} proposed change {change}: another person must confirm it")
        found.state = AccountChange.State.APPROVED if approve else AccountChange.State.REFUSED
        found.decided_by, found.decided_at = by, at
        found.save(update_fields=["state", "decided_by", "decided_at"])
        if approve:
            set_details(party=found.party, details={"iban": found.iban})
    return found
