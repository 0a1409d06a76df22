"""Write the catalogue of checks for people (docs/cdr-checks.md)."""

from settlement.control.catalogue import CHECKS, Check, Room

_WHERE = {
    Room.DOOR: "at the door",
    Room.CONTROL: "when cleared",
    Room.REGISTER: "in the register",
    Room.TREND: "over many CDRs",
    Room.NOWHERE: "nothing to look at",
}

_HEAD = """# The checks of a CDR

Written from `settlement/control/catalogue.py` (a test compares them). *reject* is answered at once with the field; *hold* keeps the
CDR out of statements until somebody decides; *flag* is charged and shown to both sides; *normalize* is put right and said. The
number is what `list_holds`, `list_findings` and `list_rules` print. One check may say several codes, and hold what lies far off.
`list_rules --statistics` counts what each said, what it holds, and how often that was for nothing.

| # | Code | Action | Where | Asks | Parameters |
|---|---|---|---|---|---|
"""


def describe_catalogue() -> str:
    """This function will return the page as Markdown."""
    return _HEAD + "".join(f"{_row(check)}\n" for check in CHECKS.values())


def _row(check: Check) -> str:
    limits = ", ".join(f"{name} {limit.default:f}" for name, limit in check.limits.items())
    return f"| {check.number} | `{check.code}` | {check.action} | {_WHERE[check.room]} | {check.asks} | {limits} |"
