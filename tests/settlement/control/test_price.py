"""The hub prices a CDR again when it clears it, with the tariff that was in force, and keeps the explanation."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.models import Cdr, Tariff, TariffRevision
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Hold
from settlement.control.models import Finding, Repricing
from settlement.control.settings import Setting, approve_change, propose_change
from settlement.ledger.verify import verify_ledger
from tests.builders.canonical_messages import a_charging_period, a_tariff
from tests.builders.charges import CUT_OFF, a_charged_cdr, charge_of, codes_of, some_terms
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

ENDED_AT = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
STARTED_AT = ENDED_AT - timedelta(hours=1)


def publish(tariff: canonical.Tariff, *, provider: str | None = None) -> TariffRevision:
    row, _ = Tariff.objects.get_or_create(
        owner=a_party(str(tariff.owner)),
        tariff_key=tariff.id.upper(),
        audience=a_party(provider) if provider else None,
        defaults={
            "tariff_id": tariff.id,
            "currency": tariff.currency,
            "document": canonical.to_builtins(tariff),
            "digest": b"",
            "last_updated": tariff.last_updated,
        },
    )
    return TariffRevision.objects.create(tariff=row, document=canonical.to_builtins(tariff), last_updated=tariff.last_updated)


def a_priced_cdr(*, net: str = "7.80", tariffs: tuple[canonical.Tariff, ...] = (), **over: Any) -> Cdr:
    """20 kWh under tariff AC-1, which asks 0.39 EUR per kWh unless a test says otherwise: 7.80 EUR."""
    return a_charged_cdr(net=net, tariffs=tariffs, charging_periods=(a_charging_period(starts_at=STARTED_AT),), **over)


def findings(cdr: Cdr) -> dict[str, str]:
    return dict(Finding.objects.filter(cdr=cdr).values_list("code", "action"))


class TestTheOperatorsPrice:
    @pytest.fixture(autouse=True)
    def terms(self) -> None:
        some_terms()

    def test_that_agrees_is_charged_and_explained(self) -> None:
        cdr = a_priced_cdr(tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        assert charge_of(cdr).net == Decimal("7.80")
        priced = Repricing.objects.get(cdr=cdr)
        assert (priced.net, priced.vat, priced.source, priced.counts) == (Decimal("7.80"), Decimal("1.482"), "cdr", False)
        assert priced.trace[0]["text"] == "20 kWh × 0.39 EUR (tariff AC-1, element 1)"

    @pytest.mark.parametrize(("net", "held"), [("7.84", True), ("7.839", False), ("7.76", True), ("7.77", False)])
    def test_may_differ_by_half_a_percent(self, net: str, held: bool) -> None:
        # 0.5 % of 7.839 is 0.0392; of 7.76 it is 0.0388.
        cdr = a_priced_cdr(net=net, tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        assert ("PRICE_MISMATCH" in findings(cdr)) is held

    def test_may_differ_by_a_cent_where_that_is_more(self) -> None:
        cdr = a_priced_cdr(net="0.21", tariffs=(a_tariff(price="0.01"),))
        clear_everything(at=CUT_OFF)
        assert charge_of(cdr).net == Decimal("0.21")

    def test_that_differs_says_both_amounts(self) -> None:
        cdr = a_priced_cdr(net="9.80", tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        (reason,) = Hold.objects.get(cdr=cdr).reasons
        assert (reason["check"], reason["code"]) == (71, "PRICE_MISMATCH")
        assert reason["message"] == "told 9.8 EUR, computed 7.8 (+2); the limit is 0.049"

    def test_is_compared_with_the_published_tariff_where_the_cdr_brings_none(self) -> None:
        # The hub received the tariff long after the session; it holds by its own last_updated.
        revision = publish(a_tariff())
        cdr = a_priced_cdr()
        clear_everything(at=CUT_OFF)
        assert Repricing.objects.get(cdr=cdr).revisions == [revision.pk]
        assert charge_of(cdr).net == Decimal("7.80")

    def test_is_compared_with_the_version_in_force_at_the_start(self) -> None:
        publish(a_tariff())
        publish(a_tariff(price="0.99", last_updated=STARTED_AT + timedelta(minutes=1)))
        good, dear = a_priced_cdr(), a_priced_cdr(net="19.80")
        clear_everything(at=CUT_OFF)
        assert charge_of(good).net == Decimal("7.80")
        assert codes_of(Hold.objects.get(cdr=dear)) == ["PRICE_MISMATCH", "TARIFF_CHANGED"]

    def test_is_compared_with_what_the_provider_alone_was_told(self) -> None:
        publish(a_tariff())
        publish(a_tariff(price="0.30"), provider="NL-BET")
        cdr, other = a_priced_cdr(net="6.00"), a_priced_cdr(provider="NL-GAM")
        clear_everything(at=CUT_OFF)
        assert (charge_of(cdr).net, charge_of(other).net) == (Decimal("6.00"), Decimal("7.80"))

    def test_under_an_unknown_tariff_is_held(self) -> None:
        cdr = a_priced_cdr()
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["TARIFF_UNKNOWN"]

    def test_under_a_tariff_published_after_the_start_is_held(self) -> None:
        cdr = a_priced_cdr(tariffs=(a_tariff(last_updated=STARTED_AT + timedelta(minutes=5)),))
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["TARIFF_NOT_IN_FORCE"]

    def test_under_another_tariff_than_the_published_one_is_held(self) -> None:
        publish(a_tariff())
        cdr = a_priced_cdr(net="11.80", tariffs=(a_tariff(price="0.59"),))
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["TARIFF_DIFFERS"]

    def test_without_step_size_is_explained(self) -> None:
        tariff = a_tariff(
            elements=(
                canonical.TariffElement(price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal("0.39"), step_size=3000),)),
            )
        )
        cdr = a_priced_cdr(tariffs=(tariff,))  # 21 kWh × 0.39 = 8.19
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["PRICE_MISMATCH", "STEP_SIZE_MISAPPLIED"]

    def test_in_another_currency_than_its_tariff_is_held(self) -> None:
        cdr = a_priced_cdr(tariffs=(a_tariff(currency="SEK"),))
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["CURRENCY_DIFFERS"]

    def test_of_nothing_is_replaced_by_the_hubs(self) -> None:
        cdr = a_priced_cdr(net="0", vat="0", tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        charge = charge_of(cdr)
        assert (charge.net, charge.vat, charge.vat_rate) == (Decimal("7.80"), Decimal("1.482"), Decimal(19))
        assert findings(cdr)["UNPRICED"] == "normalize"
        assert verify_ledger().ok

    def test_is_read_in_local_time(self) -> None:
        # 10:00 UTC is noon in Berlin: the dearer element begins at 12:00 there.
        dear = canonical.TariffElement(
            price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal("0.50")),),
            restrictions=canonical.TariffRestrictions(start_time="12:00", end_time="18:00"),
        )
        cheap = canonical.TariffElement(price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal("0.30")),))
        tariff = a_tariff(elements=(dear, cheap))
        local, utc = a_priced_cdr(net="10.00", tariffs=(tariff,)), a_priced_cdr(net="6.00", tariffs=(tariff,))
        clear_everything(at=CUT_OFF)
        assert charge_of(local).net == Decimal("10.00")
        assert codes_of(Hold.objects.get(cdr=utc)) == ["PRICE_MISMATCH", "CLOCK_MISREAD"]


class TestTheHubsPrice:
    def test_is_charged_where_it_has_authority(self) -> None:
        some_terms(price_authority="hub")
        publish(a_tariff())
        cdr = a_priced_cdr(net="9.80", vat="1.862", tariffs=(a_tariff(price="0.49"),))
        clear_everything(at=CUT_OFF)
        charge = charge_of(cdr)
        assert (charge.net, charge.vat) == (Decimal("7.80"), Decimal("1.482"))
        assert findings(cdr)["PRICE_MISMATCH"] == "flag"
        assert verify_ledger().ok

    def test_is_held_where_no_tariff_says_it(self) -> None:
        some_terms(price_authority="hub")
        cdr = a_charged_cdr()
        clear_everything(at=CUT_OFF)
        assert codes_of(Hold.objects.get(cdr=cdr)) == ["NO_TARIFF"]


class TestTolerance:
    def test_is_changed_by_two_people(self) -> None:
        some_terms()
        change = propose_change(setting=Setting(71, "percent", "30"), reason="winter campaign", by="maker", by_role="maker", at=CUT_OFF)
        first = a_priced_cdr(net="9.80", tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        assert Hold.objects.filter(cdr=first).exists()
        approve_change(change=change, by="checker", by_role="checker", at=CUT_OFF)
        second = a_priced_cdr(net="9.80", tariffs=(a_tariff(),))
        clear_everything(at=CUT_OFF)
        assert charge_of(second).net == Decimal("9.80")
