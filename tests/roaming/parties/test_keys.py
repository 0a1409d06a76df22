"""The key ring: made once, private, and no ciphertext opens for another row."""

import json
import stat
import threading
import uuid
from pathlib import Path

import pytest
from pytest_django import Settings

from roaming.parties.keys import KeyRing, KeyRingUnusable, SealBroken, key_ring


class TestKeyRing:
    def test_is_made_on_first_use_for_its_owner_only(self, tmp_path: Path, settings: Settings) -> None:
        settings.HUB_KEYS_FILE = tmp_path / "new" / "keys.json"
        ring = key_ring()
        assert stat.S_IMODE(settings.HUB_KEYS_FILE.stat().st_mode) == 0o600
        assert len(ring.keys[ring.active]) == 32
        assert list(settings.HUB_KEYS_FILE.parent.iterdir()) == [settings.HUB_KEYS_FILE]

    def test_many_that_start_together_read_the_same_keys(self, tmp_path: Path, settings: Settings) -> None:
        settings.HUB_KEYS_FILE = tmp_path / "keys.json"
        prints: list[str] = []
        threads = [threading.Thread(target=lambda: prints.append(key_ring().fingerprint("t"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(prints) == 8
        assert len(set(prints)) == 1

    def test_refuses_a_file_that_everybody_may_read(self, tmp_path: Path, settings: Settings) -> None:
        settings.HUB_KEYS_FILE = tmp_path / "keys.json"
        settings.HUB_KEYS_FILE.write_text("{}")
        settings.HUB_KEYS_FILE.chmod(0o644)
        with pytest.raises(KeyRingUnusable, match="0600"):
            key_ring()

    @pytest.mark.parametrize(
        "content", ["", "[]", "{}", '{"active": "k1", "keys": {}, "pepper": "eA=="}', '{"active": 1, "keys": 2, "pepper": 3}']
    )
    def test_refuses_a_damaged_file(self, content: str, tmp_path: Path, settings: Settings) -> None:
        settings.HUB_KEYS_FILE = tmp_path / "keys.json"
        settings.HUB_KEYS_FILE.touch(mode=0o600)
        settings.HUB_KEYS_FILE.write_text(content)
        with pytest.raises(KeyRingUnusable):
            key_ring()

    def test_a_token_opens_only_for_the_row_it_was_sealed_for(self) -> None:
        ring = KeyRing(active="k1", keys={"k1": b"k" * 32}, pepper=b"p" * 32)
        mine, other = uuid.uuid4(), uuid.uuid4()
        sealed = ring.seal(token="partner-token", row_key=mine)
        assert b"partner-token" not in sealed
        assert ring.open(sealed=sealed, row_key=mine) == "partner-token"
        with pytest.raises(SealBroken):
            ring.open(sealed=sealed, row_key=other)

    def test_a_retired_key_still_opens_what_it_sealed(self) -> None:
        row = uuid.uuid4()
        sealed = KeyRing(active="k1", keys={"k1": b"a" * 32}, pepper=b"p" * 32).seal(token="partner-token", row_key=row)
        both = KeyRing(active="k2", keys={"k1": b"a" * 32, "k2": b"b" * 32}, pepper=b"p" * 32)
        assert both.open(sealed=sealed, row_key=row) == "partner-token"
        with pytest.raises(SealBroken, match="not in the key ring"):
            KeyRing(active="k2", keys={"k2": b"b" * 32}, pepper=b"p" * 32).open(sealed=sealed, row_key=row)

    def test_no_secret_shows_in_its_repr(self) -> None:
        assert "kkkk" not in repr(KeyRing(active="k1", keys={"k1": b"k" * 32}, pepper=b"p" * 32))

    def test_any_text_has_a_fingerprint(self) -> None:
        ring = KeyRing(active="k1", keys={"k1": b"k" * 32}, pepper=b"p" * 32)
        assert len(ring.fingerprint("\ud800 \x00 ü")) == 64
        assert json.dumps(ring.fingerprint("a")) != json.dumps(ring.fingerprint("b"))
