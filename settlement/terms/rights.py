"""Who may do what with money (finance §6.4). One table: commands, admin and portal ask here, by the staff role of the person."""

from collections.abc import Mapping

MAY: Mapping[str, frozenset[str]] = {
    "accept_cdr": frozenset({"maker", "checker", "disputes", "partner-finance"}),
    "arbitrate_dispute": frozenset({"checker", "arbiter"}),
    "assign": frozenset({"maker", "checker", "analyst", "disputes"}),
    "close": frozenset({"maker", "checker"}),  # who closed cannot approve: settlement.statements.approve
    "approve": frozenset({"checker"}),
    "issue": frozenset({"maker", "checker", "controller"}),
    "release_hold": frozenset({"maker", "checker", "analyst"}),
    "change_rule": frozenset({"maker", "checker"}),
    "approve_rule": frozenset({"checker"}),
    "open_dispute": frozenset({"maker", "checker", "disputes", "partner-finance"}),
    "answer_dispute": frozenset({"maker", "checker", "disputes", "partner-finance"}),
    "resolve_dispute": frozenset({"maker", "checker", "disputes", "arbiter"}),
    "change_netting": frozenset({"maker", "checker"}),
    "void_run": frozenset({"maker", "checker"}),
    "exclude_party": frozenset({"maker", "checker", "treasurer"}),
    "order_payments": frozenset({"maker", "checker", "treasurer", "treasury-checker"}),
    "import_bank": frozenset({"maker", "checker", "treasurer", "treasury-checker"}),
    "match_bank": frozenset({"maker", "treasurer"}),
    "propose_rate": frozenset({"maker", "treasurer"}),
    "approve_rate": frozenset({"checker", "treasury-checker"}),
    "release_payments": frozenset({"checker", "treasury-checker"}),
    "release_letter": frozenset({"maker", "checker", "treasurer"}),
    "propose_account": frozenset({"maker", "treasurer"}),
    "approve_account": frozenset({"checker", "treasury-checker"}),
    "export": frozenset({"maker", "checker", "treasurer", "treasury-checker", "controller", "tax", "auditor"}),
}


class RoleMayNot(Exception):
    """The person's role does not carry this right; being a superuser does not help where money moves."""


def require(*, action: str, role: str, by: str) -> None:
    """This function will return where `role` may do `action`, and raise RoleMayNot where it may not."""
    if role not in MAY[action]:
        who = f"{by} ({role})" if role else f"{by} (no staff role)"
        raise RoleMayNot(f"{who} may not {action.replace('_', ' ')}: that takes {' or '.join(sorted(MAY[action]))}")
