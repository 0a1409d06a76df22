"""Read payments: what is paid, what is open and for how long, and what each party is exposed with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from roaming.models import Party
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.payments.dunning import stage_of
from settlement.payments.models import BankEntry, PaymentMatch, PaymentOrder
from settlement.statements.models import Statement

_NOTHING = Decimal(0)


class Standing(NamedTuple):
    """Where a planned payment stands. `open` is never negative: what was paid beyond it is on account."""

    payment: PlannedPayment
    paid: Decimal
    state: str  # proposed, approved, exported, sent, part_paid, paid, returned
    due_on: date | None
    days_overdue: int
    stage: int

    @property
    def open(self) -> Decimal:
        """What is still to be paid."""
        return max(self.payment.amount - self.paid, _NOTHING)

    @property
    def over(self) -> Decimal:
        """What came beyond the payment: it is on account and comes back with the next period."""
        return max(self.paid - self.payment.amount, _NOTHING)


class Exposure(NamedTuple):
    """What a party owes in one currency: open payments, what of them is overdue, and charges of open periods."""

    party: str
    currency: str
    open: Decimal
    overdue: Decimal
    days_overdue: int
    unbilled: Decimal
    receivable: Decimal

    @property
    def total(self) -> Decimal:
        """What the others lose if this party stops paying today."""
        return self.open + self.unbilled


def list_standings(*, payments: Iterable[PlannedPayment], on: date) -> list[Standing]:
    """This function will tell where payments stand on a day, in the order given; it asks the database four times."""
    wanted = list(payments)
    matches: dict[int, list[PaymentMatch]] = defaultdict(list)
    for match in PaymentMatch.objects.filter(payment__in=[payment.pk for payment in wanted]).order_by("id"):
        matches[match.payment_id].append(match)
    runs = {payment.run_id for payment in wanted}
    exported = set(PaymentOrder.objects.filter(run__in=runs).values_list("run_id", "party_id"))
    due = {
        (run, party, currency): due_on
        for run, party, currency, due_on in Statement.objects.filter(run__in=runs, state=Statement.State.ISSUED).values_list(
            "run_id", "party_id", "currency", "due_on"
        )
    }
    return [
        _standing(payment, matches[payment.pk], due.get((payment.run_id, payment.payer_id, payment.currency)), exported, on)
        for payment in wanted
    ]


def _standing(
    payment: PlannedPayment, matches: list[PaymentMatch], due_on: date | None, exported: set[tuple[int, int]], on: date
) -> Standing:
    paid = sum((match.amount for match in matches), _NOTHING)
    is_open = paid < payment.amount
    days = max((on - due_on).days, 0) if due_on is not None and is_open else 0
    return Standing(payment, paid, _state(payment, matches, paid, exported), due_on, days, stage_of(days_overdue=days))


def _state(payment: PlannedPayment, matches: list[PaymentMatch], paid: Decimal, exported: set[tuple[int, int]]) -> str:
    if paid >= payment.amount:
        return "paid"
    if paid > 0:
        return "part_paid"
    if matches:
        return "sent" if matches[-1].kind == PaymentMatch.Kind.SENT else "returned"
    if exported & {(payment.run_id, payment.payer_id), (payment.run_id, payment.payee_id)}:
        return "exported"
    return "proposed" if payment.run.state == NettingRun.State.DRAFT else "approved"


def list_payments() -> QuerySet[PlannedPayment]:
    """This function will list the planned payments of runs that were not voided, newest run first."""
    rows = PlannedPayment.objects.exclude(run__state=NettingRun.State.VOID).select_related("run__netting_set", "payer", "payee")
    return rows.order_by("-run_id", "currency", "payer_id", "payee_id")


def list_open(*, on: date) -> list[Standing]:
    """This function will list payments of issued runs that are not fully paid, the longest overdue first."""
    unpaid = list_payments().filter(run__state=NettingRun.State.ISSUED)
    open_ones = [standing for standing in list_standings(payments=unpaid, on=on) if standing.open]
    return sorted(open_ones, key=lambda standing: (-standing.days_overdue, standing.payment.pk))


def list_unmatched() -> QuerySet[BankEntry]:
    """This function will list bank entries that nothing was found for, oldest first."""
    return BankEntry.objects.filter(matches=None).select_related("party", "file").order_by("booked_on", "id")


# Charges of periods that no run has closed yet: what a provider used and nobody asked for so far.
_UNBILLED = """
SELECT charge.provider_id, charge.currency, sum(charge.gross) FROM settlement_charge charge
WHERE NOT EXISTS (
    SELECT FROM settlement_settlementperiod p
    WHERE p.netting_set_id = charge.netting_set_id AND p.name = charge.period AND p.state = 'closed'
)
GROUP BY charge.provider_id, charge.currency
"""


def list_exposure(*, on: date) -> list[Exposure]:
    """This function will list what each party owes, and is owed, in each currency on a day; the largest total first.

    Payments of drafts and approved runs count as open too: they will be asked for.
    """
    rows = list_payments().filter(run__state__in=(NettingRun.State.APPROVED, NettingRun.State.ISSUED, NettingRun.State.DRAFT))
    owes: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    owed: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for standing in list_standings(payments=rows, on=on):
        owes[standing.payment.payer_id, standing.payment.currency].append(standing)
        owed[standing.payment.payee_id, standing.payment.currency] += standing.open
    with connection.cursor() as cursor:
        cursor.execute(_UNBILLED)
        unbilled = {(party, currency): gross for party, currency, gross in cursor.fetchall()}
    names = _names({party for party, _ in (*owes, *owed, *unbilled)})
    told = [
        Exposure(
            party=names[party],
            currency=currency,
            open=sum((standing.open for standing in owes[party, currency]), _NOTHING),
            overdue=sum((standing.open for standing in owes[party, currency] if standing.days_overdue), _NOTHING),
            days_overdue=max((standing.days_overdue for standing in owes[party, currency]), default=0),
            unbilled=unbilled.get((party, currency), _NOTHING),
            receivable=owed[party, currency],
        )
        for party, currency in {*owes, *owed, *unbilled}
    ]
    return sorted(told, key=lambda one: (one.currency, -one.total, one.party))


def _names(rows: set[int]) -> Mapping[int, str]:
    return {party.pk: str(party.key) for party in Party.objects.filter(pk__in=rows)}
