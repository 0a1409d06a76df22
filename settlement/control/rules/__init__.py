"""The rules of CDR control, one file per group of clearing §2.3. A credit copies its original's data: only the rules named for it look.

`judge` runs them all, because a partner wants every reason at once.
"""

from settlement.control.evidence import Evidence
from settlement.control.rules import behavior, chain, energy, identity, price, time
from settlement.control.verdict import Rule, Verdict

RULES: tuple[Rule, ...] = (*identity.RULES, *chain.RULES, *time.RULES, *energy.RULES, *behavior.RULES, *price.RULES)
RULES_FOR_CREDITS: tuple[Rule, ...] = (price.credit_in_full,)


def judge(evidence: Evidence) -> Verdict:
    """This function will return what every rule that applies says about the CDR."""
    rules = RULES_FOR_CREDITS if evidence.is_credit else RULES
    return Verdict([remark for rule in rules for remark in rule(evidence)])
