"""Tariffs come by PUT and go by DELETE; each version is kept for the CDRs it priced."""

from datetime import UTC, datetime
from typing import Any

import pytest

from roaming import canonical
from roaming.deliveries.models import Delivery
from roaming.objects.patches import UnknownObject
from roaming.revisions import Receipt, Verdict
from roaming.tariffs.models import Tariff, TariffRevision
from roaming.tariffs.queries import find_own_tariff, find_tariff_in_force, list_tariffs
from roaming.tariffs.receive import delete_tariff, put_tariff
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_tariff
from tests.builders.deliveries import waiting
from tests.builders.parties import roaming_partners

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER, OCTOBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9, 10))


def put(tariff: canonical.Tariff, audience: canonical.PartyId | None = None) -> Receipt:
    return put_tariff(tariff=tariff, audience=audience, at=NOW, correlation_id="c")


def delete() -> Receipt:
    return delete_tariff(owner=OPERATOR, tariff_id="ac-1", audience=None, at=NOW, correlation_id="c")


def price_in_force(at: datetime) -> str | None:
    tariff = find_tariff_in_force(owner=OPERATOR, tariff_id="AC-1", provider=PROVIDER, at=at)
    return str(tariff.elements[0].price_components[0].price) if tariff else None


class TestPut:
    def test_stores_a_revision_of_every_version_and_none_of_a_repeat(self) -> None:
        roaming_partners()
        assert put(a_tariff(last_updated=SEPTEMBER)).created
        assert put(a_tariff(last_updated=SEPTEMBER)).verdict is Verdict.SAME
        assert put(a_tariff(price="0.45", last_updated=OCTOBER)).verdict is Verdict.REPLACED
        assert put(a_tariff(price="0.10", last_updated=AUGUST)).verdict is Verdict.STALE
        assert [revision.last_updated for revision in TariffRevision.objects.order_by("id")] == [SEPTEMBER, OCTOBER]
        assert waiting() == ["put tariff to NL-BET from the hub"] * 2

    def test_the_same_prices_written_with_other_zeros_are_the_same(self) -> None:
        roaming_partners()
        put(a_tariff(price="0.39"))
        assert put(a_tariff(price="0.3900")).verdict is Verdict.SAME


class TestDelete:
    def test_leaves_a_tombstone_and_tells_it(self) -> None:
        roaming_partners()
        put(a_tariff())
        assert delete().verdict is Verdict.REPLACED
        assert find_own_tariff(owner=OPERATOR, tariff_id="AC-1") is None
        assert list_tariffs(viewer=PROVIDER, at=NOW).total == 0
        assert waiting()[-1] == "delete tariff to NL-BET from the hub"
        payload: Any = Delivery.objects.latest("id").payload
        assert payload == {"id": "AC-1", "country_code": "DE", "party_id": "ALF"}

    def test_twice_is_once(self) -> None:
        roaming_partners()
        put(a_tariff())
        delete()
        assert delete().verdict is Verdict.SAME
        assert len(waiting()) == 2

    def test_of_an_unknown_tariff_is_refused(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownObject):
            delete()

    def test_a_late_put_does_not_revive_it_and_a_newer_one_does(self) -> None:
        roaming_partners()
        put(a_tariff(last_updated=SEPTEMBER))
        delete()
        assert put(a_tariff(last_updated=SEPTEMBER)).verdict is Verdict.STALE
        assert put(a_tariff(price="0.10", last_updated=AUGUST)).verdict is Verdict.STALE
        assert Tariff.objects.get().deleted_at == NOW
        assert put(a_tariff(price="0.50", last_updated=OCTOBER)).verdict is Verdict.REPLACED
        assert Tariff.objects.get().deleted_at is None


class TestInForce:
    def test_is_the_version_whose_stamp_came_last_before(self) -> None:
        roaming_partners()
        put(a_tariff(price="0.39", last_updated=AUGUST))
        put(a_tariff(price="0.45", last_updated=OCTOBER))
        assert price_in_force(datetime(2026, 7, 31, tzinfo=UTC)) is None
        assert price_in_force(SEPTEMBER) == "0.39"
        assert price_in_force(OCTOBER) == "0.45"

    def test_leaves_out_a_version_outside_its_own_dates(self) -> None:
        roaming_partners()
        put(a_tariff(price="0.39", last_updated=AUGUST))
        put(a_tariff(price="0.45", last_updated=SEPTEMBER, start_date_time=OCTOBER))
        assert price_in_force(datetime(2026, 9, 15, tzinfo=UTC)) == "0.39"
        assert price_in_force(OCTOBER) == "0.45"

    def test_the_providers_own_copy_goes_first_and_a_deleted_one_still_counts(self) -> None:
        roaming_partners()
        put(a_tariff(price="0.39", last_updated=SEPTEMBER))
        put(a_tariff(price="0.33", last_updated=AUGUST), audience=PROVIDER)
        assert price_in_force(SEPTEMBER) == "0.33"
        delete_tariff(owner=OPERATOR, tariff_id="AC-1", audience=PROVIDER, at=NOW, correlation_id="c")
        assert price_in_force(SEPTEMBER) == "0.33"
