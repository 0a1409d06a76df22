"""Payments in the admin: what was planned, what banks told, and accounts only by their last characters."""

from datetime import timedelta

import pytest
from django.urls import reverse

from settlement.models import BankEntry, DunningLetter, PlannedPayment
from settlement.netting.references import reference_of
from settlement.payments.dun import dun
from settlement.payments.import_bank import import_bank
from settlement.terms.details import set_details
from tests.builders.bank import IBAN, Entry, a_bank_file
from tests.builders.charges import CUT_OFF, some_terms
from tests.builders.months import charge, close, issue
from tests.builders.parties import a_party
from tests.builders.people import staff

pytestmark = pytest.mark.django_db


def test_shows_what_was_received_for_each_payment_and_hides_accounts() -> None:
    some_terms()
    set_details(party=a_party("DE-BBB"), details={"legal_name": "Company B", "iban": IBAN["B"]})
    charge("A", "B", "112.10")
    issue(close())
    payment = PlannedPayment.objects.get()
    reference = reference_of(payment=payment.pk)
    entries = (Entry("100.00", reference=reference, key="K1"), Entry("7.00", key="K2"))
    import_bank(content=a_bank_file("B", *entries), name="", by="", by_role="", at=CUT_OFF)
    client = staff("treasurer")
    listed = client.get(reverse("admin:settlement_plannedpayment_changelist")).content.decode()
    assert reference in listed
    assert "112.10" in listed
    assert "100.00" in listed
    told = client.get(reverse("admin:settlement_plannedpayment_change", args=[payment.pk])).content.decode()
    assert "received by the payee" in told
    pages = [reverse("admin:settlement_bankentry_changelist")]
    pages += [reverse("admin:settlement_bankentry_change", args=[entry.pk]) for entry in BankEntry.objects.all()]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert IBAN["B"] not in answer.content.decode()
    unmatched = client.get(pages[0], {"matches__isempty": "1"}).content.decode()
    assert "7.00" in unmatched
    assert "100.00" not in unmatched


def test_a_letter_waits_in_the_admin_until_somebody_who_may_decides() -> None:
    some_terms()
    charge("A", "B", "112.10")
    issue(close())
    dun(at=CUT_OFF + timedelta(days=18))
    letter = DunningLetter.objects.get()
    client = staff("treasurer")
    listed = client.get(reverse("admin:settlement_dunningletter_changelist")).content.decode()
    assert "stage 1: reminder" in listed
    assert "112.10" in listed
    asks = client.get(reverse("admin:settlement_dunningletter_release", args=[letter.pk])).content.decode()
    assert "cannot be taken back" in asks
    client.post(reverse("admin:settlement_dunningletter_withhold", args=[letter.pk]), {"reason": "called, pays today"})
    letter.refresh_from_db()
    assert (letter.state, letter.reason, letter.decided_by) == ("withheld", "called, pays today", "treasurer@hub.example")
    assert client.get(reverse("admin:settlement_dunningletter_change", args=[letter.pk])).status_code == 200
