"""A dispute between its two sides: who may say what, what each word books, the clocks, and where a CDR stands meanwhile."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.models import Cdr
from settlement.clearing.assign import assign_hold
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Hold
from settlement.disputes.accept import accept_cdr
from settlement.disputes.answer import NotYours, WrongAnswer, WrongSide, answer_dispute
from settlement.disputes.assign import assign_dispute
from settlement.disputes.attach import WrongFile, show_file
from settlement.disputes.end import OpenerDecides, ResolvedAlready
from settlement.disputes.escalate import escalate_overdue
from settlement.disputes.evidence import evidence_pack
from settlement.disputes.life import Life, history_of, life_of
from settlement.disputes.models import Dispute
from settlement.disputes.open import AcceptedAlready, open_dispute, open_disputes
from settlement.disputes.queries import OPEN, list_disputes, sum_at_risk
from settlement.disputes.resolve import resolve_dispute
from settlement.ledger.verify import verify_ledger
from settlement.terms.rights import RoleMayNot
from tests.builders.charges import CUT_OFF, a_charged_cdr, a_credit_for, some_terms
from tests.builders.months import close
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 20, tzinfo=UTC)
PROVIDER, OPERATOR = "m@bet.example", "p@alf.example"


@pytest.fixture
def cdr() -> Cdr:
    some_terms()
    sealed = a_charged_cdr(net="100.00")
    clear_everything(at=AT)
    return sealed


def doubt(cdr: Cdr, amount: str = "12.10", *, at: datetime = AT) -> Dispute:
    return open_dispute(
        cdr=cdr,
        reason="wrong_price",
        amount=Decimal(amount),
        by=PROVIDER,
        by_role="partner-finance",
        at=at,
        party=a_party("NL-BET"),
    )


def operator_says(dispute: Dispute, answer: str, *, offered: str | None = None, text: str = "") -> Dispute:
    return answer_dispute(
        dispute=dispute,
        by=OPERATOR,
        by_role="partner-finance",
        at=AT,
        answer=answer,
        text=text,
        party=a_party("DE-ALF"),
        offered=None if offered is None else Decimal(offered),
    )


def provider_says(dispute: Dispute, answer: str) -> Dispute:
    return answer_dispute(dispute=dispute, by=PROVIDER, by_role="partner-finance", at=AT, answer=answer, party=a_party("NL-BET"))


def booked(dispute: Dispute) -> list[tuple[str, Decimal]]:
    return [(row.kind, row.gross) for row in dispute.adjustments.order_by("id")]


class TestAnswers:
    def test_accepting_ends_it_as_not_owed(self, cdr: Cdr) -> None:
        ended = operator_says(doubt(cdr), "accept")
        assert (ended.state, ended.resolved_by, booked(ended)) == ("upheld", OPERATOR, [("withheld", Decimal("-12.10"))])
        with pytest.raises(ResolvedAlready):
            operator_says(ended, "decline")
        assert life_of(cdr, at=AT) == Life.REDUCED
        assert verify_ledger().ok

    def test_an_offer_is_agreed_by_the_side_that_doubts(self, cdr: Cdr) -> None:
        opened = doubt(cdr)
        with pytest.raises(WrongAnswer, match="nothing is offered"):
            provider_says(opened, "agree")
        offered = operator_says(opened, "offer", offered="5.00", text="start fee was wrong")
        assert (offered.state, offered.offered_amount) == ("answered", Decimal("5.00"))
        with pytest.raises(WrongSide):
            operator_says(opened, "agree")
        ended = provider_says(opened, "agree")
        assert (ended.state, ended.upheld_amount) == ("split", Decimal("5.00"))
        assert booked(ended) == [("withheld", Decimal("-12.10")), ("released", Decimal("7.10"))]
        assert verify_ledger().ok

    def test_who_doubts_may_withdraw_and_owes_it_all(self, cdr: Cdr) -> None:
        ended = provider_says(operator_says(doubt(cdr), "decline"), "withdraw")
        assert (ended.state, booked(ended)[-1]) == ("rejected", ("released", Decimal("12.10")))
        assert life_of(cdr, at=AT) == Life.STANDS

    @pytest.mark.parametrize("amount", ["0", "12.10", "-1", "NaN", "1.00001"])
    def test_offers_lie_between_nothing_and_all(self, cdr: Cdr, amount: str) -> None:
        with pytest.raises(WrongAnswer):
            operator_says(doubt(cdr), "offer", offered=amount)

    def test_no_side_speaks_for_the_other_and_strangers_are_silent(self, cdr: Cdr) -> None:
        opened = doubt(cdr)
        with pytest.raises(OpenerDecides):
            provider_says(opened, "accept")
        with pytest.raises(WrongSide):
            provider_says(opened, "decline")
        with pytest.raises(WrongSide):
            operator_says(opened, "withdraw")
        with pytest.raises(NotYours):
            answer_dispute(dispute=opened, by="x@gam.example", by_role="partner-finance", at=AT, text="hm", party=a_party("NL-GAM"))
        with pytest.raises(WrongAnswer):
            operator_says(opened, "")
        with pytest.raises(RoleMayNot):
            answer_dispute(dispute=opened, by="a@hub.example", by_role="auditor", at=AT, text="hm")


class TestWhoDecides:
    def test_the_hub_decides_also_what_its_own_staff_wrote_down_for_a_partner(self, cdr: Cdr) -> None:
        opened = open_dispute(cdr=cdr, reason="tax", amount=Decimal(1), by="checker@hub.example", by_role="checker", at=AT)
        with pytest.raises(RoleMayNot):
            resolve_dispute(dispute=opened, outcome="upheld", by="x@bet.example", by_role="partner-finance", at=AT)
        assert resolve_dispute(dispute=opened, outcome="upheld", by="checker@hub.example", by_role="checker", at=AT).state == "upheld"


class TestClocks:
    def test_follow_the_window_of_the_terms_and_end_with_the_arbiter(self) -> None:
        some_terms(dispute_days=9)
        silent, talking = a_charged_cdr(net="10.00"), a_charged_cdr(net="10.00")
        clear_everything(at=AT)
        opened = doubt(silent, "1.00")
        assert (opened.answer_due_at - AT, opened.resolve_due_at - AT) == (timedelta(days=3), timedelta(days=9))
        operator_says(doubt(talking, "1.00"), "decline")
        assert escalate_overdue(at=AT + timedelta(days=2)) == []
        assert [row.pk for row in escalate_overdue(at=AT + timedelta(days=4))] == [opened.pk]
        assert escalate_overdue(at=AT + timedelta(days=5)) == []
        opened.refresh_from_db()
        (said,) = opened.messages.all()
        assert (opened.state, said.text) == ("escalated", "nobody answered until 2026-10-23: the arbiter decides")
        with pytest.raises(RoleMayNot, match="may not arbitrate dispute"):
            resolve_dispute(dispute=opened, outcome="upheld", by="maker@hub.example", by_role="maker", at=AT)
        assert resolve_dispute(dispute=opened, outcome="upheld", by="c@hub.example", by_role="checker", at=AT).state == "upheld"
        assert len(escalate_overdue(at=AT + timedelta(days=10))) == 1


class TestAcceptance:
    def test_of_a_part_disputes_the_rest(self, cdr: Cdr) -> None:
        told: dict[str, Any] = {"cdr": cdr, "by": PROVIDER, "by_role": "partner-finance", "at": AT, "party": a_party("NL-BET")}
        accept_cdr(**told, amount=Decimal("87.90"), reason="wrong_energy")
        (opened,) = list_disputes(party=a_party("NL-BET"), states=OPEN)
        assert (opened.amount, opened.reason) == (Decimal("12.10"), "wrong_energy")
        provider_says(opened, "withdraw")
        with pytest.raises(AcceptedAlready):
            doubt(cdr, "12.11")
        doubt(cdr, "12.10")
        assert close().positions()["DE-ALF"] == Decimal("87.90")

    def test_of_everything_ends_the_doubt_before_it_begins(self, cdr: Cdr) -> None:
        with pytest.raises(NotYours):
            accept_cdr(cdr=cdr, by=OPERATOR, by_role="partner-finance", at=AT, party=a_party("DE-ALF"))
        accept_cdr(cdr=cdr, by=PROVIDER, by_role="partner-finance", at=AT)
        assert life_of(cdr, at=AT) == Life.ACCEPTED
        for _again in range(2):
            with pytest.raises(AcceptedAlready):
                doubt(cdr, "0.01")

    def test_is_silence_until_the_window_ends(self, cdr: Cdr) -> None:
        close(at=CUT_OFF)
        assert life_of(cdr, at=CUT_OFF) == Life.IN_STATEMENT
        assert life_of(cdr, at=CUT_OFF + timedelta(days=31)) == Life.AUTO_ACCEPTED


def test_revised_is_credited_and_sent_anew_under_the_same_session(cdr: Cdr) -> None:
    opened = doubt(cdr)
    promised = operator_says(opened, "revise", text="wrong tariff")
    assert (promised.state, promised.answer) == ("answered", "revise")
    credit = a_credit_for(cdr)
    token = canonical.decode(cdr.body, canonical.Cdr).cdr_token
    fresh = a_charged_cdr(net="87.90", session_id=cdr.session_id, cdr_token=token, received_at=AT, known=False)
    clear_everything(at=AT)
    opened.refresh_from_db()
    assert (opened.state, opened.credit, opened.replacement, opened.upheld_amount) == ("revised", credit, fresh, Decimal("12.10"))
    assert life_of(cdr, at=AT) == Life.REVISED
    told = [(step.state, step.before, step.after) for step in history_of(cdr, at=AT) if step.state in (Life.DISPUTED, Life.REVISED)]
    assert told == [(Life.DISPUTED, Decimal("100.00"), Decimal("87.90")), (Life.REVISED, Decimal("87.90"), Decimal(0))]
    assert close().positions()["DE-ALF"] == Decimal("87.90")
    assert verify_ledger().ok


def test_several_lines_are_disputed_under_one_name_or_none_is(cdr: Cdr) -> None:
    other = a_charged_cdr(net="50.00")
    clear_everything(at=AT)
    opened = open_disputes(cdrs=[cdr, other], group="site 7", reason="other", by=PROVIDER, by_role="partner-finance", at=AT)
    assert [(row.group, row.amount) for row in opened] == [("site 7", Decimal("100.00")), ("site 7", Decimal("50.00"))]
    assert sum_at_risk(party=a_party("NL-BET")) == {"EUR": Decimal("150.00")}
    assert sum_at_risk(party=a_party("NL-GAM")) == {}
    (first,) = list_disputes(limit=1)
    assert [row.pk for row in list_disputes(after=first.pk, limit=5)] == [opened[1].pk]


def test_what_a_side_shows_is_in_the_pack(cdr: Cdr) -> None:
    opened = doubt(cdr)
    told: dict[str, Any] = {"dispute": opened, "by": PROVIDER, "by_role": "partner-finance", "at": AT, "party": a_party("NL-BET")}
    shown = show_file(name="../../meter.txt", content=b"4711", **told)
    assert shown.name == "meter.txt"
    assert show_file(name="again.txt", content=b"4711", **told) == shown
    with pytest.raises(WrongFile):
        show_file(name="empty.txt", content=b"", **told)
    with pytest.raises(NotYours):
        show_file(name="a.txt", content=b"1", **(told | {"party": a_party("NL-GAM")}))
    with zipfile.ZipFile(io.BytesIO(evidence_pack(opened))) as pack:
        assert pack.read(f"files/{opened.pk}-{shown.pk}-meter.txt") == b"4711"


def test_holds_and_disputes_get_an_owner(cdr: Cdr) -> None:
    held = a_charged_cdr(known=False)
    clear_everything(at=AT)
    hold = assign_hold(hold=Hold.objects.get(cdr=held), to="c@hub.example", by="m@hub.example", by_role="maker", due_at=CUT_OFF)
    assert (hold.assigned_to, hold.due_at) == ("c@hub.example", CUT_OFF)
    assert assign_dispute(dispute=doubt(cdr), to="c@hub.example", by="m@hub.example", by_role="maker").assigned_to == "c@hub.example"
    with pytest.raises(RoleMayNot):
        assign_hold(hold=hold, to="x", by=PROVIDER, by_role="partner-finance")
    assert life_of(held, at=AT) == Life.HELD
