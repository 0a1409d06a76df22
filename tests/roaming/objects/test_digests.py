"""Equal content has one digest, however it was written."""

from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from roaming.objects.digests import changes_digest, content_digest
from tests.builders.canonical_messages import STARTED_AT, a_cdr, a_location, a_tariff


class TestContentDigest:
    @pytest.mark.parametrize("energy", ["20", "20.0", "20.0000", "2E+1", "+20"])
    def test_is_the_same_for_every_way_to_write_a_number(self, energy: str) -> None:
        assert content_digest(a_cdr(total_energy=Decimal(energy))) == content_digest(a_cdr())

    @pytest.mark.parametrize("zero", ["0", "0.00", "-0", "0E+3"])
    def test_knows_one_zero(self, zero: str) -> None:
        assert content_digest(a_cdr(total_parking_time=Decimal(zero))) == content_digest(a_cdr(total_parking_time=Decimal(0)))

    def test_is_the_same_for_one_instant_in_two_zones(self) -> None:
        there = STARTED_AT.astimezone(timezone(timedelta(hours=2)))
        assert there.hour == 12
        assert content_digest(a_cdr(start_date_time=there)) == content_digest(a_cdr())

    @pytest.mark.parametrize("over", [{"total_energy": Decimal("20.0001")}, {"remark": "x"}, {"extensions": {"x": 1}}, {"id": "cdr-0001"}])
    def test_differs_for_other_content(self, over: dict[str, Any]) -> None:
        assert content_digest(a_cdr(**over)) != content_digest(a_cdr())

    def test_does_not_depend_on_the_order_of_unknown_fields(self) -> None:
        assert content_digest(a_location(extensions={"a": 1, "b": 2})) == content_digest(a_location(extensions={"b": 2, "a": 1}))

    def test_depends_on_the_order_of_lists(self) -> None:
        elements = a_tariff().elements + a_tariff(price="0.50").elements
        assert content_digest(a_tariff(elements=elements)) != content_digest(a_tariff(elements=elements[::-1]))


class TestChangesDigest:
    def test_tells_parts_and_values_apart(self) -> None:
        changes = {"status": "CHARGING"}
        digests = {
            changes_digest((), changes),
            changes_digest(("EVSE-1",), changes),
            changes_digest(("EVSE-2",), changes),
            changes_digest(("EVSE-1",), {"status": None}),
        }
        assert len(digests) == 4
        assert changes_digest((), {"kwh": Decimal("8.0")}) == changes_digest((), {"kwh": Decimal(8)})
