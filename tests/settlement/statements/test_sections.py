"""The seventeen sections say the same as the lines, and every export shows them."""

import io
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest

from roaming import canonical
from roaming.models import Authorization, Location
from settlement.documents.render import render_statement
from settlement.models import PlannedPayment
from settlement.netting.references import reference_of
from settlement.payments.import_bank import import_bank
from settlement.statements.content import read_content
from settlement.terms.details import set_details
from settlement.terms.rates import load_rates
from tests.builders.bank import IBAN, Entry, a_bank_file
from tests.builders.canonical_messages import a_cdr_location, a_location
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import Month, charge, close, credit, issue
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november(settings: Any, tmp_path: Path) -> Month:
    """M owes P: a session in Sweden of 7.3333, a late one of 1.00, and the credit of 19.1266; one more is held."""
    settings.DOCUMENTS_DIR = tmp_path
    some_terms(hub_fee=Decimal("0.35"))
    load_rates(content=b"Date,SEK,\n2026-11-27,11.0525,\n")
    set_details(party=a_party("DE-MMM"), details={"vat_id": "DE111111125"})
    first = charge("M", "P", "19.1266", vat="3.6341")
    issue(close())
    set_details(party=a_party("DE-PPP"), details={"iban": IBAN["B"]})
    paid = PlannedPayment.objects.get(payee=a_party("DE-PPP"))
    content = a_bank_file("B", Entry("20.00", reference=reference_of(payment=paid.pk)))
    import_bank(content=content, name="", by="", by_role="", at=CUT_OFF_NOVEMBER.replace(month=11, day=17))
    tell_how_the_hub_answered()
    credit(first, received_at=CUT_OFF_NOVEMBER.replace(month=11, day=10))
    ended_at = CUT_OFF_NOVEMBER.replace(month=11, day=5)
    charge("M", "P", "7.3333", vat="1.8333", ended_at=ended_at, cdr_location=a_cdr_location(country="SWE"))
    charge("M", "P", "3.00", ended_at=ended_at, known=False)
    charge("M", "P", "1.00", ended_at=datetime(2026, 10, 9, 12, 0, tzinfo=UTC))
    month = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    tell_the_mix()
    return issue(month, at=CUT_OFF_NOVEMBER)


def tell_how_the_hub_answered() -> None:
    for outcome, duration_ms in (("ALLOWED", 20), ("TIMEOUT", 100)):
        Authorization.objects.create(
            id=uuid.uuid4(),
            at=CUT_OFF_NOVEMBER.replace(month=11, day=5),
            platform_id=1,
            operator=a_party("DE-PPP"),
            provider=a_party("DE-MMM"),
            token_uid="CARD1",
            token_type="RFID",
            outcome=outcome,
            source="provider",
            duration_ms=duration_ms,
        )


def tell_the_mix() -> None:
    mix = canonical.EnergyMix(
        is_green_energy=True,
        energy_sources=tuple(
            canonical.EnergySource(source=source, percentage=Decimal(share)) for source, share in (("WIND", 60), ("SOLAR", 40))
        ),
        environ_impact=(canonical.EnvironmentalImpact(category="CARBON_DIOXIDE", amount=Decimal(20)),),
    )
    Location.objects.create(
        owner=a_party("DE-PPP"),
        location_id="LOC-1",
        location_key="LOC-1",
        publish=True,
        document=canonical.to_builtins(a_location(energy_mix=mix)),
        digest=b"",
        last_updated=CUT_OFF_NOVEMBER,
    )


def rows(month: Month, number: int, of: str = "M") -> list[dict[str, str]]:
    section = read_content(statement=month.statement(of)).sections[number - 1]
    assert section.number == number
    return [dict(zip(section.columns, row, strict=True)) for row in section.rows]


def test_every_section_stands_in_its_place(november: Month) -> None:
    sections = read_content(statement=november.statement("M")).sections
    assert [section.number for section in sections] == list(range(1, 18))
    assert all(section.rows or section.note for section in sections)


def test_the_net_position_adds_up(november: Month) -> None:
    told = {row["what"]: Decimal(row["amount"]) for row in rows(november, 2)}
    parts = ("carried in or on", "charges as provider", "revenue as operator", "hub fees with VAT", "settled in another currency")
    assert sum(told[name] for name in parts) == told["to receive (+) or to pay (-)"] == november.statement("M").net
    # October's 22.76 was planned (to P and, for its fee, to the hub); 20.00 of it came between the two statements.
    names = ("open of earlier statements", "payments made since the last statement", "still open of earlier statements")
    assert [told[name] for name in names] == [Decimal("-22.76"), Decimal("20.00"), Decimal("-2.76")]
    assert told["balance with this statement"] == Decimal("-2.76") + november.statement("M").net


def test_energy_mix_and_measured_service_are_told(november: Month) -> None:
    # 20 kWh of November, 20 late and 20 taken back; 20 g of CO2 per kWh.
    mix = [(row["source"], Decimal(row["kWh"]), row["share %"], row["CO2 kg"]) for row in rows(november, 16)]
    assert mix == [("WIND", Decimal(12), "60.00", "0.240"), ("SOLAR", Decimal(8), "40.00", "0.160")]
    service = [row["what"] for row in rows(november, 12) if row["what"].startswith("measured")]
    assert service == [
        "measured: authorisations asked for",
        "measured: answered, 50.00 %",
        "measured: half within 60 ms, 95 % within 96 ms",
    ]


def test_vat_is_told_in_the_currency_of_the_country(november: Month) -> None:
    (sweden,) = [row for row in rows(november, 4) if row["charged in"] == "SWE"]
    assert (sweden["VAT"], sweden["VAT local"], sweden["at"]) == ("1.8333", "20.26", "SEK, ECB 2026-11-27")  # 1.8333 × 11.0525


def test_invoices_corrections_late_and_held_cdrs_are_named(november: Month) -> None:
    documents = {row["number"]: row for row in rows(november, 6)}
    assert {row["type"] for row in documents.values()} == {"380", "381"}
    assert {row["date"] for row in documents.values()} == {"2026-12-03"}
    assert set(documents) == {row["number"] for row in rows(november, 6, "P") if row["from"] == "DE-PPP" and row["to"] == "DE-MMM"}
    (correction,) = rows(november, 7)
    assert (correction["of"], correction["net"]) == ("2026-10", "-19.1266")
    (late,) = rows(november, 8)
    assert (late["ended in"], late["gross"]) == ("2026-10", "1.00")
    (held,) = rows(november, 10)
    assert (held["reason"], held["count"], held["value"]) == ("TOKEN_UNKNOWN", "1", "3.00")


def test_sessions_cdrs_and_statement_are_bridged(november: Month) -> None:
    steps = {row["step"]: int(row["count"]) for row in rows(november, 14)}
    arrived = steps["CDRs of sessions that ended in it"]
    less = sum(count for step, count in steps.items() if step.startswith("less"))
    assert (arrived, less, steps["settled in this period"]) == (2, -1, 1)
    assert steps["settled in this period"] + steps["plus: of earlier periods, late or credited"] == steps["CDRs on this statement"] == 3


def test_paper_and_workbook_show_them(november: Month) -> None:
    statement = november.statement("M")
    book = openpyxl.load_workbook(io.BytesIO(render_statement(statement=statement, format="xlsx").content))
    assert "4 By country and VAT treatment" in book.sheetnames
    assert [cell.value for cell in book["2 Net position"]["B"]][-3] == float(statement.net)
    pages = pypdf.PdfReader(io.BytesIO(render_statement(statement=statement, format="pdf").content)).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert "17 Legal notes" in text
    assert "SEK, ECB 2026-11-27" in text.replace("\n", " ")
