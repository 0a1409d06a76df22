"""Worked months of payments: case 38 of finance §7, and what banks do beside it: returns, wrong payers, files twice."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pypdf
import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from hub.users.keep import keep_user
from settlement.ledger.balances import trial_balance
from settlement.ledger.verify import verify_ledger
from settlement.models import BankEntry, DunningLetter, PaymentMatch, PlannedPayment, SettlementTerms
from settlement.netting.references import reference_of
from settlement.payments.dun import dun
from settlement.payments.import_bank import Imported, UnknownAccount, import_bank
from settlement.payments.letters import LetterDecided, NothingOpen, release_letter, withhold_letter
from settlement.payments.mail import mail_letters
from settlement.payments.match import CannotMatch, match_by_hand
from settlement.payments.queries import Standing, list_exposure, list_payments, list_standings, list_unmatched
from settlement.payments.settled import settlement_of
from settlement.terms.details import set_details
from settlement.terms.rights import RoleMayNot
from tests.builders.bank import IBAN, Entry, a_bank_file
from tests.builders.charges import CUT_OFF_NOVEMBER, NOVEMBER, some_terms
from tests.builders.months import MAKER, Month, charge, close, issue
from tests.builders.parties import a_party
from tests.builders.people import PASSWORD

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def books_hold_at_the_end() -> Iterator[None]:
    some_terms()
    for letter, iban in IBAN.items():
        set_details(party=a_party(f"DE-{letter * 3}"), details={"legal_name": f"Company {letter}", "iban": iban})
    yield
    verification = verify_ledger()
    assert verification.ok, verification.broken


def october() -> Month:
    charge("A", "B", "112.10")
    return issue(close())


def rf() -> str:
    return reference_of(payment=PlannedPayment.objects.get().pk)


def bank(account: str, *entries: Entry, by: str = MAKER, role: str = "treasurer") -> Imported:
    return import_bank(content=a_bank_file(account, *entries), name="bank.xml", by=by, by_role=role, at=AT)


def standing() -> Standing:
    (one,) = list_standings(payments=list_payments().filter(run__period="2026-10"), on=AT.date())
    return one


def told() -> tuple[str, Decimal]:
    return standing().state, standing().open


def run_is(month: Month) -> tuple[str, str, Decimal, Decimal, Decimal]:
    """The state of the run and of A's statement, and what A still pays, paid too much and got back."""
    standing = settlement_of(run=month.run, on=AT.date())
    (of_a,) = [one for one in standing.statements if str(one.statement.party.key) == "DE-AAA"]
    return standing.state, of_a.state, of_a.to_pay.open, of_a.to_pay.over, of_a.to_pay.returned


def balance(kind: str) -> int:
    return sum(balance.balance_minor for balance in trial_balance() if balance.kind == kind)


def test_case_38_two_receipts_pay_and_the_same_file_twice_changes_nothing() -> None:
    month = october()
    assert run_is(month)[:3] == ("issued", "issued", Decimal("112.10"))
    first = bank("B", Entry("100.00", reference=rf()), Entry("12.10", reference=f"thanks {rf()}"))
    assert (first.entries, first.new, first.matched) == (2, 2, 2)
    assert told() == ("paid", Decimal("0.00"))
    assert (balance("receivable"), balance("payable")) == (0, 0)
    assert run_is(month)[:3] == ("settled", "paid", Decimal("0.00"))
    again = bank("B", Entry("100.00", reference=rf()), Entry("12.10", reference=f"thanks {rf()}"))
    assert (again.entries, again.new, again.matched) == (2, 0, 0)
    assert (BankEntry.objects.count(), PaymentMatch.objects.count()) == (2, 2)


def test_case_38_too_little_leaves_ten_cents_open() -> None:
    month = october()
    bank("B", Entry("112.00", reference=rf()))
    assert told() == ("part_paid", Decimal("0.10"))
    assert run_is(month)[:3] == ("part_paid", "part_paid", Decimal("0.10"))
    (exposed,) = [row for row in list_exposure(on=AT.date()) if row.party == "DE-AAA"]
    assert (exposed.open, exposed.unbilled, exposed.total) == (Decimal("0.10"), Decimal(0), Decimal("0.10"))


def test_case_38_too_much_is_on_account_and_carried_into_the_next_month() -> None:
    month = october()
    bank("B", Entry("112.20", reference=rf()))
    assert told() == ("paid", Decimal("0.00"))
    assert run_is(month)[1:4] == ("paid", Decimal("0.00"), Decimal("0.10"))
    charge("A", "B", "50.00", ended_at=datetime(2026, 11, 5, tzinfo=UTC))
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.lines("A", "carry") == [Decimal("0.10")]
    assert november.positions() == {"A": Decimal("-49.90"), "B": Decimal("49.90")}


def test_a_debit_at_the_payers_bank_only_says_that_money_is_on_its_way() -> None:
    month = october()
    bank("A", Entry("-112.10", end_to_end=f"R{month.run.pk}-DE-AAA-DE-BBB", other="B"))
    assert told() == ("sent", Decimal("112.10"))
    bank("A", Entry("112.10", reference=rf(), returned="AC04", key="K2"))
    assert told() == ("returned", Decimal("112.10"))
    assert balance("receivable") == 11210


def test_money_that_went_back_is_owed_again_and_what_was_on_account_with_it() -> None:
    month = october()
    bank("B", Entry("120.00", reference=rf(), key="K1"))
    bank("B", Entry("-120.00", reference=rf(), returned="MS03", key="K2"))
    assert told() == ("returned", Decimal("112.10"))
    assert run_is(month) == ("returned", "returned", Decimal("112.10"), Decimal("0.00"), Decimal("120.00"))
    assert (balance("receivable"), balance("payable")) == (11210, -11210)
    november = close(NOVEMBER, at=CUT_OFF_NOVEMBER)
    assert november.lines("A", "carry") == [Decimal("7.90"), Decimal("-7.90")]
    assert november.positions()["A"] == Decimal(0)


def test_without_a_reference_amount_or_payer_decide_and_strangers_wait_for_a_person() -> None:
    october()
    stranger = bank("B", Entry("112.10", other="C", key="K1"))
    assert (stranger.new, stranger.matched) == (1, 0)
    bank("B", Entry("60.00", other="A", key="K2"), Entry("52.10", other="A", key="K3"))
    assert [match.found_by for match in PaymentMatch.objects.order_by("id")] == ["payer", "amount"]
    (entry,) = list_unmatched()
    payment = PlannedPayment.objects.select_related("run").get()
    with pytest.raises(RoleMayNot):
        match_by_hand(entry=entry, payment=payment, by=MAKER, by_role="auditor", at=AT)
    assert match_by_hand(entry=entry, payment=payment, by=MAKER, by_role="maker", at=AT).amount == Decimal("112.10")
    with pytest.raises(CannotMatch, match="matched already"):
        match_by_hand(entry=entry, payment=payment, by=MAKER, by_role="maker", at=AT)


def test_nothing_is_read_for_strangers_accounts_or_by_those_who_may_not() -> None:
    october()
    with pytest.raises(UnknownAccount, match="ends in 3000"):
        import_bank(content=a_bank_file("GB33BUKB20201555553000", Entry("1.00")), name="", by="", by_role="", at=AT)
    with pytest.raises(RoleMayNot):
        bank("B", Entry("1.00"), role="auditor")
    assert not BankEntry.objects.exists()


def test_overdue_payments_pass_four_stages_once_each_and_letters_wait_for_a_person(mailoutbox: list[EmailMessage]) -> None:
    # Due on 2026-11-17, fourteen days from the third.
    SettlementTerms.objects.update(late_interest=9)
    set_details(party=a_party("DE-AAA"), details={"language": "de"})
    october()
    stages: list[tuple[int, int, object]] = []
    for day in (17, 19, 20, 20, 27):
        stages += [(day, notice.stage, notice.open_amount) for notice in dun(at=datetime(2026, 11, day, tzinfo=UTC))]
    stages += [(7, notice.stage, notice.days_overdue) for notice in dun(at=datetime(2026, 12, 7, tzinfo=UTC))]
    assert stages == [(20, 1, Decimal("112.10")), (27, 2, Decimal("112.10")), (7, 3, 20)]
    # Each has a letter; a later stage takes the place of the letters that nobody released.
    assert list(DunningLetter.objects.order_by("id").values_list("notice__stage", "state")) == [
        (1, "withheld"),
        (2, "withheld"),
        (3, "draft"),
    ]
    assert mail_letters(at=AT) == len(mailoutbox) == 0
    third = DunningLetter.objects.get(state="draft").pk
    december = datetime(2026, 12, 8, tzinfo=UTC)
    with pytest.raises(RoleMayNot):
        release_letter(letter_id=third, by=MAKER, by_role="auditor", at=december)
    release_letter(letter_id=third, by=MAKER, by_role="maker", at=december)
    with pytest.raises(LetterDecided, match="is released"):
        withhold_letter(letter_id=third, reason="paid", by=MAKER, by_role="maker", at=december)
    keep_user(email="ap@aaa.example", password=PASSWORD, party=a_party("DE-AAA").key, role="partner-finance")
    assert [mail_letters(at=december), mail_letters(at=december), len(mailoutbox)] == [1, 0, 1]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        DunningLetter.objects.filter(pk=third).update(content="{}")
    (mail,) = mailoutbox
    assert (mail.to, mail.bcc) == ([], ["ap@aaa.example"])
    page = pypdf.PdfReader(io.BytesIO(mail.attachments[0].content)).pages[0].extract_text()  # 112.10 × 9 % × 21 / 365
    for words in ("Zweite Mahnung", "Offen", "112,10 EUR", "Zinsen, 9,00 % im Jahr", "0,58 EUR", "112,68 EUR", "13. Dezember 2026", rf()):
        assert words in page.replace("\n", " ")
    bank("B", Entry("112.10", reference=rf()))
    assert dun(at=datetime(2026, 12, 31, tzinfo=UTC)) == []


def test_a_letter_about_a_payment_that_came_meanwhile_is_not_released() -> None:
    october()
    dun(at=datetime(2026, 11, 20, tzinfo=UTC))
    bank("B", Entry("112.10", reference=rf()))
    letter = DunningLetter.objects.get()
    with pytest.raises(NothingOpen, match="not overdue any more"):
        release_letter(letter_id=letter.pk, by=MAKER, by_role="maker", at=datetime(2026, 11, 21, tzinfo=UTC))
    assert withhold_letter(letter_id=letter.pk, reason="paid", by=MAKER, by_role="maker", at=AT).state == "withheld"
