"""`rate_cdr` as an operator runs it: files in, one JSON object or a bill out."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

PERIODS = [
    {"start_date_time": "2026-03-02T09:30:00Z", "dimensions": [{"type": "TIME", "volume": 2.75}, {"type": "ENERGY", "volume": 20.45}]},
    {"start_date_time": "2026-03-02T12:15:00Z", "dimensions": [{"type": "PARKING_TIME", "volume": 0.7}]},
]
OFFER = {
    "id": "SOUTH",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [
                {"type": "FLAT", "price": 0.50, "vat": 20, "step_size": 1},
                {"type": "ENERGY", "price": 0.25, "vat": 10.0, "step_size": 100},
                {"type": "PARKING_TIME", "price": 5, "vat": 20.0, "step_size": 300},
            ]
        }
    ],
}


def rate(tmp_path: Path, capsys: pytest.CaptureFixture[str], cdr: Any, tariff: Any = None, *options: str) -> dict[str, Any]:
    file = tmp_path / "cdr.json"
    file.write_text(cdr if isinstance(cdr, str) else json.dumps(cdr))
    if tariff is not None:
        (tmp_path / "tariff.json").write_text(json.dumps(tariff))
        options = ("--tariff", str(tmp_path / "tariff.json"), *options)
    call_command("rate_cdr", "--json", "--cdr", str(file), *options)
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


class TestRateCdr:
    def test_prices_a_cut_down_cdr_with_its_own_tariff(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        result = rate(tmp_path, capsys, {"charging_periods": PERIODS, "tariffs": [OFFER], "cdr_location": {"country": "NLD"}})
        # 0.50 + 20.5 kWh × 0.25 + 45 min × 5.00/h = 0.50 + 5.125 + 3.75; with 20, 10 and 20 % of tax
        assert result["total"] == {"before_taxes": "9.3750", "after_taxes": "10.7375"}
        assert result["components"]["energy"] == {"before_taxes": "5.1250", "after_taxes": "5.6375"}
        assert result["time_zone"] == "Europe/Amsterdam"

    def test_prices_an_old_version_with_another_tariff(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        old = {"charging_periods": PERIODS, "stop_date_time": "2026-03-02T12:57:00Z", "location": {"country": "ESP"}, "tariffs": [OFFER]}
        other = {"id": "OTHER", "currency": "EUR", "elements": [{"price_components": [{"type": "TIME", "price": "2.00", "step_size": 60}]}]}
        result = rate(tmp_path, capsys, old, other)
        assert result["total"]["before_taxes"] == "5.5000"
        assert {finding["code"] for finding in result["findings"]} == {"TIME_ZONE_FROM_COUNTRY", "VAT_UNKNOWN"}

    def test_reads_limits_in_the_words_of_every_version(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for limit in ({"excl_vat": 4, "incl_vat": 4.5}, {"before_taxes": 4, "after_taxes": 4.5}):
            result = rate(tmp_path, capsys, {"charging_periods": PERIODS, "tariffs": [OFFER | {"max_price": limit}]})
            assert result["total"] == {"before_taxes": "4.0000", "after_taxes": "4.5000"}

    @pytest.mark.parametrize(
        ("cdr", "named"),
        [
            ({"charging_periods": []}, "charging_periods"),
            ({"charging_periods": PERIODS}, "tariff"),
            ({"charging_periods": [{"start_date_time": "yesterday", "dimensions": []}]}, "charging_periods[0].start_date_time"),
            ('{"charging_periods": [', "truncated"),
        ],
    )
    def test_names_what_is_wrong(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], cdr: Any, named: str) -> None:
        with pytest.raises(CommandError) as refusal:
            rate(tmp_path, capsys, cdr)
        assert named in str(refusal.value)
        assert refusal.value.returncode == 1
        assert named in json.loads(capsys.readouterr().out)["error"]
