"""What would a change of a rule have done? Judge the CDRs of the past days under the rules in force and under the changed ones."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from roaming.models import Cdr
from settlement.control.catalogue import CHECKS
from settlement.control.gather import gather
from settlement.control.rules import judge
from settlement.control.settings import Changes, Setting, check_setting, read_settings
from settlement.control.verdict import Verdict

_BATCH = 1000


class Simulation(NamedTuple):
    """`hits` CDRs that the check speaks about now and then; `held` and `freed` change their state, with the money at stake by currency."""

    cdrs: int
    hits_before: int
    hits_after: int
    held: int
    freed: int
    money_held: dict[str, Decimal]
    money_freed: dict[str, Decimal]
    examples: list[str]


def simulate_rule(*, setting: Setting, at: datetime, days: int = 90) -> Simulation:
    """This function will judge every CDR received in the past `days` twice, and write nothing; it raises NoSuchRule and NotTighter."""
    check_setting(setting)
    in_force = read_settings()
    before, after = Changes(in_force), Changes([*in_force, setting])
    rows = list(
        Cdr.objects.filter(received_at__gt=at - timedelta(days=days), received_at__lte=at).order_by("id").values_list("id", flat=True)
    )
    hits_before = hits_after = held = freed = 0
    money_held: dict[str, Decimal] = defaultdict(Decimal)
    money_freed: dict[str, Decimal] = defaultdict(Decimal)
    examples: list[str] = []
    for first in range(0, len(rows), _BATCH):
        batch = rows[first : first + _BATCH]
        for old, new in zip(gather(cdr_ids=batch, changes=before), gather(cdr_ids=batch, changes=after), strict=True):
            was, now = judge(old), judge(new)
            hits_before += _speaks(was, setting.check)
            hits_after += _speaks(now, setting.check)
            if now.holds and not was.holds:
                held += 1
                money_held[new.currency] += new.charged_net
            elif was.holds and not now.holds:
                freed += 1
                money_freed[new.currency] += new.charged_net
            if bool(now.holds) != bool(was.holds) and len(examples) < 10:
                examples.append(new.name)
    return Simulation(len(rows), hits_before, hits_after, held, freed, dict(money_held), dict(money_freed), examples)


def _speaks(verdict: Verdict, check: int) -> bool:
    return any(remark.check == check for remark in verdict.remarks)


def describe_setting(setting: Setting) -> str:
    """This function will say a setting to people."""
    whose = f"agreement {setting.agreement}" if setting.agreement else "the hub"
    return f"check {setting.check} {CHECKS[setting.check].code}: {setting.name} = {setting.value} for {whose}"
