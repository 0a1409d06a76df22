"""The stored form: sorted, exact, loss-free for unknown fields, stable."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from roaming import canonical

TARIFF = canonical.Tariff(
    country_code="DE",
    party_id="ALF",
    id="AC-1",
    currency="EUR",
    last_updated=datetime(2026, 10, 1, 8, 30, tzinfo=UTC),
    elements=(
        canonical.TariffElement(
            price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal("0.3900"), extensions={"exact_price_component": "Y"}),)
        ),
    ),
    extensions={"vendor": {"nested": [1, "two", None]}},
)


class TestStoredForm:
    def test_reads_back_what_it_wrote_with_unknown_fields_and_exact_decimals(self) -> None:
        again = canonical.decode(canonical.encode(TARIFF), canonical.Tariff)
        assert again == TARIFF
        assert str(again.elements[0].price_components[0].price) == "0.3900"
        assert canonical.from_builtins(canonical.to_builtins(TARIFF), canonical.Tariff) == TARIFF

    def test_is_the_same_bytes_for_the_same_message(self) -> None:
        assert canonical.encode(canonical.decode(canonical.encode(TARIFF), canonical.Tariff)) == canonical.encode(TARIFF)

    def test_messages_are_frozen(self) -> None:
        with pytest.raises(AttributeError):
            TARIFF.currency = "SEK"  # type: ignore[misc]
