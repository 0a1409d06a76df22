"""Collections under mandates, read back by the names of pain.008.001.08, and who may take a bank file out."""

from datetime import date
from xml.etree import ElementTree

import pytest

from settlement.models import NettingRun, PaymentOrder
from settlement.payments.bank_file import CannotInstruct
from settlement.payments.collect import MandateRunning, collect_payments, end_mandate, sign_mandate
from settlement.payments.instruct import Instruction, instruct_payments
from settlement.payments.take import ApproverCannotOrder, take_order
from settlement.statements.approve import approve_run
from settlement.terms.accounts import (
    ChangeUnderWay,
    NeedsTwoPeople,
    ProposerCannotDecide,
    decide_account,
    propose_account,
    refuse_another_account,
)
from settlement.terms.details import get_details, set_details
from settlement.terms.rights import RoleMayNot
from tests.builders.bank import IBAN
from tests.builders.charges import CUT_OFF, some_terms
from tests.builders.months import CHECKER, MAKER, charge, close
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> NettingRun:
    some_terms()
    for letter, iban in IBAN.items():
        set_details(party=a_party(f"DE-{letter * 3}"), details={"legal_name": f"Company {letter}", "iban": iban})
    charge("A", "C", "100.00")
    charge("B", "C", "50.50")
    return approve_run(run=close().run, by=CHECKER, by_role="checker", at=CUT_OFF)


def a_mandate(payer: str = "DE-AAA", **told: object) -> None:
    kept = {"mandate_id": "M-1", "signed_on": date(2026, 1, 2), "creditor_id": "FR72ZZZ123456", **told}
    sign_mandate(payer=a_party(payer), payee=a_party("DE-CCC"), **kept)  # type: ignore[arg-type]


def told(order: Instruction, name: str) -> list[str | None]:
    return [node.text for node in ElementTree.fromstring(order.content).iter(f"{{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}}{name}")]  # noqa: S314


class TestCollect:
    def test_collects_under_mandates_and_names_what_is_left_out(self, run: NettingRun) -> None:
        a_mandate()
        order = collect_payments(run=run, payee=a_party("DE-CCC"))
        assert (told(order, "InstdAmt"), told(order, "MndtId"), told(order, "DtOfSgntr")) == (["100.00"], ["M-1"], ["2026-01-02"])
        assert told(order, "IBAN") == [IBAN["C"], IBAN["A"]]
        assert (told(order, "CtrlSum")[0], order.left_out) == ("100.00", ["50.50 EUR from DE-BBB"])
        assert order == collect_payments(run=run, payee=a_party("DE-CCC"))

    def test_needs_a_mandate_that_holds(self, run: NettingRun) -> None:
        a_mandate()
        with pytest.raises(MandateRunning, match="M-1"):
            a_mandate(mandate_id="M-2")
        assert end_mandate(payer=a_party("DE-AAA"), payee=a_party("DE-CCC"), at=CUT_OFF)
        with pytest.raises(CannotInstruct, match="no payment in EUR under a mandate"):
            collect_payments(run=run, payee=a_party("DE-CCC"))


class TestTake:
    def test_is_for_those_who_may_and_did_not_approve(self, run: NettingRun) -> None:
        order = instruct_payments(run=run, payer=a_party("DE-AAA"))

        def take(by: str, role: str) -> PaymentOrder:
            kind = PaymentOrder.Kind.TRANSFERS
            return take_order(run=run, party=a_party("DE-AAA"), kind=kind, order=order, by=by, by_role=role, at=CUT_OFF)

        with pytest.raises(ApproverCannotOrder):
            take(CHECKER, "checker")
        with pytest.raises(RoleMayNot):
            take("auditor@hub.example", "auditor")
        assert take("treasurer@hub.example", "treasurer") == take(MAKER, "maker")


class TestAccount:
    def test_is_changed_by_two_people_only(self, run: NettingRun) -> None:
        party = a_party("DE-AAA")
        with pytest.raises(NeedsTwoPeople, match="propose_account"):
            refuse_another_account(party=party, iban=IBAN["B"])
        refuse_another_account(party=party, iban=IBAN["A"])

        def propose() -> int:
            return propose_account(party=party, iban=IBAN["B"], reason="called them", by=CHECKER, by_role="treasurer", at=CUT_OFF).pk

        change = propose()
        with pytest.raises(ChangeUnderWay):
            propose()
        with pytest.raises(ProposerCannotDecide):
            decide_account(change=change, approve=True, by=CHECKER.upper(), by_role="checker", at=CUT_OFF)
        with pytest.raises(RoleMayNot):
            decide_account(change=change, approve=True, by=MAKER, by_role="maker", at=CUT_OFF)
        assert get_details(party=party)["iban"] == IBAN["A"]
        decide_account(change=change, approve=True, by="second@hub.example", by_role="treasury-checker", at=CUT_OFF)
        assert get_details(party=party)["iban"] == IBAN["B"]
