"""How often a partner may call, counted by a process of its own."""

import pytest
from pytest_django.fixtures import Settings

from roaming.protocols.oicp import limits


def test_a_process_counts_a_minute_of_each_partner_by_itself(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HUB_RATE_LIMITS = True
    now = 1000.0
    monkeypatch.setattr(limits, "monotonic", lambda: now)
    monkeypatch.setattr(limits, "_alone", {})
    for _ in range(6):  # oicp §1.5: 6 pulls of cards a minute
        limits.check_alone("pull-cards", "1")
    now = 1015.5
    with pytest.raises(limits.TooManyRequests) as refused:
        limits.check_alone("pull-cards", "1")
    assert refused.value.seconds == 45
    limits.check_alone("pull-cards", "2")
    now = 1060.0
    limits.check_alone("pull-cards", "1")
