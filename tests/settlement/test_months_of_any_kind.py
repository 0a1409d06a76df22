"""Any order of intake, repeats, credits, clearing, releases, disputes, revisions, closes, voids and issues keeps invariants 1 to 9.

The invariants are those of reliability §5.3. CDRs come through the door of roaming (`receive_cdr`); a plain model in dictionaries
predicts every position. Each example is rolled back, the next one starts on an empty hub.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from roaming import canonical
from roaming.cdrs.checks import RefusedCdr
from roaming.cdrs.receive import CdrAlreadySealed, receive_cdr
from roaming.models import Cdr
from settlement.clearing.clear import clear_everything, clear_pending
from settlement.clearing.release import CannotRelease, NotHeld, release_hold
from settlement.disputes.answer import answer_dispute
from settlement.disputes.models import Dispute
from settlement.disputes.open import DisputedAlready, open_dispute
from settlement.disputes.resolve import resolve_dispute
from settlement.documents.render import render_statement
from settlement.ledger.verify import verify_ledger
from settlement.models import Charge, Hold, NettingRun, Position, Statement
from settlement.netting.close import close_period
from settlement.netting.void import void_run
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from settlement.terms.rates import load_rates
from tests.builders import canonical_messages as messages
from tests.builders.charges import some_terms, tell_what_is_needed, the_default_set
from tests.builders.parties import a_provider, an_operator

_NOW = datetime.now(UTC)
_THIS = canonical.Period.month_of(_NOW)
_LATER = canonical.Period.month_of(_THIS.starts_at - timedelta(days=1))
_EARLIER = canonical.Period.month_of(_LATER.starts_at - timedelta(days=1))
_MONTHS = (_EARLIER, _LATER)
_OPERATORS, _PROVIDERS = ("DE-ALF", "DE-DUA"), ("NL-BET", "DE-DUA")
_PAIRS = [(operator, provider) for operator in _OPERATORS for provider in _PROVIDERS if operator != provider]
_FEE = Decimal("0.0350")
_SEK = Decimal("11.0525")  # per euro, in which every pair settles

cents = st.integers(1, 5_000_000).map(lambda units: Decimal(units).scaleb(-4))


class AnyMonth(RuleBasedStateMachine):
    """What partners and finance may do, in any order."""

    cdrs = Bundle("cdrs")
    issued = Bundle("issued")

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.number = 0
        self.sealed: dict[str, canonical.Cdr] = {}
        self.known: dict[str, bool] = {}
        self.credited: dict[str, str] = {}
        self.released: set[str] = set()
        self.pending: list[str] = []
        self.charged: dict[str, str] = {}  # CDR to the period it is booked in
        self.disputes: dict[str, Dispute] = {}
        self.adjusted: list[tuple[str, str, Decimal]] = []  # CDR, period, net
        self.closed: dict[str, dict[str, Decimal]] = {}
        self.frozen: dict[int, tuple[bytes, bytes]] = {}

    @initialize()
    def open_the_hub(self) -> None:
        for key in _OPERATORS:
            an_operator(key)
        for key in _PROVIDERS:
            a_provider(key)
        some_terms(hub_fee=_FEE, hub_fee_payer="provider", settle_in="EUR", starts=(_EARLIER.starts_at - timedelta(days=60)).date())
        days = "".join(f"{(month.ends_at - timedelta(days=1)).date()},{_SEK}\n" for month in _MONTHS)
        load_rates(content=f"Date,SEK\n{days}".encode())

    @rule(
        target=cdrs,
        pair=st.sampled_from(_PAIRS),
        net=cents,
        rate=st.sampled_from([0, 19, 21]),
        month=st.sampled_from(_MONTHS),
        hours=st.integers(1, 200),
        known=st.sampled_from([True, True, True, False]),
        currency=st.sampled_from(["EUR", "EUR", "SEK"]),
    )
    def receive(
        self, pair: tuple[str, str], net: Decimal, rate: int, month: canonical.Period, hours: int, known: bool, currency: str
    ) -> str:
        self.number += 1
        operator, provider = map(canonical.PartyId.parse, pair)
        vat = (net * rate / 100).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        ended_at = month.ends_at - timedelta(hours=hours)
        uid = f"CARD{self.number:04}"
        cdr = messages.a_cdr(
            operator=operator,
            provider=provider,
            currency=currency,
            id=f"CDR-{self.number}",
            session_id=f"SESSION-{self.number}",
            start_date_time=ended_at - timedelta(hours=1),
            end_date_time=ended_at,
            cdr_token=messages.a_cdr_token(provider=provider, uid=uid, contract_id=f"{provider}-C{self.number:08}"),
            charging_periods=(messages.a_charging_period(starts_at=ended_at - timedelta(hours=1), tariff_id=None),),
            tariffs=(),
            total_cost=canonical.Price(before_taxes=net, taxes=(canonical.TaxAmount(name="VAT", amount=vat, percentage=Decimal(rate)),)),
            last_updated=ended_at,
        )
        if known:
            tell_what_is_needed(cdr)
        self._receive(cdr)
        self.sealed[cdr.id], self.known[cdr.id] = cdr, known
        self.pending.append(cdr.id)
        return cdr.id

    @rule(name=cdrs)
    def receive_again(self, name: str) -> None:
        before = Cdr.objects.count()
        self._receive(self.sealed[name])
        assert Cdr.objects.count() == before

    @rule(name=cdrs)
    def contradict(self, name: str) -> None:
        cdr = msgspec.structs.replace(self.sealed[name], remark="something else")
        with pytest.raises(CdrAlreadySealed):
            self._receive(cdr)

    @rule(target=cdrs, name=cdrs)
    def credit(self, name: str) -> Any:
        original = self.sealed[name]
        credit = messages.a_credit_of(original)
        if original.credit or name in self.credited:
            with pytest.raises(RefusedCdr):  # a second credit, or a credit of a credit
                self._receive(msgspec.structs.replace(credit, id=f"{name}-X{self.number}"))
            return multiple()
        self._receive(credit)
        self.sealed[credit.id], self.known[credit.id] = credit, True
        self.credited[name] = credit.id
        self.pending.append(credit.id)
        return credit.id

    @rule(limit=st.sampled_from([1, 3, 2000]))
    def clear(self, limit: int) -> None:
        clear_pending(at=_NOW, limit=limit)
        self._foresee_clearing(limit)

    @rule(name=cdrs)
    def release(self, name: str) -> None:
        hold = Hold.objects.filter(cdr__cdr_id=name).first()
        if hold is None:
            return
        try:
            release_hold(hold=hold, by="maker", by_role="maker", reason="seen", at=_NOW)
        except (NotHeld, CannotRelease):
            assert name in self.charged or self.sealed[name].credit
            return
        self._book(name)
        credit = self.credited.get(name)
        if credit is not None and credit not in self.pending:
            self._book(credit)

    @rule(name=cdrs, percent=st.integers(1, 100))
    def dispute(self, name: str, percent: int) -> None:
        if name not in self.charged or self.sealed[name].credit or name in self.disputes:
            return
        charge = Charge.objects.get(cdr__cdr_id=name)
        amount = _in_four_decimals(charge.gross * percent / 100) or Decimal("0.0001")
        told: dict[str, Any] = {"reason": "wrong_energy", "amount": amount, "by": "partner", "by_role": "partner-finance", "at": _NOW}
        if self.credited.get(name) in self.charged:
            with pytest.raises(DisputedAlready):
                open_dispute(cdr=charge.cdr, **told)
            return
        self.disputes[name] = open_dispute(cdr=charge.cdr, **told)
        if self.charged[name] not in self.closed:
            self._adjust(name, -amount)

    @rule(name=cdrs, outcome=st.sampled_from(["upheld", "rejected", "split"]))
    def resolve(self, name: str, outcome: str) -> None:
        if name not in self.disputes:
            return
        dispute = self.disputes[name]
        dispute.refresh_from_db()
        if dispute.resolved_at is not None or (outcome == "split" and dispute.amount < Decimal("0.03")):
            return
        resolve_dispute(dispute=dispute, outcome=outcome, by="checker", by_role="checker", at=_NOW)
        self._foresee_end(name, {"upheld": dispute.amount, "rejected": Decimal(0), "split": _half(dispute.amount)}[outcome])

    @rule(name=cdrs, answer=st.sampled_from(["accept", "agree", "withdraw"]))
    def end_between_the_two(self, name: str, answer: str) -> None:
        if name not in self.disputes:
            return
        dispute = self.disputes[name]
        dispute.refresh_from_db()
        if dispute.resolved_at is not None or dispute.amount < Decimal("0.03"):
            return
        offered = _half(dispute.amount) if answer == "agree" else None
        said: dict[str, Any] = {"dispute": dispute, "by_role": "partner-finance", "at": _NOW}
        if answer == "agree":
            answer_dispute(**said, by="operator", answer="offer", offered=offered)
        answer_dispute(**said, by="operator" if answer == "accept" else "partner", answer=answer)
        self._foresee_end(name, {"accept": dispute.amount, "withdraw": Decimal(0), "agree": offered or Decimal(0)}[answer])

    @rule(target=cdrs, name=cdrs)
    def revise(self, name: str) -> Any:
        fresh = f"{name}-R"
        if self.credited.get(name) not in self.sealed or name.endswith("-R") or fresh in self.sealed:
            return multiple()
        self.sealed[fresh], self.known[fresh] = msgspec.structs.replace(self.sealed[name], id=fresh), self.known[name]
        self._receive(self.sealed[fresh])
        self.pending.append(fresh)
        return fresh

    @rule(month=st.sampled_from(_MONTHS))
    def close(self, month: canonical.Period) -> None:
        run = close_period(netting_set=the_default_set(), period=month, by="maker", at=_NOW)
        if month.name in self.closed:
            return
        self._foresee_clearing(len(self.pending))
        self.closed[month.name] = self._foresee_positions(month.name)
        rows = list(Position.objects.filter(run=run).select_related("party"))
        told = {str(row.party.key): row.net for row in rows if row.currency == "EUR"}
        assert all(row.net == 0 for row in rows if row.currency == "SEK")
        assert told == self.closed[month.name]
        assert sum(told.values()) == 0

    @rule(month=st.sampled_from(_MONTHS))
    def void(self, month: canonical.Period) -> None:
        run = NettingRun.objects.filter(period=month.name, state="draft").first()
        if run is None:
            return
        void_run(run=run, by="maker", by_role="maker", reason="looked at", at=_NOW)
        del self.closed[month.name]  # what was booked later meanwhile stays there

    @rule(month=st.sampled_from(_MONTHS))
    def issue(self, month: canonical.Period) -> None:
        run = NettingRun.objects.filter(period=month.name, state="draft").first()
        if run is None:
            return
        run = approve_run(run=run, by="checker", by_role="checker", at=_NOW)
        issue_run(run=run, by="maker", by_role="maker", at=_NOW)
        for statement in Statement.objects.filter(run=run).select_related("run__netting_set", "party"):
            self.frozen[statement.pk] = self._files(statement)

    @invariant()
    def every_cdr_is_in_one_place(self) -> None:
        # Invariants 1, 2 and 9.
        assert Cdr.objects.count() == len(self.sealed)
        assert set(Charge.objects.values_list("cdr__cdr_id", "period")) == set(self.charged.items())
        held = set(Hold.objects.filter(state="held").values_list("cdr__cdr_id", flat=True))
        assert held | set(self.charged) | set(self.pending) == set(self.sealed)
        # What was doubted, credited and sent anew is linked.
        for name, dispute in self.disputes.items():
            if f"{name}-R" in self.charged and Dispute.objects.filter(pk=dispute.pk, resolved_by="credit CDR").exists():
                assert Dispute.objects.filter(pk=dispute.pk, state="revised", replacement__cdr_id=f"{name}-R").exists()
        assert not held & set(self.charged)

    @precondition(lambda self: bool(self.frozen))
    @rule(data=st.data())
    def what_was_issued_never_changes(self, data: st.DataObject) -> None:
        # Invariants 7 and 8.
        row = data.draw(st.sampled_from(sorted(self.frozen)))
        assert self._files(Statement.objects.select_related("run__netting_set", "party").get(pk=row)) == self.frozen[row]

    def teardown(self) -> None:
        try:
            clear_everything(at=_NOW)
            verification = verify_ledger()
            assert verification.ok, verification.broken
        finally:
            transaction.set_rollback(True)
            self._undo.__exit__(None, None, None)

    def _receive(self, cdr: canonical.Cdr) -> None:
        receive_cdr(cdr=cdr, received=canonical.encode(cdr), protocol="ocpi-2.2.1", at=_NOW, correlation_id="any")

    def _foresee_clearing(self, limit: int) -> None:
        ready, self.pending = self.pending[:limit], self.pending[limit:]
        for name in ready:
            original = self.sealed[name].credit_reference_id
            if self.known[name] and (original is None or original in self.charged):
                self._book(name)

    def _book(self, name: str) -> None:
        period = canonical.Period.month_of(self.sealed[name].end_date_time)
        while period.name in self.closed:
            period = period.next()
        self.charged[name] = period.name
        original = self.sealed[name].credit_reference_id
        if original in self.disputes:
            dispute = Dispute.objects.get(pk=self.disputes[original].pk)
            assert dispute.resolved_at is not None
            taken = sum((row.gross for row in dispute.adjustments.exclude(kind="restored")), Decimal(0))
            if taken:
                self._adjust(original, -taken)

    def _foresee_end(self, name: str, not_owed: Decimal) -> None:
        amount = self.disputes[name].amount
        was_withheld = any(cdr == name for cdr, _, _ in self.adjusted)
        gross = amount - not_owed if was_withheld else -not_owed
        if gross:
            self._adjust(name, gross)

    def _adjust(self, name: str, gross: Decimal) -> None:
        charge = Charge.objects.get(cdr__cdr_id=name)
        period = canonical.Period.parse(self.charged[name])
        while period.name in self.closed:
            period = period.next()
        self.adjusted.append((name, period.name, _in_four_decimals(gross * charge.net / charge.gross)))

    def _foresee_positions(self, period: str) -> dict[str, Decimal]:
        groups: dict[tuple[str, str, str, Decimal], Decimal] = defaultdict(Decimal)
        fees: dict[str, Decimal] = defaultdict(Decimal)
        for name, booked in self.charged.items():
            cdr = self.sealed[name]
            if booked != period:
                continue
            (tax,) = cdr.total_cost.taxes or ()
            rate = tax.percentage if tax.amount else Decimal(0)
            groups[str(cdr.owner), str(cdr.cdr_token.owner), cdr.currency, rate or Decimal(0)] += cdr.total_cost.before_taxes
            if not cdr.credit:
                fees[str(cdr.cdr_token.owner)] += _FEE
        for name, booked, net in self.adjusted:
            if booked == period:
                cdr = self.sealed[name]
                (tax,) = cdr.total_cost.taxes or ()
                rate = tax.percentage if tax.amount else Decimal(0)
                groups[str(cdr.owner), str(cdr.cdr_token.owner), cdr.currency, rate or Decimal(0)] += net
        positions: dict[str, Decimal] = defaultdict(Decimal)
        owed: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for (operator, provider, currency, rate), exact in groups.items():
            net = _rounded(exact)
            owed[operator, provider, currency] += net + _rounded(net * rate / 100)
        for (operator, provider, currency), gross in owed.items():
            settled = gross if currency == "EUR" else _rounded(gross / _SEK)
            # A pair that came out at nothing has no position in euro by that alone.
            if currency == "EUR" or gross:
                positions[operator] += settled
                positions[provider] -= settled
        for provider, exact in fees.items():
            positions[provider] -= _rounded(exact)
            positions["DE-HUB"] += _rounded(exact)
        return dict(positions)

    def _files(self, statement: Statement) -> tuple[bytes, bytes]:
        return (
            render_statement(statement=statement, format="json").content,
            render_statement(statement=statement, format="csv").content,
        )


def _in_four_decimals(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def _half(amount: Decimal) -> Decimal:
    return (amount / 2).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@pytest.mark.django_db
def test_any_order_of_events_keeps_the_invariants_of_money() -> None:
    run_state_machine_as_test(
        AnyMonth,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
