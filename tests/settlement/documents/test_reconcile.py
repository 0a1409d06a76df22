"""One reconciliation record per document of a pair, naming exactly its CDRs; and our own files match our own statement."""

from pathlib import Path
from typing import Any

import pytest

from roaming.canonical import PartyId
from roaming.protocols.ocpi.kept import Asked, Kept, find_list
from settlement.documents.reconcile import describe_record, keep_missing_records, keep_records, list_records
from settlement.documents.render import render_statement
from settlement.statements.annex import read_annex
from settlement.statements.match import match, read_partner_file
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


def november(**terms: Any) -> tuple[Month, list[str]]:
    some_terms(**terms)
    ended_at = CUT_OFF_NOVEMBER.replace(month=11, day=5)
    first = charge("M", "P", "19.1266")
    issue(close())
    taken_back = credit(first, received_at=CUT_OFF_NOVEMBER.replace(month=11, day=10))
    cdrs = [
        charge("M", "P", "7.00", ended_at=ended_at),
        charge("M", "P", "1.00", ended_at=ended_at),
        charge("P", "M", "2.00", ended_at=ended_at),
    ]
    month = issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)
    return month, [taken_back.cdr_id, *(cdr.cdr_id for cdr in cdrs)]


def test_the_wire_reads_a_partys_records_page_by_page() -> None:
    november()
    keep_missing_records()
    asked = Asked(party=PartyId("DE", "PPP"), date_from=None, date_to=None, offset=1, limit=1)
    records = [describe_record(record=record) for record in list_records(party=a_party("DE-PPP"))]
    read = find_list("invoicereconciliation")
    assert read is not None
    assert read(asked) == Kept([records[1]], len(records))
    assert read(Asked(party=PartyId("XX", "NIX"), date_from=None, date_to=None, offset=0, limit=9)) == Kept([], 0)


def test_each_document_names_exactly_its_cdrs_and_keeps_its_id() -> None:
    month, (taken_back, first, second, back) = november()
    assert keep_missing_records() == 1 + 3  # October's one; November's invoice, credit note and the other direction
    assert keep_missing_records() == 0
    before = [describe_record(record=record) for record in list_records(party=a_party("DE-PPP"))]
    keep_records(run=month.run)
    assert [describe_record(record=record) for record in list_records(party=a_party("DE-PPP"))] == before
    told = {record["invoice_id"]: record["cdrs"] for record in before}
    number = month.statement("P").number
    assert sorted(told[f"{number}-DE-MMM"]) == sorted([first, second])
    assert told[f"{number}-DE-MMM-C"] == [taken_back]
    assert told[f"{month.statement('M').number}-DE-PPP"] == [back]
    record = next(record for record in before if record["invoice_id"] == f"{number}-DE-MMM")
    assert (record["country_code"], record["party_id"], len(record["id"])) == ("DE", "PPP", 36)
    assert record["last_updated"] == "2026-12-03T00:00:00Z"


def test_who_bills_itself_issues_the_record() -> None:
    november(billed_by="provider")
    keep_missing_records()
    owners = {(record["party_id"], record["invoice_id"][-3:]) for record in map(_described, list_records(party=a_party("DE-MMM")))}
    assert ("MMM", "MMM") in owners
    assert ("PPP", "PPP") in owners


def _described(record: Any) -> dict[str, Any]:
    return describe_record(record=record)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_our_own_files_match_our_own_statement(form: str, settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path
    month, _ = november()
    statement = month.statement("M")
    content = render_statement(statement=statement, format=form).content
    matched = match(ours=read_annex(statement=statement), theirs=read_partner_file(content=content))
    assert matched == (4, [], [], [], [])
