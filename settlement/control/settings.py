"""The rules in force: parameters and actions that two people changed, for the hub or for one agreement, with their history.

The hub may change any rule. An agreement may only tighten: flag to hold, a limit in the direction the catalogue names.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.db import transaction

from roaming.models import RoamingAgreement
from settlement.control.catalogue import ACTIONS, CHECKS, Limits, Room
from settlement.control.models import RuleChange
from settlement.terms.rights import require


class NoSuchRule(Exception):
    """The catalogue has no such check or parameter, or the check is not settlement's to change."""


class NotTighter(Exception):
    """An agreement may tighten a rule, never loosen it."""


class ApprovedAlready(Exception):
    """The change was approved before."""


class MakerIsChecker(Exception):
    """Who asked for a change of a rule cannot approve it."""


class Setting(NamedTuple):
    """One value: of a parameter, or of `action`; `agreement` 0 is the hub."""

    check: int
    name: str
    value: str
    agreement: int = 0


class Changes:
    """Approved settings, latest last. Limits are the same for most pairs, so they are made once per pair of sources."""

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        self._of: dict[int, tuple[dict[tuple[int, str], Decimal], dict[int, str]]] = {}
        for setting in settings:
            numbers, actions = self._of.setdefault(setting.agreement, ({}, {}))
            if setting.name == "action":
                actions[setting.check] = setting.value
            else:
                numbers[setting.check, setting.name] = Decimal(setting.value)
        self._made: dict[tuple[object, ...], Limits] = {}

    def limits(self, *, agreement: int | None, amount: Decimal | None, percent: Decimal | None, late_days: int | None) -> Limits:
        """This function will return the limits of a pair: the hub's, its agreement's, then those of its terms."""
        source = (agreement if agreement in self._of else 0, amount, percent, late_days)
        if source not in self._made:
            numbers, actions = ({**part} for part in self._of.get(0, ({}, {})))
            for own in (self._of.get(agreement or 0),):
                if own is not None:
                    numbers.update(own[0])
                    actions.update(own[1])
            if amount is not None:
                numbers[71, "amount"] = amount
            if percent is not None:
                numbers[71, "percent"] = percent
            if late_days is not None:
                numbers[41, "hold_days"] = Decimal(late_days)
            self._made[source] = Limits(numbers, actions)
        return self._made[source]


def read_settings() -> list[Setting]:
    """This function will return every approved setting, in the order of approval: the latest of a name holds."""
    rows = RuleChange.objects.exclude(approved_at=None).order_by("approved_at", "id")
    return [Setting(row.check_number, row.name, row.value, row.agreement_id or 0) for row in rows]


def read_changes() -> Changes:
    """This function will return the rules in force now."""
    return Changes(read_settings())


def check_setting(setting: Setting) -> None:
    """This function will raise NoSuchRule or NotTighter where a setting cannot be."""
    check = CHECKS.get(setting.check)
    if check is None or check.room not in (Room.CONTROL, Room.REGISTER, Room.TREND):
        raise NoSuchRule(f"check {setting.check} is not a rule that can be changed" if check else f"there is no check {setting.check}")
    if setting.name == "action":
        if setting.value not in ("flag", "hold"):
            raise NoSuchRule(f"action {setting.value!r}: a rule flags or holds")
        if setting.agreement and ACTIONS.index(setting.value) < ACTIONS.index(check.action):
            raise NotTighter(f"check {setting.check} holds; an agreement may not make it a flag")
        return
    limit = check.limits.get(setting.name)
    if limit is None:
        raise NoSuchRule(f"check {setting.check} has no parameter {setting.name!r}; it has {', '.join(check.limits) or 'none'}")
    try:
        value = Decimal(setting.value)
    except InvalidOperation as wrong:
        raise NoSuchRule(f"{setting.name}: {setting.value!r} is not a number") from wrong
    if not value.is_finite() or value < 0:
        raise NoSuchRule(f"{setting.name}: {setting.value} is not a number of zero or more")
    in_force = read_changes().limits(agreement=None, amount=None, percent=None, late_days=None).number(setting.check, setting.name)
    if setting.agreement and limit.tighter != "cap" and (value > in_force if limit.tighter == "lower" else value < in_force):
        raise NotTighter(f"{setting.name}: {value} is looser than the hub's {in_force.normalize():f}")


def propose_change(*, setting: Setting, reason: str, by: str, by_role: str, at: datetime) -> RuleChange:
    """This function will ask for a change of a rule; it holds once somebody else approved it. NoSuchRule, NotTighter, RoleMayNot."""
    require(action="change_rule", role=by_role, by=by)
    check_setting(setting)
    agreement = RoamingAgreement.objects.filter(pk=setting.agreement).first() if setting.agreement else None
    if setting.agreement and agreement is None:
        raise NoSuchRule(f"there is no agreement {setting.agreement}")
    return RuleChange.objects.create(
        check_number=setting.check,
        name=setting.name,
        value=setting.value,
        agreement=agreement,
        reason=reason.strip()[:300],
        proposed_by=by,
        proposed_at=at,
    )


@transaction.atomic
def approve_change(*, change: RuleChange, by: str, by_role: str, at: datetime) -> RuleChange:
    """This function will put a proposed change in force; it raises MakerIsChecker, ApprovedAlready and RoleMayNot."""
    require(action="approve_rule", role=by_role, by=by)
    waiting = RuleChange.objects.select_for_update().get(pk=change.pk)
    if waiting.approved_at is not None:
        raise ApprovedAlready(f"change {waiting.pk} was approved by {waiting.approved_by}")
    if waiting.proposed_by == by:
        raise MakerIsChecker(f"{by} asked for this change: somebody else approves it")
    waiting.approved_by, waiting.approved_at = by, at
    waiting.save(update_fields=["approved_by", "approved_at"])
    return waiting
