"""Worked months with many parties, many hands and power cuts: finance §7, cases 7, 20, 36 and, small, 40."""

import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from django.core.management import call_command
from django.db import connections

from roaming import canonical
from settlement.clearing.clear import clear_everything, clear_pending
from settlement.clearing.roll_up import differing_days
from settlement.ledger.balances import trial_balance
from settlement.ledger.verify import verify_ledger
from settlement.models import Account, PairTotal, Position, Statement
from settlement.netting.positions import plan_payments
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.charges import CUT_OFF, some_terms, the_default_set
from tests.builders.months import CHECKER, MAKER, charge, close


def test_case_07_two_hundred_parties_need_at_most_one_payment_fewer_and_always_the_same() -> None:
    chance = random.Random(2026)
    amounts = [chance.randint(-5_000_000, 5_000_000) for _ in range(199)]
    parties = [canonical.PartyId("DE", f"{number:03}") for number in range(200)]
    positions = {party: Decimal(amount).scaleb(-2) for party, amount in zip(parties, [*amounts, -sum(amounts)], strict=True)}
    plan = plan_payments(positions)
    moved: dict[canonical.PartyId, Decimal] = defaultdict(Decimal)
    for payment in plan:
        assert payment.amount > 0
        assert payment.amount * 100 == int(payment.amount * 100)
        moved[payment.payee] += payment.amount
        moved[payment.payer] -= payment.amount
    assert len(plan) <= sum(1 for amount in positions.values() if amount) - 1
    assert {party: moved[party] for party in parties} == positions
    assert plan == plan_payments(dict(reversed(positions.items())))


@pytest.mark.django_db(transaction=True)
def test_case_20_cdrs_that_race_with_a_close_are_in_exactly_one_period() -> None:
    some_terms()
    now = datetime.now(UTC)
    period = canonical.Period.month_of(canonical.Period.month_of(now).starts_at - timedelta(days=1))

    def receive() -> None:
        for number in range(30):
            charge("M", "P", "1.25", ended_at=period.ends_at - timedelta(hours=number + 1), received_at=datetime.now(UTC))
            clear_pending(at=now)

    at_once(receive, receive, lambda: close(period, at=now))
    clear_everything(at=now)
    close(period.next(), at=period.next().ends_at)
    told = PairTotal.objects.values_list("count", "exact_net")
    assert (sum(count for count, _ in told), sum(net for _, net in told)) == (60, Decimal("75.0000"))
    assert verify_ledger().ok


def at_once(*works: Callable[[], object]) -> None:
    """This function will run pieces of work at the same moment, each on a connection of its own; a failure is raised here."""
    failed: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@pytest.mark.django_db(transaction=True)
def test_case_36_sixty_statements_are_numbered_without_a_gap_however_often_the_power_fails() -> None:
    some_terms()
    for number in range(30):
        charge(f"NL-{number:03}", f"DE-{number:03}", "10.00")
    run = approve_run(run=close().run, by=CHECKER, by_role="checker", at=CUT_OFF)
    for milliseconds in (15, 90):
        connections.close_all()
        child = os.fork()
        if child == 0:
            try:
                issue_run(run=run, by=MAKER, by_role="maker", at=CUT_OFF)
            finally:
                os._exit(0)
        time.sleep(milliseconds / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert Statement.objects.exclude(number=None).count() in (0, 60)
    issue_run(run=run, by=MAKER, by_role="maker", at=CUT_OFF)
    numbers = list(Statement.objects.order_by("number").values_list("number", flat=True))
    assert numbers == [f"ST-2026-{number:05}" for number in range(1, 61)]
    assert verify_ledger().ok


@pytest.mark.django_db
def test_case_40_in_small_three_currencies_agree_from_cdr_to_auditor(tmp_path: Path) -> None:
    some_terms()
    chance = random.Random(40)
    for _ in range(60):
        debtor, creditor = chance.sample("ABCDE", 2)
        net = Decimal(chance.randint(1, 500_000)).scaleb(-4)
        currency = chance.choice(["EUR", "SEK", "CHF"])
        charge(debtor, creditor, str(net), currency=currency, ended_at=CUT_OFF - timedelta(days=chance.randint(4, 30)))
    run = close().run
    assert differing_days(netting_set=the_default_set().pk, period="2026-10") == []
    output = tmp_path / "ledger.beancount"
    call_command("export_ledger", format="beancount", output=output, json=True)
    entries, errors, _ = loader.load_file(str(output))
    assert errors == []
    postings = [posting for entry in entries if isinstance(entry, data.Transaction) for posting in entry.postings]
    for currency in ("EUR", "SEK", "CHF"):
        positions = list(Position.objects.filter(run=run, currency=currency))
        owed = sum(position.payable for position in positions)
        pairs = PairTotal.objects.filter(run=run, currency=currency).values_list("gross", flat=True)
        assert sum(position.net for position in positions) == 0
        assert sum(position.receivable for position in positions) == owed == sum(pairs)
        booked = sum(
            balance.balance_minor for balance in trial_balance() if (balance.kind, balance.currency) == (Account.Kind.RECEIVABLE, currency)
        )
        replayed = Decimal(0)
        for posting in postings:
            if posting.account.startswith("Assets:Receivable") and posting.units and posting.units.currency == currency:
                replayed += posting.units.number or 0
        assert Decimal(booked).scaleb(-2) == replayed == owed
