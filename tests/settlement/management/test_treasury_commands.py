"""The commands of netting, payments and the ledger, as scripts call them: one JSON object, refusals with a sentence."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from hub.users.keep import keep_user
from roaming.canonical import PartyId
from settlement.models import PlannedPayment
from settlement.netting.references import reference_of
from settlement.payments.dun import dun
from settlement.terms.details import set_details
from settlement.terms.rates import NoRate, rate_for
from tests.builders.bank import IBAN, Entry, a_bank_file
from tests.builders.charges import some_terms
from tests.builders.months import charge
from tests.builders.parties import a_party
from tests.builders.people import PASSWORD

pytestmark = pytest.mark.django_db


def arguments(options: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


def tell(name: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(name, "--json", *arguments(options), stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def refusal(name: str, **options: Any) -> str:
    with pytest.raises(CommandError) as refused:
        call_command(name, *arguments(options), stdout=io.StringIO())
    return str(refused.value)


@pytest.fixture(autouse=True)
def people() -> None:
    for role in ("maker", "checker", "treasurer"):
        keep_user(email=f"{role}@hub.example", password=PASSWORD, role=role)
    keep_user(email="second@hub.example", password=PASSWORD, role="treasury-checker")
    some_terms()


def a_second_approver_releases_what_is_above_the_cap(order: dict[str, Any]) -> None:
    assert tell("set_netting", payment_cap="82.09", by="maker@hub.example")["payment_cap"] == "82.09"
    assert "moves 82.10 EUR, above the cap of 82.09" in refusal("export_payments", by="treasurer@hub.example", **order)
    assert "another person" in refusal("release_payments", run=order["run"], by="checker@hub.example")
    assert "may not release payments" in refusal("release_payments", run=order["run"], by="treasurer@hub.example")
    released = tell("release_payments", run=order["run"], by="second@hub.example")
    assert (released["totals"], released["released_by"]) == ({"EUR": "82.10"}, "second@hub.example")
    assert "released already" in refusal("release_payments", run=order["run"], by="second@hub.example")
    assert "another person must" in refusal("export_payments", by="second@hub.example", **order)


def it_is_settled_and_no_letter_waits(run: int, folder: Path) -> None:
    settled = tell("show_settlement", run=run)
    assert (settled["state"], settled["currencies"]["EUR"]["received"]) == ("settled", "82.10")
    assert {row["party"]: row["state"] for row in settled["statements"]} == {"DE-AAA": "paid", "DE-BBB": "paid", "DE-CCC": "paid"}
    overdue = datetime(2027, 9, 1, tzinfo=UTC)
    assert (dun(at=overdue), tell("list_letters")) == ([], {"letters": []})
    assert "there is no letter 1" in refusal("release_letter", letter=1, by="maker@hub.example")
    assert "there is no letter 1" in refusal("export_letter", letter=1, output=folder / "letter.pdf")


def test_a_month_from_rules_to_receipts_and_back_out_to_the_auditor(tmp_path: Path) -> None:
    rules = {"by": "maker@hub.example", "mode": "bilateral", "de_minimis": "25.00"}
    assert tell("set_netting", **rules) == {
        "netting_set": "default",
        "cycle": "monthly",
        "mode": "bilateral",
        "de_minimis": "25",
        "payment_cap": None,
        "zone": "UTC",
        "excluded": [],
    }
    assert "may not change netting" in refusal("set_netting", mode="gross", by="treasurer@hub.example")
    assert "is not an amount" in refusal("set_netting", de_minimis="NaN", by="maker@hub.example")
    rates = tmp_path / "rates.csv"
    rates.write_text("Date,SEK\n2026-10-30,11.0525\n")
    assert tell("load_rates", file=rates) == {"source": "ECB", "rates": 1, "new": 1, "latest": "2026-10-30"}
    assert "cannot be read" in refusal("load_rates", file=tmp_path / "none.csv")

    ended_at = datetime(2026, 9, 5, 11, 0, tzinfo=UTC)
    for debtor, creditor, net in (("A", "B", "112.10"), ("B", "C", "30.00"), ("C", "A", "24.99")):
        charge(debtor, creditor, net, ended_at=ended_at)
    first = tell("close_period", period="2026-09", by="maker@hub.example")
    assert first["carried_on"] == [{"from": "DE-CCC", "to": "DE-AAA", "currency": "EUR", "amount": "24.99"}]
    voided = tell("void_run", run=first["run"], by="checker@hub.example", reason="wrong mode")
    assert (voided["state"], voided["voided_by"]) == ("void", "checker@hub.example")
    tell("set_netting", by="maker@hub.example", mode="multilateral")
    run = tell("close_period", period="2026-09", by="maker@hub.example")
    assert (run["sum"], run["payments"]) == (
        "0.00",
        [
            {"from": "DE-AAA", "to": "DE-BBB", "currency": "EUR", "amount": "82.10"},
        ],
    )
    assert run["carried_on"] == [{"from": "DE-AAA", "to": "DE-CCC", "currency": "EUR", "amount": "5.01"}]
    progress = tell("list_progress", period="2026-09")
    assert (progress["attempt"], progress["done"], progress["of"]) == (2, 2, 2)  # the day was rolled up by the first attempt

    tell("approve_run", run=run["run"], by="checker@hub.example")
    tell("issue_run", run=run["run"], by="maker@hub.example")
    for letter in "AB":
        set_details(party=a_party(f"DE-{letter * 3}"), details={"legal_name": f"Company {letter}", "iban": IBAN[letter]})
    order = {"run": run["run"], "output": tmp_path / "order.xml", "payer": a_party("DE-AAA").key}
    assert "approved run" in refusal("export_payments", by="checker@hub.example", **order)
    a_second_approver_releases_what_is_above_the_cap(order)
    assert tell("export_payments", by="treasurer@hub.example", **order)["total"] == "82.10"
    mandate = {"payer": a_party("DE-AAA").key, "payee": a_party("DE-BBB").key}
    tell("sign_mandate", mandate_id="M-1", signed_on="2026-01-02", creditor_id="NL72ZZZ123456", **mandate)
    collected = tell("export_collections", run=run["run"], output=tmp_path / "collect.xml", payee=mandate["payee"])
    assert (collected["payments"], collected["total"]) == (1, "82.10")
    stranger = {"run": run["run"], "output": tmp_path / "none.xml"}
    assert "XX-YYY is not a party" in refusal("export_collections", payee=PartyId("XX", "YYY"), **stranger)
    assert "XX-YYY is not a party" in refusal("export_payments", payer=PartyId("XX", "YYY"), **stranger)

    payment = PlannedPayment.objects.get(run=run["run"])
    bank = tmp_path / "bank.xml"
    bank.write_bytes(a_bank_file("B", Entry("80.00", reference=reference_of(payment=payment.pk), key="K1"), Entry("2.10", key="K2")))
    brought = tell("import_bank", file=bank, by="treasurer@hub.example")
    assert (brought["entries"], brought["new"], brought["matched"], brought["unmatched"]) == (2, 2, 1, 1)
    assert tell("import_bank", file=bank)["new"] == 0
    (entry,) = tell("list_bank_entries")["entries"]
    assert tell("match_bank", entry=entry["entry"], payment=payment.pk, by="maker@hub.example")["amount"] == "2.1"
    (paid,) = [row for row in tell("list_payments")["payments"] if row["run"] == run["run"]]
    assert (paid["state"], paid["open"], paid["reference"]) == ("paid", "0.00", reference_of(payment=payment.pk))
    it_is_settled_and_no_letter_waits(run["run"], tmp_path)
    assert {row["party"]: row["open"] for row in tell("list_exposure")["exposure"]} == {"DE-AAA": "0.00", "DE-BBB": "0.00"}
    assert tell("trial_balance")["sums"] == {"EUR": "0.00"}
    assert tell("export_ledger", format="beancount", output=tmp_path / "books.beancount")["lines"] > 10
    assert tell("verify_ledger")["ok"]


def test_an_iban_that_is_there_is_changed_by_two_people() -> None:
    party = a_party("DE-AAA").key
    assert tell("set_party_details", party=party, iban=IBAN["A"])["iban"] == IBAN["A"]
    assert tell("set_party_details", party=party, iban=IBAN["A"], city="Bonn")["city"] == "Bonn"
    assert "propose_account" in refusal("set_party_details", party=party, iban=IBAN["B"])
    change = tell("propose_account", party=party, iban=IBAN["B"], by="maker@hub.example", reason="called back")
    assert (change["state"], change["iban"]) == ("proposed", "…4300")
    decided = {"change": change["change"], "outcome": "approve"}
    assert "may not approve account" in refusal("decide_account", by="maker@hub.example", **decided)
    assert tell("decide_account", by="checker@hub.example", **decided)["state"] == "approved"
    assert tell("set_party_details", party=party)["iban"] == IBAN["B"]


def test_a_rate_by_hand_takes_two_people_and_says_where_it_is_from() -> None:
    told = {"currency": "UAH", "on": "2026-10-30", "per_euro": "48.5", "reason": "National Bank of Ukraine, table of the day"}
    assert "may not propose rate" in refusal("propose_rate", by="checker@hub.example", **told)
    assert "above zero" in refusal("propose_rate", by="maker@hub.example", **{**told, "per_euro": "NaN"})
    assert "day to come" in refusal("propose_rate", by="maker@hub.example", **{**told, "on": "2999-01-01"})
    proposal = tell("propose_rate", by="maker@hub.example", **told)["proposal"]
    with pytest.raises(NoRate):
        rate_for(currency="UAH", on=date(2026, 10, 31))
    assert "proposed or confirmed already" in refusal("propose_rate", by="treasurer@hub.example", **told)
    assert "may not approve rate" in refusal("decide_rate", proposal=proposal, outcome="approve", by="maker@hub.example")
    decided = tell("decide_rate", proposal=proposal, outcome="approve", by="second@hub.example")
    assert (decided["state"], decided["proposed_by"], decided["decided_by"]) == ("approved", "maker@hub.example", "second@hub.example")
    rate = rate_for(currency="UAH", on=date(2026, 10, 31))
    assert (rate.per_euro, rate.source, rate.published_on) == (Decimal("48.5"), "manual", date(2026, 10, 30))
    listed = tell("list_rates", on="2026-10-31")
    assert listed["rates"] == [{"currency": "UAH", "per_euro": "48.5", "published_on": "2026-10-30", "source": "manual"}]
    assert [(row["reason"], row["decided_by"]) for row in listed["proposals"]] == [(told["reason"], "second@hub.example")]
    assert tell("list_rates", on="2026-11-05")["rates"] == []  # older than five days
    assert "no proposed rate" in refusal("decide_rate", proposal=proposal, outcome="refuse", by="second@hub.example")
