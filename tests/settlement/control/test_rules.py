"""Single checks, by number, on CDRs that are in order but for one thing; and what people may change about them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.models import Cdr, Location, Session
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Hold
from settlement.control.catalogue import CHECKS
from settlement.control.models import CdrReminder, Finding
from settlement.control.register import list_register, remind, summarize
from settlement.control.settings import MakerIsChecker, NoSuchRule, NotTighter, Setting, approve_change, propose_change
from settlement.control.simulate import simulate_rule
from settlement.disputes.evidence import build_pack
from tests.builders import canonical_messages as messages
from tests.builders.charges import CUT_OFF, a_charged_cdr, some_terms
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

ENDED_AT = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
STARTED_AT = ENDED_AT - timedelta(hours=1)


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def tell_location(**over: Any) -> None:
    location = messages.a_location(**over)
    Location.objects.create(
        owner=a_party("DE-ALF"),
        location_id=location.id,
        location_key=location.id.upper(),
        publish=True,
        document=canonical.to_builtins(location),
        digest=b"",
        last_updated=location.last_updated,
    )


def said(cdr: Cdr) -> set[tuple[int, str, str]]:
    clear_everything(at=CUT_OFF)
    return set(Finding.objects.filter(cdr=cdr).values_list("check_number", "code", "action"))


def a_period(*dimensions: tuple[str, str], starts_at: datetime = STARTED_AT) -> canonical.ChargingPeriod:
    told = tuple(canonical.Dimension(type=name, volume=Decimal(volume)) for name, volume in dimensions)
    return canonical.ChargingPeriod(start_date_time=starts_at, dimensions=told)


def test_the_catalogue_has_every_check_once() -> None:
    assert list(CHECKS) == list(range(1, 81))


def test_a_cdr_in_order_at_a_known_place_raises_nothing() -> None:
    tell_location()
    assert said(a_charged_cdr()) == set()


CASES: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
    ({"home_charging_compensation": True}, (28, "HOME_COMPENSATION", "hold")),
    ({"charging_periods": (a_period(("ENERGY", "20"), ("TIME", "1.2")),)}, (35, "PERIODS_OVERLAP", "hold")),
    ({"charging_periods": (a_period(("ENERGY", "20"), ("TIME", "0.5")),)}, (35, "PERIODS_GAP", "flag")),
    ({"total_time": Decimal("1.01")}, (36, "TOTAL_TIME_DIFFERS", "flag")),
    ({"total_time": Decimal("1.1")}, (36, "TOTAL_TIME_DIFFERS", "hold")),
    ({"received_at": ENDED_AT + timedelta(days=40)}, (41, "CDR_TOO_OLD", "flag")),
    ({"received_at": ENDED_AT + timedelta(days=91)}, (41, "CDR_TOO_OLD", "hold")),
    ({"total_energy": Decimal("26"), "charging_periods": (a_period(("ENERGY", "26")),)}, (45, "ENERGY_ABOVE_POWER", "hold")),
    ({"total_energy": Decimal("151"), "charging_periods": (a_period(("ENERGY", "151")),)}, (47, "ENERGY_IMPLAUSIBLE", "hold")),
    ({"extensions": {"MeterValueStart": "100", "MeterValueEnd": "121"}}, (48, "METER_DIFFERS", "hold")),
    ({"total_energy": Decimal(0), "charging_periods": (a_period(("ENERGY", "0")),)}, (52, "COST_WITHOUT_ENERGY", "flag")),
    ({"total_energy": Decimal(0), "charging_periods": (), "net": "0"}, (53, "NIL_CDR", "normalize")),
    ({"total_parking_time": Decimal("0.5")}, (55, "PARKING_UNPROVEN", "flag")),
    ({"total_energy": Decimal(22), "charging_periods": (a_period(("ENERGY", "22")),)}, (57, "SYNTHETIC_POWER", "flag")),
    ({"charging_periods": (a_period(("RESERVATION_TIME", "0.5"), ("ENERGY", "20")),)}, (27, "RESERVATION_UNKNOWN", "hold")),
    ({"cdr_location": messages.a_cdr_location(country="NLD")}, (17, "COUNTRY_DIFFERS", "hold")),
    (
        {"cdr_location": messages.a_cdr_location(coordinates=canonical.GeoLocation(latitude="53.60", longitude="9.9667"))},
        (17, "PLACE_DIFFERS", "flag"),
    ),
    ({"cdr_location": messages.a_cdr_location(connector_standard="CHADEMO")}, (12, "CONNECTOR_DIFFERS", "flag")),
    ({"cdr_location": messages.a_cdr_location(id="LOC-9")}, (10, "LOCATION_UNKNOWN", "flag")),
]


@pytest.mark.parametrize(("over", "expected"), CASES, ids=[f"{case[1][0]}-{case[1][1]}-{case[1][2]}" for case in CASES])
def test_check(over: dict[str, Any], expected: tuple[int, str, str]) -> None:
    tell_location()
    assert expected in said(a_charged_cdr(**over))


def test_24_a_session_with_other_energy_is_held_above_five_percent() -> None:
    cdr = a_charged_cdr()
    Session.objects.update(energy_kwh=Decimal("18"))
    assert (24, "SESSION_DIFFERS", "hold") in said(cdr)


def test_37_local_time_told_as_utc_is_held_with_the_fix() -> None:
    tell_location()
    cdr = a_charged_cdr()
    Session.objects.update(started_at=STARTED_AT - timedelta(hours=2), ended_at=ENDED_AT - timedelta(hours=2))
    assert (37, "LOCAL_TIME_AS_UTC", "hold") in said(cdr)
    (message,) = [reason["message"] for reason in Hold.objects.get(cdr=cdr).reasons if reason["check"] == 37]
    assert message.endswith("2026-10-05 08:00 UTC")


def test_5_a_second_cdr_for_one_authorisation_is_held() -> None:
    token = messages.a_cdr_token(uid="ONE", contract_id="NL-BET-C1")
    first = a_charged_cdr(authorization_reference="REF-1", cdr_token=token)
    second = a_charged_cdr(authorization_reference="REF-1", cdr_token=token, known=False, ended_at=ENDED_AT + timedelta(hours=3))
    assert not any(check == 5 for check, _, _ in said(first))
    assert (5, "SECOND_CDR", "hold") in said(second)


class TestSettings:
    def test_an_agreement_may_tighten_a_flag_to_a_hold(self) -> None:
        pair = some_terms(operator=a_party("DE-ALF"), provider=a_party("NL-BET"))
        setting = Setting(10, "action", "hold", pair.agreement_id)
        change = propose_change(setting=setting, reason="maps", by="maker", by_role="maker", at=CUT_OFF)
        with pytest.raises(MakerIsChecker):
            approve_change(change=change, by="maker", by_role="checker", at=CUT_OFF)
        approve_change(change=change, by="checker", by_role="checker", at=CUT_OFF)
        own, other = a_charged_cdr(), a_charged_cdr(provider="NL-GAM")
        assert (10, "LOCATION_UNKNOWN", "hold") in said(own)
        assert (10, "LOCATION_UNKNOWN", "flag") in said(other)

    def test_an_agreement_may_not_loosen(self) -> None:
        pair = some_terms(operator=a_party("DE-ALF"), provider=a_party("NL-BET")).agreement_id
        for name, value in (("percent", "0.6"), ("action", "flag")):
            with pytest.raises(NotTighter):
                propose_change(setting=Setting(71, name, value, pair), reason="", by="maker", by_role="maker", at=CUT_OFF)

    @pytest.mark.parametrize(
        ("check", "name", "value"), [(81, "action", "hold"), (1, "action", "hold"), (71, "speed", "1"), (71, "percent", "NaN")]
    )
    def test_what_is_no_rule_is_refused(self, check: int, name: str, value: str) -> None:
        with pytest.raises(NoSuchRule):
            propose_change(setting=Setting(check, name, value), reason="", by="maker", by_role="maker", at=CUT_OFF)

    def test_a_simulation_counts_and_writes_nothing(self) -> None:
        cdr = a_charged_cdr(received_at=ENDED_AT + timedelta(days=40), net="12.50")
        a_charged_cdr()
        told = simulate_rule(setting=Setting(41, "hold_days", "35"), at=ENDED_AT + timedelta(days=50))
        assert (told.cdrs, told.hits_before, told.hits_after, told.held, told.freed) == (2, 1, 1, 1, 0)
        assert told.money_held == {"EUR": Decimal("12.50")}
        assert told.examples == [f"DE-ALF/{cdr.cdr_id}"]
        assert not Finding.objects.exists()


class TestRegister:
    def test_counts_and_estimates_what_is_missing(self) -> None:
        a_charged_cdr(net="10.00")  # 20 kWh: 0.50 each
        a_charged_cdr()
        lost = a_charged_cdr()
        Session.objects.filter(session_id=lost.session_id).update(session_id="LOST", session_key="LOST", energy_kwh=Decimal(30))
        at = ENDED_AT + timedelta(days=8)
        gaps = {(gap.kind, gap.name): gap for gap in list_register(at=at)}
        assert gaps["missing", "LOST"].cost == Decimal("15.0000")
        assert ("orphan", lost.cdr_id) in gaps
        (missing,) = [row for row in summarize(gaps.values()) if row.kind == "missing"]
        assert (missing.lines, missing.estimated) == (1, Decimal("15.0000"))

    def test_reminds_once_per_day_of_the_schedule(self) -> None:
        cdr = a_charged_cdr()
        Session.objects.filter(session_id=cdr.session_id).update(session_id="LOST", session_key="LOST")
        days = [[row.day for row in remind(at=ENDED_AT + timedelta(days=day, hours=1))] for day in (2, 3, 4, 7, 14, 15)]
        assert days == [[], [3], [], [7], [14], []]
        assert CdrReminder.objects.count() == 3


def test_the_evidence_pack_is_the_same_twice() -> None:
    cdr = a_charged_cdr()
    clear_everything(at=CUT_OFF)
    pack = build_pack(cdr=cdr)
    assert pack == build_pack(cdr=cdr)
    assert {"cdr/received", "cdr/canonical.json", "charge.json", "findings.json", "manifest.json"} <= set(pack.names)
