"""What partners remember over a restart."""

import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hub.sandbox.life import OpenVisit
from hub.sandbox.memory import Memory, load_memory, save_memory
from hub.sandbox.ocpi_2_2_1.link import Connection

_CONNECTION = Connection(
    token_of_hub="b", token_at_hub="c", hub_party=("DE", "HUB"), endpoints={"tokens/SENDER": "http://hub/tokens"}, is_registered=True
)
_UNDER_WAY = OpenVisit(
    id="NLD-1", operator="DE-NLD", provider="NL-TLP", card="04AA", site="S", charger="C", starts_at=datetime(2026, 11, 3, 12, tzinfo=UTC),
    charging_ticks=20, parking_ticks=0, energy_kwh=Decimal("7.31"), auth_method="COMMAND", reference=None,
)  # fmt: skip


class TestMemory:
    def test_is_nothing_at_the_first_start(self, tmp_path: Path) -> None:
        assert load_memory(tmp_path / "sandbox.json") is None

    def test_returns_what_was_kept_to_the_last_digit(self, tmp_path: Path) -> None:
        kept = Memory(
            seed=7, month="2026-10", ports={"P": 28_000}, connections={"P": _CONNECTION}, stages=["signed"], under_way=[_UNDER_WAY],
            lived_until=datetime(2026, 11, 3, 13, tzinfo=UTC),
        )  # fmt: skip

        save_memory(tmp_path / "sandbox.json", kept)

        assert load_memory(tmp_path / "sandbox.json") == kept

    def test_is_readable_by_its_owner_only_and_leaves_no_draft(self, tmp_path: Path) -> None:
        for _ in range(2):
            save_memory(tmp_path / "sandbox.json", Memory(seed=7, month="2026-10", ports={}))

        assert [path.name for path in tmp_path.iterdir()] == ["sandbox.json"]
        assert stat.S_IMODE((tmp_path / "sandbox.json").stat().st_mode) == 0o600
