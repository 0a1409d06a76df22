"""A sealed CDR becomes one charge or one hold, exactly once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from settlement.clearing.clear import clear_cdr, clear_everything, clear_pending
from settlement.clearing.models import Charge, Hold, SettlementPeriod
from settlement.terms.details import set_details
from tests.builders.canonical_messages import a_cdr_location, a_price
from tests.builders.charges import (
    CUT_OFF,
    OCTOBER,
    a_charged_cdr,
    a_credit_for,
    charge_of,
    codes_of,
    some_terms,
    the_default_set,
)
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms(hub_fee=Decimal("0.035"))


class TestClear:
    def test_makes_the_provider_owe_what_the_cdr_says(self) -> None:
        cdr = a_charged_cdr(net="19.1266", vat="4.0166", cdr_location=a_cdr_location(country="NLD"))
        assert clear_pending(at=CUT_OFF) == (1, 0)
        charge = charge_of(cdr)
        assert (charge.net, charge.vat_rate, charge.vat, charge.gross) == tuple(map(Decimal, ("19.1266", "21.00", "4.0166", "23.1432")))
        assert (charge.operator_fee, charge.provider_fee, charge.fee_currency) == (Decimal("0.0350"), Decimal(0), "EUR")
        assert (charge.period, charge.service_period, charge.bucket) == ("2026-10", "2026-10", "current")

    def test_does_nothing_the_second_time(self) -> None:
        a_charged_cdr()
        clear_everything(at=CUT_OFF)
        assert clear_everything(at=CUT_OFF) == (0, 0)
        assert Charge.objects.count() == 1

    def test_takes_more_than_a_batch(self) -> None:
        for _ in range(5):
            a_charged_cdr()
        assert clear_pending(at=CUT_OFF, limit=2) == (2, 0)
        assert clear_everything(at=CUT_OFF) == (3, 0)

    def test_holds_what_control_doubts_with_every_reason(self) -> None:
        cdr = a_charged_cdr(known=False, total_time=Decimal("2.0"))
        assert clear_pending(at=CUT_OFF) == (0, 1)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["TOKEN_UNKNOWN", "NO_SESSION_NO_AUTHORIZATION", "TOTAL_TIME_DIFFERS"]
        assert clear_pending(at=CUT_OFF) == (0, 0)

    def test_holds_without_terms(self) -> None:
        cdr = a_charged_cdr(ended_at=datetime(2025, 12, 31, 12, 0, tzinfo=UTC))
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["NO_AGREEMENT"]

    def test_one_cdr_is_cleared_by_its_row_and_told_again(self) -> None:
        cdr, doubtful = a_charged_cdr(), a_charged_cdr(known=False)
        charge = clear_cdr(cdr_id=cdr.pk, at=CUT_OFF)
        assert isinstance(charge, Charge)
        assert clear_cdr(cdr_id=cdr.pk, at=CUT_OFF) == charge
        assert isinstance(clear_cdr(cdr_id=doubtful.pk, at=CUT_OFF), Hold)

    def test_vat_that_was_not_told_is_not_charged(self) -> None:
        cdr = a_charged_cdr(net="10.00", vat=None)
        clear_everything(at=CUT_OFF)
        assert charge_of(cdr).gross == Decimal("10.00")
        assert [finding.code for finding in cdr.findings.all()] == ["LOCATION_UNKNOWN", "VAT_NOT_TOLD"]

    def test_the_database_refuses_a_second_charge_and_a_change(self) -> None:
        cdr = a_charged_cdr()
        clear_everything(at=CUT_OFF)
        charge = charge_of(cdr)
        charge.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            charge.save(force_insert=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Charge.objects.filter(cdr=cdr).update(net=1, gross=1)

    def test_the_database_refuses_a_charge_without_its_cdr_its_parties_or_its_terms(self) -> None:
        cdr, other = a_charged_cdr(), a_charged_cdr(known=False)
        clear_everything(at=CUT_OFF)
        for wrong, message in (
            ({"cdr_id": 10**9}, "no CDR that is sealed"),
            ({"provider": a_party("NL-ZZZ")}, "other parties than its CDR"),
            ({"operator": a_party("NL-ZZZ")}, "other parties than its CDR"),
            ({"terms_id": 10**9}, "no terms of its netting set"),
            ({"netting_set_id": 10**9}, "no terms of its netting set"),
        ):
            charge = charge_of(cdr)
            charge.pk, charge.cdr = None, other
            for name, value in wrong.items():
                setattr(charge, name, value)
            with pytest.raises(IntegrityError, match=message), transaction.atomic():
                charge.save(force_insert=True)
        finding = cdr.findings.all()[0]
        finding.pk, finding.cdr_id = None, 10**9
        with pytest.raises(IntegrityError, match="no sealed CDR has row 1000000000"), transaction.atomic():
            finding.save(force_insert=True)
        with pytest.raises(IntegrityError, match="there are charges under terms"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM settlement_settlementterms WHERE id = %s", [charge_of(cdr).terms_id])


class TestReverseCharge:
    def test_takes_the_vat_out_between_two_states(self) -> None:
        set_details(party=a_party("DE-ALF"), details={"vat_id": "DE123456789"})
        set_details(party=a_party("NL-BET"), details={"vat_id": "NL123456789B01"})
        cdr = a_charged_cdr(net="10.00", vat="1.90")
        clear_everything(at=CUT_OFF)
        charge = charge_of(cdr)
        assert (charge.net, charge.vat, charge.gross) == (Decimal(10), Decimal(0), Decimal(10))
        assert charge.tax_note == "reverse charge"


class TestCredit:
    def test_is_the_exact_negative_and_bears_no_fee(self) -> None:
        original = a_charged_cdr(net="19.1266", vat="4.0166")
        credit = a_credit_for(original)
        assert clear_pending(at=CUT_OFF) == (2, 0)
        charge, back = charge_of(original), charge_of(credit)
        assert (back.net, back.vat, back.gross, back.energy_kwh) == (-charge.net, -charge.vat, -charge.gross, -charge.energy_kwh)
        assert back.vat_rate == charge.vat_rate
        assert (back.operator_fee, back.fee_currency, back.bucket) == (Decimal(0), "", "credit")

    def test_waits_for_an_original_that_is_held(self) -> None:
        original = a_charged_cdr(known=False)
        credit = a_credit_for(original)
        assert clear_pending(at=CUT_OFF) == (0, 2)
        assert codes_of(Hold.objects.get(cdr=credit)) == ["ORIGINAL_HELD"]

    def test_in_part_is_held(self) -> None:
        # finance §7, case 15; intake refuses such a credit, control holds one that came another way
        original = a_charged_cdr(net="23.1432")
        credit = a_credit_for(original, total_cost=a_price("-10.0000"))
        assert clear_pending(at=CUT_OFF) == (1, 1)
        assert Hold.objects.get(cdr=credit).reasons[0]["message"].startswith("partial credit: -10")


class TestPeriods:
    def test_the_end_of_the_session_decides_half_open(self) -> None:
        # finance §7, case 19
        last = a_charged_cdr(ended_at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
        first = a_charged_cdr(ended_at=datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
        clear_everything(at=CUT_OFF)
        assert (charge_of(last).period, charge_of(first).period) == ("2026-10", "2026-11")

    def test_a_closed_period_passes_on_to_the_next_open_one(self) -> None:
        for period in (OCTOBER, OCTOBER.next()):
            SettlementPeriod.objects.create(
                netting_set=the_default_set(),
                name=period.name,
                starts_at=period.starts_at,
                ends_at=period.ends_at,
                state=SettlementPeriod.State.CLOSED,
            )
        cdr = a_charged_cdr()
        clear_everything(at=CUT_OFF)
        charge = charge_of(cdr)
        assert (charge.period, charge.service_period, charge.bucket) == ("2026-12", "2026-10", "late")
        assert (charge.ended_on.isoformat(), charge.booked_on.isoformat()) == ("2026-10-05", "2026-12-01")

    def test_the_database_keeps_charges_out_of_a_closed_period(self) -> None:
        # finance §7, case 37
        cdr = a_charged_cdr()
        clear_everything(at=CUT_OFF)
        SettlementPeriod.objects.create(
            netting_set=the_default_set(), name="2026-09", starts_at=CUT_OFF, ends_at=CUT_OFF, state=SettlementPeriod.State.CLOSED
        )
        charge = charge_of(cdr)
        other = a_charged_cdr()
        charge.pk, charge.cdr, charge.period = None, other, "2026-09"
        with pytest.raises(IntegrityError, match="period 2026-09 is closed"), transaction.atomic():
            charge.save(force_insert=True)

    def test_the_pairs_own_terms_come_before_the_offer_to_everyone(self) -> None:
        some_terms(operator=a_party("DE-ALF"), provider=a_party("NL-BET"), hub_fee=Decimal("0.10"), hub_fee_payer="both")
        cdr, other = a_charged_cdr(), a_charged_cdr(provider="NL-GAM")
        clear_everything(at=CUT_OFF)
        assert (charge_of(cdr).operator_fee, charge_of(cdr).provider_fee) == (Decimal("0.05"), Decimal("0.05"))
        assert (charge_of(other).operator_fee, charge_of(other).provider_fee) == (Decimal("0.035"), Decimal(0))
