"""Entries are posted once, sealed as they are written, and undone only by their exact opposite."""

from datetime import date

import pytest
from django.db import connection

from settlement.ledger.balances import trial_balance
from settlement.ledger.checks import entries_fit_their_seals
from settlement.ledger.post import AccountKey, Leg, NewEntry, UnpostableEntry, post_entries
from settlement.ledger.reverse import AlreadyReversed, reverse_entry
from settlement.models import Entry, Transfer
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 31)


def account(party: str | None, kind: str, currency: str = "EUR") -> AccountKey:
    return AccountKey(a_party(party).pk if party else None, kind, currency)


def an_entry(key: str = "sale/1", amount: int = 1210, memo: str = "") -> NewEntry:
    legs = [
        Leg(account("NL-BET", "receivable"), account("DE-ALF", "payable"), amount),
        Leg(account("NL-BET", "receivable"), account(None, "fee_income"), 35),
    ]
    return NewEntry(key=key, kind="sale", effective_on=DAY, legs=legs, memo=memo)


class TestPost:
    def test_writes_entry_and_transfers_with_a_seal_that_sql_rebuilds(self) -> None:
        (entry,) = post_entries(entries=[an_entry(memo="Łódź | line\nbreak")])
        assert entry.transfers.count() == 2
        assert entries_fit_their_seals() is None

    def test_the_same_key_again_posts_nothing(self) -> None:
        post_entries(entries=[an_entry()])
        assert post_entries(entries=[an_entry(amount=9999), an_entry(key="sale/2")])[0].key == "sale/2"
        assert Transfer.objects.filter(amount_minor=9999).count() == 0

    def test_balances_sum_to_zero_in_each_currency(self) -> None:
        sek = Leg(account("NL-BET", "receivable", "SEK"), account("DE-ALF", "payable", "SEK"), 50)
        post_entries(entries=[an_entry(), NewEntry("sale/sek", "sale", DAY, [sek])])
        balances = trial_balance()
        for currency in ("EUR", "SEK"):
            assert sum(balance.balance_minor for balance in balances if balance.currency == currency) == 0
        assert {balance.balance_minor for balance in trial_balance(key_prefix="sale/sek")} == {-50, 50}

    @pytest.mark.parametrize(
        ("debit", "credit", "amount", "why"),
        [
            (("NL-BET", "receivable"), ("DE-ALF", "payable"), 0, "not a positive amount"),
            (("NL-BET", "receivable"), ("NL-BET", "receivable"), 1, "both sides"),
            (("NL-BET", "receivable", "SEK"), ("DE-ALF", "payable"), 1, "do not mix"),
        ],
    )
    def test_refuses_what_moves_nothing(self, debit: tuple[str, ...], credit: tuple[str, ...], amount: int, why: str) -> None:
        leg = Leg(account(*debit), account(*credit), amount)
        with pytest.raises(UnpostableEntry, match=why):
            post_entries(entries=[NewEntry("x", "x", DAY, [leg])])
        with pytest.raises(UnpostableEntry, match="moves nothing"):
            post_entries(entries=[NewEntry("x", "x", DAY, [])])
        assert not Entry.objects.exists()


class TestReverse:
    def test_brings_every_balance_back_to_zero_and_names_what_it_undoes(self) -> None:
        (entry,) = post_entries(entries=[an_entry()])
        reversal = reverse_entry(entry=entry, reason="meter misread", effective_on=DAY)
        assert reversal.reverses == entry
        assert {balance.balance_minor for balance in trial_balance()} == {0}
        assert entries_fit_their_seals() is None

    def test_happens_once(self) -> None:
        (entry,) = post_entries(entries=[an_entry()])
        reversal = reverse_entry(entry=entry, reason="x", effective_on=DAY)
        for twice in (entry, reversal):
            with pytest.raises(AlreadyReversed):
                reverse_entry(entry=twice, reason="x", effective_on=DAY)


def test_accounts_are_opened_once() -> None:
    post_entries(entries=[an_entry(), an_entry(key="sale/2")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlement_account")
        assert cursor.fetchone()[0] == 3
