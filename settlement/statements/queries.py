"""Read runs and statements."""

from settlement.netting.models import NettingRun
from settlement.statements.models import Statement


class NoSuchRun(Exception):
    """There is no run of that number."""


class NoSuchStatement(Exception):
    """There is no statement of that number."""


def get_run(*, run_id: int) -> NettingRun:
    """This function will return the run of that row; it raises NoSuchRun."""
    try:
        return NettingRun.objects.select_related("netting_set").get(pk=run_id)
    except (NettingRun.DoesNotExist, OverflowError) as missing:
        raise NoSuchRun(f"there is no run {run_id}") from missing


def list_statements(*, run: NettingRun) -> list[int]:
    """This function will return the rows of a run's statements, by currency and party."""
    return list(Statement.objects.filter(run=run).order_by("currency", "party_id").values_list("pk", flat=True))


def get_statement(*, statement_id: int) -> Statement:
    """This function will return the statement of that row; it raises NoSuchStatement."""
    try:
        return Statement.objects.select_related("run__netting_set", "party").get(pk=statement_id)
    except (Statement.DoesNotExist, OverflowError) as missing:
        raise NoSuchStatement(f"there is no statement {statement_id}") from missing
