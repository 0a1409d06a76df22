"""Is a run settled? Each statement and the whole run, as the payments stand that banks told of.

Nothing here is stored: a run stays `issued` in its row, and what was paid follows from matched bank entries, so a return that comes
late opens it again by itself (finance §6.2: settled is when every receivable and payable of the run is paid).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from settlement.disputes.models import Dispute
from settlement.disputes.queries import OPEN
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.payments.models import PaymentMatch
from settlement.payments.queries import Standing, list_standings
from settlement.statements.models import Statement

_NOTHING = Decimal(0)


class Money(NamedTuple):
    """Payments of one currency summed up: what was planned, came, is missing, came beyond, and went back again."""

    planned: Decimal
    received: Decimal
    open: Decimal
    over: Decimal
    returned: Decimal
    payments: int
    paid: int
    days_overdue: int


class StatementStanding(NamedTuple):
    """Where a statement stands: `to_pay` counts payments that its party makes, `to_receive` those made to it."""

    statement: Statement
    state: str  # draft, void; issued, disputed, returned, part_paid, paid
    to_pay: Money
    to_receive: Money


class RunStanding(NamedTuple):
    """Where a run stands, per currency and statement."""

    run: NettingRun
    state: str  # draft, approved, void; issued, returned, part_paid, settled
    money: dict[str, Money]
    statements: list[StatementStanding]


def settlement_of(*, run: NettingRun, on: date) -> RunStanding:
    """This function will tell what of a run was paid, short, over and returned on a day; it asks the database seven times."""
    plan = PlannedPayment.objects.filter(run=run).select_related("run", "payer", "payee").order_by("currency", "id")
    standings = list_standings(payments=plan, on=on)
    returned = _returned(run)
    by_currency: dict[str, list[Standing]] = defaultdict(list)
    by_payer: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    by_payee: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    for standing in standings:
        payment = standing.payment
        by_currency[payment.currency].append(standing)
        by_payer[payment.payer_id, payment.currency].append(standing)
        by_payee[payment.payee_id, payment.currency].append(standing)
    disputed = Dispute.objects.filter(
        cdr__charge__netting_set=run.netting_set_id, cdr__charge__period=run.period, state__in=OPEN, currency=OuterRef("currency")
    )
    statements = (
        Statement.objects.filter(run=run)
        .annotate(
            sold_in_dispute=Exists(disputed.filter(cdr__owner=OuterRef("party"))),
            bought_in_dispute=Exists(disputed.filter(cdr__provider=OuterRef("party"))),
        )
        .select_related("party")
        .defer("content")
        .order_by("currency", "party__country_code", "party__party_id")
    )
    money = {currency: _sum(of, returned) for currency, of in by_currency.items()}
    return RunStanding(
        run=run,
        state=_state_of(run.state, list(money.values()), done="settled"),
        money=money,
        statements=[
            _statement(row, by_payer[row.party_id, row.currency], by_payee[row.party_id, row.currency], returned) for row in statements
        ],
    )


def _statement(
    statement: Statement, pays: Sequence[Standing], receives: Sequence[Standing], returned: dict[int, Decimal]
) -> StatementStanding:
    to_pay, to_receive = _sum(pays, returned), _sum(receives, returned)
    state = _state_of(statement.state, [to_pay, to_receive], done="paid")
    is_disputed = getattr(statement, "sold_in_dispute", False) or getattr(statement, "bought_in_dispute", False)
    return StatementStanding(statement, "disputed" if state == "issued" and is_disputed else state, to_pay, to_receive)


def _state_of(stored: str, sides: Sequence[Money], *, done: str) -> str:
    """This function will name the state of what was issued by its money; where nothing is to be paid, it is done."""
    if stored != NettingRun.State.ISSUED:
        return stored
    if not any(side.open for side in sides):
        return done
    if any(side.received for side in sides):
        return "part_paid"
    return "returned" if any(side.returned for side in sides) else "issued"


def _sum(standings: Sequence[Standing], returned: dict[int, Decimal]) -> Money:
    return Money(
        planned=sum((one.payment.amount for one in standings), _NOTHING),
        received=sum((one.paid for one in standings), _NOTHING),
        open=sum((one.open for one in standings), _NOTHING),
        over=sum((one.over for one in standings), _NOTHING),
        returned=sum((returned.get(one.payment.pk, _NOTHING) for one in standings), _NOTHING),
        payments=len(standings),
        paid=sum(one.state == "paid" for one in standings),
        days_overdue=max((one.days_overdue for one in standings), default=0),
    )


def _returned(run: NettingRun) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    went_back = PaymentMatch.objects.filter(payment__run=run, kind=PaymentMatch.Kind.RETURNED)
    for payment, amount in went_back.values_list("payment_id", "amount"):
        sums[payment] -= amount
    return sums
