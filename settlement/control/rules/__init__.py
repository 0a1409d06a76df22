"""The rules of CDR control, one file per group of clearing §2.3. A credit copies its original's data: only the rules named for it look.

`judge` runs them all, because a partner wants every reason at once, and gives each remark the action that is in force for its check.
"""

from settlement.control.evidence import Evidence
from settlement.control.rules import behavior, chain, energy, identity, meter, price, time, traffic
from settlement.control.verdict import HOLD, NORMALIZE, Remark, Rule, Verdict

RULES: tuple[Rule, ...] = (
    *identity.RULES,
    *chain.RULES,
    *traffic.RULES,
    *time.RULES,
    *energy.RULES,
    *meter.RULES,
    *behavior.RULES,
    *price.RULES,
)
RULES_FOR_CREDITS: tuple[Rule, ...] = (price.credit_in_full, price.credit_in_time)

# Without terms, or without the original in full, there is nothing to charge: no setting helps.
_NEVER_LOOSER = frozenset({8, 79})


def judge(evidence: Evidence) -> Verdict:
    """This function will return what every rule that applies says about the CDR."""
    rules = RULES_FOR_CREDITS if evidence.is_credit else RULES
    return Verdict([_in_force(remark, evidence) for rule in rules for remark in rule(evidence)])


def _in_force(remark: Remark, evidence: Evidence) -> Remark:
    if remark.action == NORMALIZE or remark.check in _NEVER_LOOSER:
        return remark
    action = evidence.limits.action(remark.check, remark.action)
    return remark if action == remark.action else remark._replace(action=HOLD if action == HOLD else action)
