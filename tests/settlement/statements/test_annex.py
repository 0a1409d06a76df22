"""The annex spreads cents in SQL exactly as the pure rule does."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from roaming import canonical
from settlement.netting.rounding import spread
from settlement.statements.annex import read_annex
from tests.builders.canonical_messages import a_tariff
from tests.builders.charges import some_terms
from tests.builders.months import charge, close, credit, issue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_spreads_like_the_pure_rule_also_where_signs_are_mixed(currency: str) -> None:
    some_terms()
    chance = random.Random(currency)
    cdrs = [
        charge(
            chance.choice("MN"),
            "P",
            str(Decimal(chance.randint(1, 90_000)).scaleb(-4)),
            vat="0",
            currency=currency,
            ended_at=datetime(2026, 10, 1, 12, 0, tzinfo=UTC) + timedelta(days=chance.randint(0, 29)),
        )
        for _ in range(40)
    ]
    for cdr in chance.sample(cdrs, 15):
        credit(cdr)
    statement = close().statement("P", currency)
    lines = list(read_annex(statement=statement))
    assert [line["line"] for line in lines] == list(range(1, 56))
    for provider in {line["provider"] for line in lines}:
        group = [line for line in lines if line["provider"] == provider]
        total = sum((pair.gross for pair in statement.run.pair_totals.filter(provider__party_id=provider[3:])), Decimal(0))
        pure = spread(total=total, parts=[Decimal(line["gross"]) for line in group], currency=currency)
        assert [Decimal(line["shown"]) for line in group] == pure
    assert sum(Decimal(line["amount"]) for line in lines) == statement.net


def test_both_sides_show_the_same_amount_for_a_cdr() -> None:
    some_terms()
    for net in ("0.3350", "0.3350", "0.3350", "7.7777"):
        charge("M", "P", net)
    month = close()
    sides = [{line["cdr"]: line["shown"] for line in month.document(party)["cdrs"]} for party in "MP"]
    assert sides[0] == sides[1]


def test_contract_ids_stand_in_the_providers_copy_only() -> None:
    some_terms()
    charge("M", "P", "1.00")
    month = close()
    assert [line["contract_id"] != "" for party in "MP" for line in month.document(party)["cdrs"]] == [True, False]


def test_says_what_cdr_terms_and_invoice_know() -> None:
    some_terms()
    first = charge(
        "M",
        "P",
        "7.00",
        total_energy_cost=canonical.Price(before_taxes=Decimal("6.20")),
        total_fixed_cost=canonical.Price(before_taxes=Decimal("0.80")),
        total_parking_time=Decimal("0.25"),
        meter_id="M-1",
        extensions={"MeterValueStart": "100.5", "MeterValueEnd": "120.5"},
    )
    credit(first)
    charge("N", "P", "1.00")
    power = tuple(canonical.Dimension(type=kind, volume=Decimal(much)) for kind, much in (("ENERGY", "20"), ("MAX_POWER", "9.5")))
    period = canonical.ChargingPeriod(start_date_time=first.started_at, dimensions=power)
    priced = charge("M", "P", "7.80", tariffs=(a_tariff(operator=canonical.PartyId("DE", "PPP")),), charging_periods=(period,))
    month = issue(close())
    lines = {line["cdr"]: line for line in month.document("P")["cdrs"]}
    line, taken_back = lines[f"DE-PPP/{first.cdr_id}"], lines[f"DE-PPP/{first.cdr_id}-C"]
    number = month.statement("P").number
    assert [line["invoice_number"], taken_back["invoice_number"]] == [f"{number}-DE-MMM", f"{number}-DE-MMM-C"]
    # 7.00 is 6.20 + 0.80, and no limit of the tariff added or took anything; the credit is the exact negative.
    names = ("energy_amount", "flat_amount", "time_amount", "min_max_adjustment")
    assert [line[name] for name in names] == ["6.20", "0.80", None, "0.0000"]
    assert [taken_back[name] for name in names] == ["-6.20", "-0.80", None, "0.0000"]
    assert [line[name] for name in ("meter_start", "meter_end", "max_kw", "unit_prices", "tariff_version")] == [
        "100.5",
        "120.5",
        None,
        "",
        "",
    ]
    line_of_tariff = lines[f"DE-PPP/{priced.cdr_id}"]
    told = [line_of_tariff[name] for name in ("meter_start", "max_kw", "unit_prices", "tariff_version")]
    assert told == [None, "9.5", "ENERGY 0.39", "2026-09-01T08:00:00Z"]
    assert [line[name] for name in ("out_of_order_seconds", "rebate", "fx_rate", "settlement_currency", "net_settled")] == [None] * 5
    assert (line["charging_seconds"], line["parking_seconds"], line["meter_id"]) == (2700, 900, "M-1")
    assert (line["ended_at"], line["ended_local"], line["time_zone"]) == ("2026-10-05T11:00:00Z", "2026-10-05T13:00:00", "Europe/Berlin")
    assert (line["city"], line["vat_code"], line["operator_name"]) == ("Hamburg", "Z", "Company DE-PPP")
    assert (
        line["token_ref"]
        == taken_back["token_ref"]
        != lines[next(name for name in lines if lines[name]["provider"] == "DE-NNN")]["token_ref"]
    )
    assert len(line["token_ref"]) == 16
