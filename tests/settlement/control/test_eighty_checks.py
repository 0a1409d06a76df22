"""The 80 checks, one example each: what the list we started from asks (reject, hold, flag, automatic), and what the hub does.

Where they differ, docs/decisions/0007 names the number and says why. Every example runs through the real door or the real clearing.
"""

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from roaming import canonical
from roaming.cdrs.checks import CODES, ForeignCurrency, RefusedCdr, check_currency, check_on_its_face
from roaming.cdrs.receive import BadCredit, CdrAlreadySealed, SecondCdrForSession
from roaming.models import Authorization, Cdr, ForwardedCommand, Location, PartyRole, Session, Tariff, TariffRevision, Token
from roaming.objects.announce import UnknownProvider
from roaming.revisions import Verdict
from settlement.clearing.clear import clear_everything
from settlement.control.catalogue import CHECKS, Room
from settlement.control.models import Finding, MarketPrice
from settlement.control.register import list_register
from settlement.control.settings import Setting, approve_change, propose_change
from settlement.models import TaxProfile
from settlement.netting.close import close_period
from tests.builders import canonical_messages as messages
from tests.builders.charges import CUT_OFF, OCTOBER, a_charged_cdr, a_credit_for, some_terms, the_default_set
from tests.builders.checks import ASKED, AT_THE_DOOR, ENDED_AT, SINGLE, STARTED_AT, A, F, H, R, energy, period, priced, step
from tests.builders.intake import receive
from tests.builders.parties import a_party, a_platform, an_operator, roaming_partners

pytestmark = pytest.mark.django_db


class Bench:
    """Seals examples, each of an operator of its own so that none disturbs another, and remembers what is expected of it."""

    def __init__(self) -> None:
        self.expected: list[tuple[Cdr, int, str, str]] = []
        self.operator = ""

    def place(self, **over: Any) -> None:
        """The operator tells its location."""
        location = messages.a_location(operator=canonical.PartyId.parse(self.operator), **over)
        Location.objects.create(
            owner=a_party(self.operator),
            location_id=location.id,
            location_key=location.id.upper(),
            publish=location.publish,
            document=canonical.to_builtins(location),
            digest=b"",
            last_updated=location.last_updated,
        )

    def cdr(self, **over: Any) -> Cdr:
        """An hour and 20 kWh at this operator."""
        return a_charged_cdr(operator=self.operator, **{"ended_at": ENDED_AT, **over})

    def allow(self, cdr: Cdr, *, at: datetime, outcome: str = "ALLOWED") -> None:
        """The provider answered for the card of a CDR."""
        Authorization.objects.create(
            id=uuid.uuid4(),
            at=at,
            platform_id=1,
            operator=cdr.owner,
            provider=cdr.provider,
            token_uid=cdr.token_uid,
            token_type="RFID",
            outcome=outcome,
            source="provider",
            reference="GIVEN",
        )


def single_examples(bench: Bench) -> None:
    for row, (number, code, action, over) in enumerate(SINGLE):
        bench.operator = f"DE-{row:03}"
        bench.place()
        told = dict(over)
        if "cdr_location" in told:
            told["cdr_location"] = messages.a_cdr_location(operator=canonical.PartyId.parse(bench.operator), **told["cdr_location"])
        bench.expected.append((bench.cdr(**told), number, code, action))


def partners_and_cards(bench: Bench) -> None:
    def expect(cdr: Cdr, number: int, code: str, action: str) -> None:
        bench.expected.append((cdr, number, code, action))

    bench.operator = "FR-007"
    an_operator(bench.operator, platform=a_platform("locked", is_locked=True))
    expect(bench.cdr(), 7, "PARTNER_SUSPENDED", H)
    bench.operator = "FR-009"
    some_terms(operator=a_party(bench.operator), provider=a_party("NL-BET"), scope={"countries": ["NLD"]})
    expect(bench.cdr(), 9, "OUT_OF_SCOPE", H)
    bench.operator = "FR-011"
    bench.place(publish=False)
    expect(bench.cdr(), 11, "LOCATION_PRIVATE", F)
    bench.operator = "FR-111"
    bench.place(evses=(messages.an_evse(operator=canonical.PartyId("FR", "111"), status="PLANNED"),))
    expect(bench.cdr(), 11, "EVSE_NOT_IN_USE", H)
    bench.operator = "FR-014"
    for number, code, change in (
        (14, "TOKEN_NOT_VALID", {"valid": False}),
        (15, "CONTRACT_DIFFERS", {"contract_id": "NL-BET-COTHER"}),
        (26, "WHITELIST_POLICY", {"whitelist": "NEVER"}),
    ):
        cdr = bench.cdr(auth_method="WHITELIST", ended_at=ENDED_AT + timedelta(hours=number))
        Token.objects.filter(uid=cdr.token_uid).update(**change)
        expect(cdr, number, code, F if number == 26 else H)
    of_two = bench.cdr()
    token = Token.objects.get(uid=of_two.token_uid)
    token.pk, token.owner = None, a_party("BE-VLO")
    token.save()
    expect(of_two, 16, "TOKEN_OF_TWO", H)


def the_chain(bench: Bench) -> None:
    def expect(cdr: Cdr, number: int, code: str, action: str) -> None:
        bench.expected.append((cdr, number, code, action))

    bench.operator = "FR-019"
    denied = bench.cdr(authorization_reference="GIVEN")
    bench.allow(denied, at=STARTED_AT, outcome="BLOCKED")
    expect(denied, 19, "AUTHORIZATION_DENIED", H)
    silent = bench.cdr()
    bench.allow(silent, at=STARTED_AT)
    expect(silent, 20, "REFERENCE_MISSING", F)
    for at, code, action in (
        (STARTED_AT + timedelta(minutes=5), "START_BEFORE_AUTHORIZATION", F),
        (STARTED_AT - timedelta(minutes=45), "START_OFF_AUTHORIZATION", H),
    ):
        cdr = bench.cdr(authorization_reference="GIVEN")
        bench.allow(cdr, at=at)
        expect(cdr, 21, code, action)
    bench.operator = "FR-005"
    card = messages.a_cdr_token(uid="ONE", contract_id="NL-BET-C1")
    bench.allow(bench.cdr(authorization_reference="GIVEN", cdr_token=card), at=STARTED_AT)
    second = bench.cdr(authorization_reference="GIVEN", cdr_token=card, ended_at=ENDED_AT + timedelta(hours=3))
    expect(second, 5, "SECOND_CDR", H)
    expect(bench.cdr(cdr_token=card, ended_at=ENDED_AT + timedelta(minutes=1)), 6, "NEAR_DUPLICATE", H)
    expect(bench.cdr(cdr_token=card, ended_at=ENDED_AT + timedelta(minutes=30)), 63, "EVSE_OVERLAP", H)
    bench.operator = "FR-022"
    remote = bench.cdr(auth_method="COMMAND")
    ForwardedCommand.objects.create(
        id=uuid.uuid4(),
        callback_key="22",
        command="START_SESSION",
        sender=remote.provider,
        receiver=remote.owner,
        sender_platform_id=1,
        receiver_platform_id=2,
        digest=b"",
        response={"result": "REJECTED"},
        expires_at=ENDED_AT,
    )
    ForwardedCommand.objects.update(created_at=STARTED_AT)
    expect(remote, 22, "REMOTE_START_REFUSED", H)
    bench.operator = "FR-023"
    bench.place()
    two_hours = timedelta(hours=2)
    for number, code, action, change in (
        (23, "SESSION_NOT_BILLABLE", H, {"status": "INVALID"}),
        (24, "SESSION_DIFFERS", F, {"energy_kwh": Decimal("19.5")}),
        (24, "SESSION_DIFFERS", H, {"energy_kwh": Decimal("18")}),
        (24, "SESSION_TIME_DIFFERS", H, {"ended_at": ENDED_AT + timedelta(minutes=10)}),
        (24, "SESSION_COST_DIFFERS", H, {"document": {"total_cost": {"before_taxes": "12.00"}}}),
        (37, "LOCAL_TIME_AS_UTC", H, {"started_at": STARTED_AT - two_hours, "ended_at": ENDED_AT - two_hours}),
        (51, "UNIT_SLIP", H, {"energy_kwh": Decimal("0.02")}),
    ):
        cdr = bench.cdr()
        Session.objects.filter(session_id=cdr.session_id).update(**change)
        expect(cdr, number, code, action)


def time_and_meters(bench: Bench) -> None:
    def expect(cdr: Cdr, number: int, code: str, action: str) -> None:
        bench.expected.append((cdr, number, code, action))

    night = canonical.TariffElement(
        price_components=(canonical.PriceComponent(type="ENERGY", price=Decimal("0.39")),),
        restrictions=canonical.TariffRestrictions(start_time="00:00", end_time="06:00"),
    )
    bench.operator = "FR-038"
    bench.place()
    switch = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    told = priced("7.80", elements=(night, *step(1)["elements"]))
    told["charging_periods"] = (period(("ENERGY", "20"), starts_at=switch - timedelta(hours=1), tariff="AC-1"),)
    expect(bench.cdr(ended_at=switch, **told), 38, "CLOCK_CHANGE", F)
    bench.operator = "FR-039"
    bench.place(time_zone="+01:00")
    expect(bench.cdr(), 39, "FIXED_OFFSET_ZONE", F)
    bench.operator = "FR-046"
    weak = messages.a_connector(max_voltage=230, max_amperage=16, max_electric_power=50_000)
    bench.place(evses=(messages.an_evse(operator=canonical.PartyId("FR", "046"), connectors=(weak,)),))
    expect(bench.cdr(**energy("15")), 46, "ENERGY_ABOVE_CONNECTOR", H)
    bench.operator = "FR-049"
    bench.cdr(extensions={"MeterValueStart": "100", "MeterValueEnd": "120"}, meter_id="M")
    later = {"meter_id": "M", "ended_at": ENDED_AT + timedelta(days=1)}
    expect(bench.cdr(extensions={"MeterValueStart": "110", "MeterValueEnd": "130"}, **later), 49, "METER_ROLLBACK", H)
    bench.operator = "FR-050"
    bench.cdr(extensions={"MeterValueStart": "100", "MeterValueEnd": "120"}, meter_id="M")
    expect(bench.cdr(extensions={"MeterValueStart": "125", "MeterValueEnd": "145"}, **later), 50, "METER_GAP", F)
    bench.operator = "FR-056"
    broken = messages.an_evse(operator=canonical.PartyId("FR", "056"), status="OUTOFORDER", last_updated=STARTED_AT)
    bench.place(evses=(broken,))
    expect(bench.cdr(total_parking_time=Decimal("0.5")), 56, "PARKING_OUT_OF_ORDER", H)
    bench.operator = "FR-059"
    signing = messages.an_evse(operator=canonical.PartyId("FR", "059"), extensions={"CalibrationLawDataAvailability": "Local"})
    bench.place(evses=(signing,))
    expect(bench.cdr(), 59, "SIGNED_DATA_MISSING", H)


def signatures(bench: Bench) -> None:
    bench.operator = "FR-060"
    reading = '{"TM":"2026-10-05T%s:00:00,000+0200 S","TX":"%s","RV":%s,"RU":"kWh"}'
    begin, end = reading % ("12", "B", "100"), reading % ("13", "E", "121")
    values = [f'OCMF|{{"PG":"{page}","MS":"M","RD":[{one}]}}|{{"SD":"30"}}' for page, one in (("T4", begin), ("T6", end))]
    signed = canonical.SignedData(
        encoding_method="OCMF",
        public_key="00",
        signed_values=tuple(canonical.SignedValue(nature="x", plain_data="", signed_data=value) for value in values),
    )
    first = bench.cdr(signed_data=signed)
    bench.expected += [
        (first, 60, "SIGNATURE_INVALID", H),
        (first, 61, "SIGNED_VALUES_DIFFER", H),
        (first, 61, "SIGNED_PAGES_MISSING", H),
        (bench.cdr(signed_data=signed, ended_at=ENDED_AT + timedelta(days=1)), 62, "SIGNED_DATA_REUSED", H),
    ]


def cards_that_run(bench: Bench) -> None:
    bench.operator = "FR-064"
    card = messages.a_cdr_token(uid="FAST", contract_id="NL-BET-C2")
    berlin = messages.a_cdr_location(id="LOC-2", coordinates=canonical.GeoLocation(latitude="52.52", longitude="13.40"))
    for day, action in ((0, F), (1, H)):
        bench.cdr(cdr_token=card, ended_at=ENDED_AT + timedelta(days=day))
        far = bench.cdr(cdr_token=card, cdr_location=berlin, ended_at=ENDED_AT + timedelta(days=day, hours=1, minutes=10))
        bench.expected.append((far, 64, "TOKEN_TRAVELS", action))
        clear_everything(at=CUT_OFF)
    bench.operator = "FR-065"
    card = messages.a_cdr_token(uid="MANY", contract_id="NL-BET-C3")
    for hour in range(4):
        heavy = bench.cdr(cdr_token=card, ended_at=ENDED_AT + timedelta(hours=2 * hour), **energy("151"))
    bench.expected.append((heavy, 65, "TOKEN_VELOCITY", F))
    bench.operator = "FR-054"
    card = messages.a_cdr_token(uid="FAIL", contract_id="NL-BET-C4")
    for hour in range(3):
        failed = bench.cdr(cdr_token=card, ended_at=ENDED_AT + timedelta(hours=2 * hour), net="1.00", **energy("0.05"))
    bench.expected.append((failed, 54, "FAILED_STARTS", H))
    bench.operator = "FR-080"
    session: dict[str, Any] = {"session_id": "AGAIN", "known": False, "cdr_token": messages.a_cdr_token(uid="X", contract_id="NL-BET-C5")}
    for _ in range(3):
        a_credit_for(bench.cdr(**session))
    bench.expected.append((bench.cdr(**session), 80, "CORRECTION_CHURN", H))
    bench.expected.append((a_credit_for(bench.cdr(), total_cost=messages.a_price("-1.00")), 79, "PARTIAL_CREDIT", H))


def money(bench: Bench) -> None:
    bench.operator = "FR-073"
    terms = some_terms(operator=a_party(bench.operator), provider=a_party("NL-BET"))
    change = propose_change(setting=Setting(73, "per_kwh", "0.45", terms.agreement_id), reason="", by="m", by_role="maker", at=STARTED_AT)
    approve_change(change=change, by="c", by_role="checker", at=STARTED_AT)
    bench.expected.append((bench.cdr(net="10.00"), 73, "PRICE_ABOVE_CAP", H))
    bench.operator = "FR-173"
    MarketPrice.objects.create(country="DEU", currency="EUR", per_kwh=Decimal("0.50"), cdrs=500, measured_at=STARTED_AT)
    bench.expected.append((bench.cdr(net="51.00"), 73, "PRICE_OFF_MARKET", H))
    bench.operator = "FR-077"
    for key, vat_id in ((bench.operator, "FR40303265045"), ("NL-BET", "NL004495445B01")):
        TaxProfile.objects.create(party=a_party(key), vat_id=vat_id)
    bench.expected.append((bench.cdr(net="10.00", vat="1.90"), 77, "VAT_ON_REVERSE_CHARGE", F))
    bench.operator = "FR-076"
    later = messages.a_tariff(
        operator=canonical.PartyId.parse(bench.operator), price="0.99", last_updated=STARTED_AT + timedelta(minutes=1)
    )
    row = Tariff.objects.create(
        owner=a_party(bench.operator),
        tariff_id="AC-1",
        tariff_key="AC-1",
        currency="EUR",
        document={},
        digest=b"",
        last_updated=later.last_updated,
    )
    for tariff in (messages.a_tariff(operator=canonical.PartyId.parse(bench.operator)), later):
        TariffRevision.objects.create(tariff=row, document=canonical.to_builtins(tariff), last_updated=tariff.last_updated)
    bench.expected.append((bench.cdr(**priced("19.80") | {"tariffs": ()}), 76, "TARIFF_CHANGED", H))


def test_clearing_does_with_each_example_what_the_table_says() -> None:
    some_terms()
    bench = Bench()
    for examples in (single_examples, partners_and_cards, the_chain, time_and_meters, signatures, cards_that_run, money):
        examples(bench)
    clear_everything(at=CUT_OFF)
    said = set(Finding.objects.values_list("cdr_id", "check_number", "code", "action"))
    missing = [(number, code, action) for cdr, number, code, action in bench.expected if (cdr.pk, number, code, action) not in said]
    assert missing == []
    shown = {(number, action) for _, number, _, action in bench.expected}
    deviating = {number for number, action in shown if action not in ASKED[number]}
    assert deviating <= explained()


def test_what_belongs_to_no_open_period_and_to_no_cdr_is_said() -> None:
    some_terms()
    close_period(netting_set=the_default_set(), period=OCTOBER, by="m", at=CUT_OFF)
    late = a_charged_cdr(received_at=CUT_OFF)
    lost = a_charged_cdr(operator="FR-025")
    Session.objects.filter(session_id=lost.session_id).update(session_id="LOST", session_key="LOST")
    clear_everything(at=CUT_OFF)
    assert Finding.objects.filter(cdr=late, check_number=42, code="LATE_PERIOD", action=A).exists()
    assert ("missing", "LOST") in {(gap.kind, gap.name) for gap in list_register(at=CUT_OFF)}  # check 25


@pytest.mark.parametrize(("number", "field", "over"), AT_THE_DOOR, ids=[str(row[0]) for row in AT_THE_DOOR])
def test_the_door_rejects_and_names_the_field(number: int, field: str, over: dict[str, Any]) -> None:
    assert R in ASKED[number]
    with pytest.raises(RefusedCdr, match=f"^{re.escape(field)}: "):
        check_on_its_face(cdr=messages.a_cdr(**over), at=messages.NOW)


def test_the_door_knows_repeats_second_cdrs_strangers_and_credits() -> None:
    roaming_partners()
    first = receive(messages.a_cdr())
    assert first.verdict != Verdict.SAME
    assert receive(messages.a_cdr()).verdict == Verdict.SAME  # 3
    for number, refusal, cdr in (
        (4, CdrAlreadySealed, messages.a_cdr(total_energy=Decimal("20.01"))),
        (5, SecondCdrForSession, messages.a_cdr(id="CDR-0002")),
        (7, UnknownProvider, messages.a_cdr(id="CDR-0003", session_id="S", cdr_token=messages.a_cdr_token(party_id="XXX"))),
        (
            79,
            BadCredit,
            messages.a_cdr(id="CDR-0004", credit=True, credit_reference_id="NONE", total_cost=messages.a_price("-7.80", "-1.48")),
        ),
    ):
        with pytest.raises(refusal):
            receive(cdr)
        assert {R, H} & set(ASKED[number])
    assert Cdr.objects.count() == 1
    assert PartyRole.objects.count() >= 2


def test_the_door_speaks_of_checks_by_the_numbers_and_codes_of_the_catalogue() -> None:
    assert {number: CHECKS[number].code for number in CODES} == CODES


@pytest.mark.parametrize(("tariffs", "session", "is_refused"), [("SEK", None, False), ("EUR", None, True), ("EUR", "SEK", False)])
def test_69_the_door_rejects_a_currency_that_neither_tariff_nor_session_tells(tariffs: str, session: str | None, is_refused: bool) -> None:
    cdr = messages.a_cdr(currency="SEK", tariffs=(messages.a_tariff(currency=tariffs),))
    if not is_refused:
        check_currency(cdr=cdr, told=(session, None))
        return
    with pytest.raises(ForeignCurrency, match=r"^currency: SEK, but tariff and session are in EUR"):
        check_currency(cdr=cdr, told=(session, None))


def test_69_the_door_knows_the_session_and_the_published_tariff() -> None:
    operator, provider = roaming_partners()
    bare: dict[str, Any] = {"currency": "SEK", "tariffs": ()}
    receive(messages.a_cdr(id="CDR-1", session_id="S-1", **bare))  # nobody tells another currency
    row = {"owner": operator, "provider": provider, "started_at": STARTED_AT, "document": {}, "digest": b"", "last_updated": STARTED_AT}
    Session.objects.create(session_id="S-2", session_key="S-2", status="COMPLETED", energy_kwh=1, currency="EUR", token_uid="X", **row)
    with pytest.raises(ForeignCurrency):
        receive(messages.a_cdr(id="CDR-2", session_id="S-2", **bare))
    offered = {"owner": operator, "tariff_id": "AC-1", "tariff_key": "AC-1", "document": {}, "digest": b"", "last_updated": STARTED_AT}
    Tariff.objects.create(currency="EUR", **offered)
    with pytest.raises(ForeignCurrency):
        receive(messages.a_cdr(id="CDR-3", session_id="S-3", **bare))


# Tests of their own hold the examples: the reader of each version (1), the caller's roles (2), trends (43, 66, 67); nobody sends 74.
ELSEWHERE = {1, 2, 43, 66, 67, 74}
AMONG_OTHERS = {3, 4, 5, 6, 7, 9, 11, 14, 15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 37, 38, 39, 42, 46, 49, 50, 51, 54, 56, 59, 60, 61}
AMONG_OTHERS |= {62, 63, 64, 65, 73, 76, 77, 79, 80}


def test_every_number_is_asked_shown_and_where_it_differs_explained() -> None:
    assert set(ASKED) == set(CHECKS) == set(range(1, 81))
    shown = {row[0] for row in (*SINGLE, *AT_THE_DOOR)} | AMONG_OTHERS | ELSEWHERE
    assert shown == set(CHECKS)
    differing = {number for number, check in CHECKS.items() if check.action not in ASKED[number] and check.room != Room.NOWHERE}
    assert differing <= explained()


def explained() -> set[int]:
    """The numbers in the table of decision 0007."""
    text = (Path(settings.BASE_DIR) / "docs/decisions/0007-how-a-cdr-is-judged.md").read_text()
    rows = re.findall(r"^\| ([0-9, ]+)[^|]*\|", text, re.MULTILINE)
    return {int(number) for row in rows for number in re.findall(r"\d+", row)}
