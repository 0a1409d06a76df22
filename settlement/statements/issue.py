"""Issue an approved run: numbers without a gap, a due date, the head of the CDR chain, and content that never changes again."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from roaming.cdrs.seal import seal_blocks
from settlement.netting.models import NettingRun
from settlement.statements.approve import WrongState, refuse_changed_figures
from settlement.statements.content import build_content, freeze
from settlement.statements.models import Statement
from settlement.terms.queries import due_days
from settlement.terms.rights import require

SERIES = "ST"

# The counter's row is locked until the transaction ends: a second run waits, and one that rolls back gives its numbers back.
_TAKE_NUMBERS = """
INSERT INTO settlement_numberseries (series, year, latest) VALUES (%(series)s, %(year)s, %(count)s)
ON CONFLICT (series, year) DO UPDATE SET latest = settlement_numberseries.latest + excluded.latest
RETURNING latest
"""

_CHAIN_HEAD = "SELECT encode(head, 'hex') FROM roaming_sealedblock WHERE kind = 'cdr' ORDER BY height DESC LIMIT 1"


def issue_run(*, run: NettingRun, by: str, by_role: str, at: datetime) -> NettingRun:
    """This function will number and freeze every statement of an approved run; it raises RoleMayNot, WrongState and FiguresChanged.

    An issued run is returned as it is: issuing again changes nothing.
    """
    require(action="issue", role=by_role, by=by)
    seal_blocks(at=at)
    with transaction.atomic():
        locked = NettingRun.objects.select_for_update().select_related("netting_set").get(pk=run.pk)
        if locked.state == NettingRun.State.ISSUED:
            return locked
        if locked.state != NettingRun.State.APPROVED:
            raise WrongState(f"run {locked.pk} is {locked.state}: only an approved run can be issued")
        refuse_changed_figures(run=locked)
        locked.state = NettingRun.State.ISSUED
        locked.issued_by = by
        locked.issued_at = at
        locked.ledger_head = _chain_head()
        locked.save(update_fields=["state", "issued_by", "issued_at", "ledger_head"])
        _issue_statements(locked, at)
    return locked


def _issue_statements(run: NettingRun, at: datetime) -> None:
    order = ("party__country_code", "party__party_id", "currency")
    statements = list(Statement.objects.filter(run=run).select_related("party").order_by(*order))
    first = _take_numbers(year=at.year, count=len(statements)) if statements else 0
    for place, statement in enumerate(statements):
        statement.number = f"{SERIES}-{at.year}-{first + place:05d}"
    Statement.objects.bulk_update(statements, ["number"])  # all first: a statement names the invoices of the others
    for statement in statements:
        statement.run = run
        statement.state = Statement.State.ISSUED
        statement.issued_at = at
        days = due_days(netting_set=run.netting_set, party=statement.party, on=run.ends_at.date())
        statement.due_on = at.date() + timedelta(days=days)
        statement.content = freeze(build_content(statement=statement))
        statement.save(update_fields=["state", "issued_at", "due_on", "content"])


def _take_numbers(*, year: int, count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_NUMBERS, {"series": SERIES, "year": year, "count": count})
        return int(cursor.fetchone()[0]) - count + 1


def _chain_head() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN_HEAD)
        row = cursor.fetchone()
    return str(row[0]) if row else ""
