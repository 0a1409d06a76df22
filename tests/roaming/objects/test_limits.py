"""What a column holds: four decimals, rounded half away from zero, and nothing longer than it."""

from decimal import Decimal

import pytest

from roaming.objects.limits import DoesNotFit, number_that_fits, text_that_fits


class TestNumberThatFits:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [("7.8", "7.8000"), ("1.00005", "1.0001"), ("-1.00005", "-1.0001"), ("1.00004999", "1.0000"), ("99999999.9999", "99999999.9999")],
    )
    def test_keeps_four_decimals(self, sent: str, kept: str) -> None:
        assert str(number_that_fits(Decimal(sent), digits=8, field="kwh")) == kept

    @pytest.mark.parametrize(
        "sent", ["100000000", "-100000000", "99999999.99995", "1E+30", "1E+400", "NaN", "sNaN", "Infinity", "-Infinity"]
    )
    def test_refuses_what_is_too_large_or_no_number(self, sent: str) -> None:
        with pytest.raises(DoesNotFit, match=r"^kwh: "):
            number_that_fits(Decimal(sent), digits=8, field="kwh")


class TestTextThatFits:
    def test_keeps_what_is_short_enough(self) -> None:
        assert text_that_fits("x" * 39, longest=39, field="id") == "x" * 39
        with pytest.raises(DoesNotFit, match=r"^id: longer than 39"):
            text_that_fits("x" * 40, longest=39, field="id")
