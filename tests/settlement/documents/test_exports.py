"""Five exports, one truth: what every format must do, and what a hostile partner cannot do to it."""

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

from settlement.documents import csv_export, pdf_export
from settlement.documents.answer import answer_with_document
from settlement.documents.csv_export import safe
from settlement.documents.render import UnknownFormat, render_statement
from settlement.documents.schema import statement_schema
from settlement.documents.store import DocumentDamaged, open_document, path_of
from settlement.models import Document
from settlement.statements.annex import read_annex
from settlement.statements.content import StatementDocument
from settlement.tasks import render_documents
from settlement.terms.details import BadDetail, set_details
from tests.builders.canonical_messages import a_cdr_location
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

FORMATS = ("pdf", "xlsx", "csv", "json")


@pytest.fixture(autouse=True)
def documents(settings: Any, tmp_path: Path) -> Path:
    settings.DOCUMENTS_DIR = tmp_path
    some_terms(hub_fee=Decimal("0.35"), hub_fee_payer="both")
    return tmp_path


def october() -> Month:
    first = charge("M", "P", "19.1266", vat="4.0166")
    charge("P", "M", "60.00", vat="11.40")
    credit(first)
    charge("M", "P", "7.3333", vat="1.3933")
    return issue(close())


def read_pdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


class TestEveryFormat:
    @pytest.mark.parametrize("form", FORMATS)
    def test_is_the_same_bytes_each_time(self, form: str) -> None:
        statement = october().statement("M")
        assert render_statement(statement=statement, format=form) == render_statement(statement=statement, format=form)

    @pytest.mark.parametrize("form", FORMATS)
    def test_stays_as_issued_when_the_party_moves(self, form: str) -> None:
        set_details(party=a_party("DE-MMM"), details={"legal_name": "Before", "city": "Hamburg"})
        statement = october().statement("M")
        before = render_statement(statement=statement, format=form)
        set_details(party=a_party("DE-MMM"), details={"legal_name": "After", "city": "Berlin"})
        assert render_statement(statement=statement, format=form) == before

    def test_agrees_to_the_cent(self) -> None:
        statement = october().statement("M")
        files = {form: render_statement(statement=statement, format=form).content for form in FORMATS}
        told = json.loads(files["json"])
        net = Decimal(told["totals"]["net"])
        assert net == statement.net
        assert sum(Decimal(line["gross"]) for line in told["lines"]) == net
        fees = Decimal(told["totals"]["fees"])
        assert sum(Decimal(cdr["amount"]) for cdr in told["cdrs"]) - fees == net
        rows = list(csv.DictReader(io.StringIO(files["csv"].decode())))
        assert sum(Decimal(row["amount"]) for row in rows) == net
        assert {row["statement_net"] for row in rows} == {str(net)}
        book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
        head = [cell.value for cell in book["CDRs"][1]]
        column = head.index("amount")
        shown = [row[column] for row in book["CDRs"].iter_rows(min_row=2, values_only=True)]
        assert sum(Decimal(str(amount)) for amount in shown) - fees == net
        assert f"{net:,.2f} EUR" in read_pdf(files["pdf"])

    def test_a_draft_says_so_and_is_not_kept(self) -> None:
        charge("M", "P", "1.00")
        statement = close().statement("M")
        document = open_document(statement=statement, format="pdf")
        assert "DRAFT" in read_pdf(document.file.read())
        assert not Document.objects.exists()

    def test_a_party_without_cdrs_has_every_file_too(self) -> None:
        hub = october().statement("DE-HUB")
        assert all(render_statement(statement=hub, format=form).content for form in FORMATS)

    def test_refuses_what_is_no_format(self) -> None:
        statement = october().statement("M")
        with pytest.raises(UnknownFormat, match="docx"):
            open_document(statement=statement, format="docx")


class TestJson:
    def test_obeys_its_published_schema(self) -> None:
        content = render_statement(statement=october().statement("M"), format="json").content
        document = msgspec.json.decode(content, type=StatementDocument)
        assert (document.version, document.party, document.currency) == (1, "DE-MMM", "EUR")
        # Nothing stands in the file that the schema does not name.
        assert set(json.loads(content)) == set(msgspec.to_builtins(document))
        assert set(json.loads(content)["cdrs"][0]) == set(msgspec.to_builtins(document.cdrs[0]))

    def test_has_no_float_anywhere(self) -> None:
        content = render_statement(statement=october().statement("M"), format="json").content
        floats: list[str] = []
        json.loads(content, parse_float=floats.append)
        assert floats == []

    def test_the_published_schema_is_the_one_of_the_code(self) -> None:
        # Written by: python manage.py shell -c "from settlement.documents.schema import *; print(statement_schema(), end='')"
        assert Path("docs/statement.schema.json").read_text() == statement_schema()


class TestHostileText:
    @pytest.fixture
    def statement(self) -> Any:
        set_details(party=a_party("DE-MMM"), details={"legal_name": "<img src=x> &amp; ]]> Łódź", "street": "=cmd()"})
        charge(
            "M",
            "P",
            "1.00",
            id="=1+1",
            session_id='=HYPERLINK("x")',
            authorization_reference="+1",
            cdr_location=a_cdr_location(evse_id="@DE*X", id="-LOC"),
        )
        return issue(close()).statement("M")

    def test_is_text_in_a_spreadsheet(self, statement: Any) -> None:
        rows = list(csv.DictReader(io.StringIO(render_statement(statement=statement, format="csv").content.decode())))
        cdr = rows[0]
        assert (cdr["session_id"], cdr["authorization_reference"], cdr["evse_id"]) == ('\'=HYPERLINK("x")', "'+1", "'@DE*X")
        assert cdr["location_id"] == "'-LOC"
        assert cdr["cdr"] == "DE-PPP/=1+1"
        assert not [value for row in rows for value in row.values() if value.startswith(("=", "@", "+"))]
        book = openpyxl.load_workbook(io.BytesIO(render_statement(statement=statement, format="xlsx").content))
        assert [cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []

    def test_reaches_csv_and_spreadsheet_as_it_is_however_odd(self) -> None:
        odd = [
            'a,b "c" <&>',
            "_x0041_ trailing ",
            "line\nbreak\ttab",
            "\\.",
            "\\N",
            "Łódź ☂ 𝄞",
            " leading",
            "\ttab first",
            "-1",
            "'",
            '""',
            "",
            "=1",
        ]
        for number, name in enumerate(odd):
            where = a_cdr_location(id=f"L{number}", name=name, city=name[::-1], connector_id="@1")
            charge("M", "P", "1.00", session_id=f"+{number}", meter_id=name or None, cdr_location=where)
        statement = issue(close()).statement("M")
        written = render_statement(statement=statement, format="csv").content.decode()
        texts = {"location_id", "location_name", "city", "connector_id", "session_id", "meter_id"}
        expected = io.StringIO()
        writer = csv.writer(expected, lineterminator="\n")
        writer.writerow(csv_export.HEADER)
        for line in read_annex(statement=statement):
            told = {name: safe(value) if name in texts else value for name, value in line.items()} | {
                "statement": statement.number,
                "statement_net": f"{statement.net:.2f}",
                "kind": line["side"],
            }
            writer.writerow([told.get(name) for name in csv_export.HEADER])
        sheet = openpyxl.load_workbook(io.BytesIO(render_statement(statement=statement, format="xlsx").content))["CDRs"]
        head, *rows = sheet.iter_rows(values_only=True)
        assert [unescape(row[head.index("location_name")] or "") for row in rows] == odd
        assert [row[head.index("net")] for row in rows] == [1.0] * len(odd)
        assert (sheet.dimensions, sheet.auto_filter.ref) == (f"A1:{sheet.cell(1, len(head)).column_letter}{len(odd) + 1}",) * 2
        cdrs, fees = expected.getvalue(), written[len(expected.getvalue()) :]
        assert written.startswith(cdrs)
        assert [row[2] for row in csv.reader(io.StringIO(fees))] == ["fee"]

    def test_is_literal_in_a_pdf_in_every_alphabet(self, statement: Any) -> None:
        text = read_pdf(render_statement(statement=statement, format="pdf").content)
        assert "<img src=x> &amp; ]]> Łódź" in text

    def test_is_raw_in_json(self, statement: Any) -> None:
        told = json.loads(render_statement(statement=statement, format="json").content)
        assert told["cdrs"][0]["session_id"] == '=HYPERLINK("x")'


class TestPdf:
    def test_lists_so_many_cdrs_and_says_where_the_rest_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pdf_export, "MOST_CDRS", 2)
        for _ in range(3):
            charge("M", "P", "1.00")
        text = read_pdf(render_statement(statement=issue(close()).statement("M"), format="pdf").content)
        assert "The first 2 of 3" in text

    def test_breaks_what_is_wider_than_its_column_and_goes_on_over_pages(self) -> None:
        for number in range(60):
            charge("M", "P", "1.00", id=f"WIDE-{number:02}-ŁÓDŹ-WWWWWWWWWWWWWWWWWWWWWWWW")
        pages = pypdf.PdfReader(io.BytesIO(render_statement(statement=issue(close()).statement("M"), format="pdf").content)).pages
        texts = ["".join(page.extract_text().split()) for page in pages]
        whole = "".join(texts)
        assert all(whole.count(f"WIDE-{number:02}-ŁÓDŹ-WWWWWWWW") == 1 for number in range(60))
        of_rows = [text for text in texts if "WIDE-" in text]
        assert len(of_rows) > 1
        assert all("Ended(UTC)CDRCounterparty" in text for text in of_rows)

    def test_carries_its_own_fonts_and_its_pages_are_counted(self) -> None:
        reader = pypdf.PdfReader(io.BytesIO(render_statement(statement=october().statement("M"), format="pdf").content))
        fonts = set[str]()
        for page in reader.pages:
            resources: Any = page["/Resources"]
            fonts |= {str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values()}
        assert [font for font in fonts if "SourceSansPro" not in font and "Helvetica" not in font] == []
        assert all(f"page {number} of {len(reader.pages)}" in page.extract_text() for number, page in enumerate(reader.pages, start=1))

    def test_writes_numbers_and_days_as_the_reader_does(self) -> None:
        set_details(party=a_party("DE-MMM"), details={"language": "de", "country": "DE"})
        charge("M", "P", "12345.60")
        text = read_pdf(render_statement(statement=issue(close()).statement("M"), format="pdf").content)
        assert "12.345,60 EUR" in text
        assert "3. November 2026" in text
        with pytest.raises(BadDetail, match="language 'xx'"):
            set_details(party=a_party("DE-MMM"), details={"language": "xx"})

    def test_names_the_month_a_late_session_belongs_to(self) -> None:
        october()
        charge("M", "P", "1.00", ended_at=datetime(2026, 10, 9, 12, 0, tzinfo=UTC))
        november = issue(close(NOVEMBER, at=CUT_OFF_NOVEMBER), at=CUT_OFF_NOVEMBER)
        assert "late: 2026-10" in read_pdf(render_statement(statement=november.statement("M"), format="pdf").content)


class TestStore:
    def test_writes_once_under_the_name_of_the_digest(self, documents: Path) -> None:
        statement = october().statement("M")
        first, second = (open_document(statement=statement, format="csv") for _ in range(2))
        assert first.file.read() == second.file.read() == render_statement(statement=statement, format="csv").content
        stored = Document.objects.get()
        assert path_of(sha256=stored.sha256).stat().st_size == stored.size == first.size
        assert len([path for path in documents.rglob("*") if path.is_file()]) == 1

    def test_says_so_when_a_file_was_lost(self, documents: Path) -> None:
        statement = october().statement("M")
        open_document(statement=statement, format="csv").file.close()
        shutil.rmtree(documents)
        with pytest.raises(DocumentDamaged, match="missing"):
            open_document(statement=statement, format="csv")

    def test_the_background_renders_what_nobody_asked_for_yet(self) -> None:
        october()
        render_documents()
        render_documents()
        assert Document.objects.count() == 3 * 4  # M, P and the hub

    def test_a_download_is_never_cached(self) -> None:
        response = answer_with_document(statement=october().statement("M"), format="pdf")
        assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("no-store, private", "nosniff")
        assert "ST-2026-0000" in response["Content-Disposition"]
        assert b"".join(response.streaming_content).startswith(b"%PDF")  # type: ignore[arg-type]
