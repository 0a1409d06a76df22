"""`set_netting`: how a netting set nets, and which parties stay out of it."""

from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import CommandParser
from django.utils import timezone

from roaming.management.operator_command import OperatorCommand, Refused, WrongUsage, party_argument
from roaming.models import Party
from roaming.parties.queries import find_party
from settlement.management.people import NoSuchUser, get_person
from settlement.netting.rules import ClosedAlready, set_rules
from settlement.terms.exclude import ExcludedAlready, ExclusionNeedsReason, NotExcluded, exclude_party, include_party
from settlement.terms.models import NettingExclusion, NettingSet
from settlement.terms.queries import NoSuchNettingSet, get_netting_set
from settlement.terms.rights import RoleMayNot


class Command(OperatorCommand):
    """Takes effect with the next close; what is closed stays as it was netted. Without options it only tells."""

    help = "Set mode, smallest payment and cut-off zone of a netting set; leave a party out or take it in again."
    refusals = (ClosedAlready, ExcludedAlready, ExclusionNeedsReason, NoSuchNettingSet, NoSuchUser, NotExcluded, RoleMayNot)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will declare the options (the operator's interface)."""
        parser.add_argument("--netting-set", default="default", metavar="NAME")
        parser.add_argument("--mode", choices=NettingSet.Mode.values)
        parser.add_argument("--de-minimis", metavar="AMOUNT", help="payments below it are carried into the next period")
        parser.add_argument(
            "--payment-cap", metavar="AMOUNT", help="above it, in one currency, a second approver releases bank files; 0: no cap"
        )
        parser.add_argument("--zone", metavar="IANA", help="whose midnight parts periods, like Europe/Amsterdam")
        parser.add_argument("--exclude", type=party_argument, metavar="CC-PID", help="its pairs settle gross from the next close on")
        parser.add_argument("--include", type=party_argument, metavar="CC-PID")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why a party is left out")
        parser.add_argument("--by", default="", metavar="USER", help="needed for every change")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will make the changes and return the rules of the set."""
        netting_set = get_netting_set(name=options["netting_set"])
        changes = {name: options[name] for name in ("mode", "zone") if options[name] is not None}
        if options["de_minimis"] is not None:
            changes["de_minimis"] = _amount("de-minimis", options["de_minimis"])
        if options["payment_cap"] is not None:
            changes["payment_cap"] = _amount("payment-cap", options["payment_cap"]) or None
        if options["zone"] is not None:
            _refuse_unknown_zone(options["zone"])
        if changes or options["exclude"] or options["include"]:
            if not options["by"]:
                raise WrongUsage("--by: a change names who makes it")
            self._change(netting_set, changes, options)
        return _told(NettingSet.objects.get(pk=netting_set.pk))

    def _change(self, netting_set: NettingSet, changes: dict[str, Any], options: dict[str, Any]) -> None:
        person, at = get_person(email=options["by"]), timezone.now()
        who = {"by": person.email, "by_role": person.role}
        if changes:
            set_rules(netting_set=netting_set, changes=changes, **who)
        if options["exclude"]:
            exclude_party(netting_set=netting_set, party=_party(options["exclude"]), reason=options["reason"], at=at, **who)
        if options["include"]:
            include_party(netting_set=netting_set, party=_party(options["include"]), at=at, **who)


def _told(netting_set: NettingSet) -> dict[str, Any]:
    out = NettingExclusion.objects.filter(netting_set=netting_set, ended_at=None).select_related("party").order_by("id")
    return {
        "netting_set": netting_set.name,
        "cycle": netting_set.cycle,
        "mode": netting_set.mode,
        "de_minimis": f"{netting_set.de_minimis.normalize():f}",
        "payment_cap": None if netting_set.payment_cap is None else f"{netting_set.payment_cap.normalize():f}",
        "zone": netting_set.zone,
        "excluded": [{"party": str(row.party.key), "reason": row.reason, "by": row.excluded_by} for row in out],
    }


def _party(key: Any) -> Party:
    party = find_party(key)
    if party is None:
        raise Refused(f"{key} is not a party of this hub")
    return party


def _amount(option: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as wrong:
        raise WrongUsage(f"--{option}: {text!r} is not an amount like 25.00") from wrong
    if not amount.is_finite() or not 0 <= amount < 10**8 or amount != round(amount, 4):
        raise WrongUsage(f"--{option}: {text} is not an amount of zero or more with at most four decimals")
    return amount


def _refuse_unknown_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        raise WrongUsage(f"--zone: {name!r} is not a time zone like Europe/Amsterdam") from wrong
