"""The annex spreads cents in SQL exactly as the pure rule does."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from settlement.netting.rounding import spread
from settlement.statements.annex import read_annex
from tests.builders.charges import some_terms
from tests.builders.months import charge, close, credit

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
