"""Every object into every version and back: what differs afterwards must have been declared as a loss."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from roaming import canonical
from roaming.protocols.ocpi import dialect, intake, v2_1_1, v2_2_1, v2_3_0
from roaming.protocols.ocpi.loss import Effect, LossReport, Touches
from roaming.protocols.ocpi.v2_1_1 import cdrs as cdrs_2_1_1
from roaming.protocols.ocpi.v2_1_1 import fit as fit_2_1_1
from roaming.protocols.ocpi.v2_1_1 import locations as locations_2_1_1
from roaming.protocols.ocpi.v2_1_1 import sessions as sessions_2_1_1
from roaming.protocols.ocpi.v2_1_1 import tariffs as tariffs_2_1_1
from roaming.protocols.ocpi.v2_1_1 import tokens as tokens_2_1_1
from roaming.protocols.ocpi.v2_2_1 import cdrs as cdrs_2_2_1
from roaming.protocols.ocpi.v2_2_1 import fit as fit_2_2_1
from roaming.protocols.ocpi.v2_2_1 import locations as locations_2_2_1
from roaming.protocols.ocpi.v2_2_1 import prices as prices_2_2_1
from roaming.protocols.ocpi.v2_2_1 import sessions as sessions_2_2_1
from roaming.protocols.ocpi.v2_2_1 import tariffs as tariffs_2_2_1
from roaming.protocols.ocpi.v2_2_1 import tokens as tokens_2_2_1
from roaming.protocols.ocpi.v2_3_0 import cdrs as cdrs_2_3_0
from roaming.protocols.ocpi.v2_3_0 import fit as fit_2_3_0
from roaming.protocols.ocpi.v2_3_0 import locations as locations_2_3_0
from roaming.protocols.ocpi.v2_3_0 import prices as prices_2_3_0
from roaming.protocols.ocpi.v2_3_0 import sessions as sessions_2_3_0
from roaming.protocols.ocpi.v2_3_0 import tariffs as tariffs_2_3_0
from roaming.protocols.ocpi.v2_3_0 import tokens as tokens_2_3_0
from tests.builders.canonical_messages import (
    OPERATOR,
    PROVIDER,
    a_cdr,
    a_cdr_token,
    a_charging_period,
    a_connector,
    a_credit_of,
    a_location,
    a_session,
    a_tariff,
    a_token,
    an_evse,
)

D = Decimal
NOW = datetime(2026, 10, 5, tzinfo=UTC)
VENDOR = {"vendor_note": "kept", "vendor_list": [1, 2]}


def energy(price: str, vat: str | None = None, **over: Any) -> canonical.TariffElement:
    component = canonical.PriceComponent(type="ENERGY", price=D(price), vat=None if vat is None else D(vat), **over)
    return canonical.TariffElement(price_components=(component,))


TAXED = canonical.Price(before_taxes=D("4.00"), taxes=(canonical.TaxAmount(name="VAT", amount=D("0.40")),))
RICH_LOCATION = a_location(
    evses=(
        an_evse(
            capabilities=("RFID_READER", "DEBIT_CARD_PAYABLE", "ISO_MAGIC"),
            parking_restrictions=("EV_ONLY", "TAXIS"),
            parking=(canonical.EvseParking(parking_id="P1"),),
            accepted_service_providers=("Beta Mobility",),
            connectors=(
                a_connector(tariff_ids=("AC-1", "AC-2"), capabilities=("ISO_15118_2_PLUG_AND_CHARGE",)),
                a_connector(id="2", standard="MCS", power_type="DC"),
            ),
        ),
        an_evse(uid="EVSE-2", connectors=(a_connector(standard="SAE_J3400", power_type="AC_2_PHASE"),)),
    ),
    facilities=("HOTEL", "METRO_STATION"),
    parking_type="ALONG_MOTORWAY",
    state="Hamburg",
    help_phone="+49 40 000",
    parking_places=(canonical.Parking(id="P1", vehicle_types=("PERSONAL_VEHICLE",), restricted_to_type=False, reservation_required=False),),
    address="Hafenstrasse 12, hinter dem alten Lagerhaus am Kai, Tor 3",
    coordinates=canonical.GeoLocation(latitude="53.5451", longitude="9.96670"),
    opening_times=canonical.Hours(
        twentyfourseven=False, regular_hours=(canonical.RegularHours(weekday=1, period_begin="08:00", period_end="20:00"),)
    ),
    energy_mix=canonical.EnergyMix(
        is_green_energy=True, environ_impact=(canonical.EnvironmentalImpact(category="CARBON_DIOXIDE", amount=D("12.5")),)
    ),
    extensions=VENDOR,
)
RICH_TARIFF = a_tariff(
    elements=(
        energy("1.10", "10", extensions={"exact_price_component": "Y"}),
        canonical.TariffElement(
            price_components=(canonical.PriceComponent(type="FLAT", price=D("2.00"), vat=D("10")),),
            restrictions=canonical.TariffRestrictions(reservation="RESERVATION"),
        ),
        canonical.TariffElement(
            price_components=(canonical.PriceComponent(type="TIME", price=D("2.00"), vat=D("10")),),
            restrictions=canonical.TariffRestrictions(booking="BOOKING"),
        ),
    ),
    tax_included="YES",
    extensions=VENDOR,
)
RICH_TOKEN = a_token(
    type="EMAID",
    group_id="FAMILY",
    default_profile_type="GREEN",
    energy_contract=canonical.EnergyContract(supplier_name="Wind"),
    extensions=VENDOR,
)
RICH_SESSION = a_session(
    cdr_token=a_cdr_token(type="EMAID"),
    auth_method="COMMAND",
    authorization_reference="REF-1",
    status="RESERVATION",
    total_cost=TAXED,
    charging_periods=(
        a_charging_period(
            dimensions=(canonical.Dimension(type="ENERGY", volume=D("1")), canonical.Dimension(type="POWER", volume=D("11"))),
            tariff_id="AC-1",
        ),
    ),
)
RICH_CDR = a_cdr(
    cdr_token=a_cdr_token(type="EMAID"),
    total_cost=canonical.Price(
        before_taxes=D("4.00"), taxes=(canonical.TaxAmount(name="GST", amount=D("0.20")), canonical.TaxAmount(name="QST", amount=D("0.40")))
    ),
    total_energy_cost=TAXED,
    tariffs=(
        RICH_TARIFF,
        a_tariff(
            id="INCL",
            tax_included="YES",
            elements=(energy("1"),),
        ),
    ),
    authorization_reference="REF-1",
    booking_id="B-1",
    signed_data=canonical.SignedData(
        encoding_method="OCMF", signed_values=(canonical.SignedValue(nature="Start", plain_data="plain\nline", signed_data="x" * 5000),)
    ),
)

Crossing = tuple[Any, Callable[[Any, LossReport], Any], Callable[[Any], Any], Callable[[Any], Any]]
CROSSINGS: dict[str, Crossing] = {
    "location 2.3.0": (RICH_LOCATION, fit_2_3_0.fit_location, locations_2_3_0.write_location, locations_2_3_0.read_location),
    "tariff 2.3.0": (RICH_TARIFF, fit_2_3_0.fit_tariff, tariffs_2_3_0.write_tariff, tariffs_2_3_0.read_tariff),
    "token 2.3.0": (RICH_TOKEN, fit_2_3_0.fit_token, tokens_2_3_0.write_token, tokens_2_3_0.read_token),
    "session 2.3.0": (RICH_SESSION, fit_2_3_0.fit_session, sessions_2_3_0.write_session, sessions_2_3_0.read_session),
    "cdr 2.3.0": (RICH_CDR, fit_2_3_0.fit_cdr, cdrs_2_3_0.write_cdr, cdrs_2_3_0.read_cdr),
    "location 2.2.1": (RICH_LOCATION, fit_2_2_1.fit_location, locations_2_2_1.write_location, locations_2_2_1.read_location),
    "tariff 2.2.1": (RICH_TARIFF, fit_2_2_1.fit_tariff, tariffs_2_2_1.write_tariff, tariffs_2_2_1.read_tariff),
    "token 2.2.1": (RICH_TOKEN, fit_2_2_1.fit_token, tokens_2_2_1.write_token, tokens_2_2_1.read_token),
    "session 2.2.1": (RICH_SESSION, fit_2_2_1.fit_session, sessions_2_2_1.write_session, sessions_2_2_1.read_session),
    "cdr 2.2.1": (RICH_CDR, fit_2_2_1.fit_cdr, cdrs_2_2_1.write_cdr, cdrs_2_2_1.read_cdr),
    "location 2.1.1": (
        RICH_LOCATION,
        fit_2_1_1.fit_location,
        locations_2_1_1.write_location,
        lambda body: locations_2_1_1.read_location(body, owner=OPERATOR),
    ),
    "tariff 2.1.1": (
        RICH_TARIFF,
        fit_2_1_1.fit_tariff,
        tariffs_2_1_1.write_tariff,
        lambda body: tariffs_2_1_1.read_tariff(body, owner=OPERATOR),
    ),
    "token 2.1.1": (RICH_TOKEN, fit_2_1_1.fit_token, tokens_2_1_1.write_token, lambda body: tokens_2_1_1.read_token(body, owner=PROVIDER)),
    "session 2.1.1": (
        RICH_SESSION,
        fit_2_1_1.fit_session,
        lambda session: sessions_2_1_1.write_session(session, location=a_location()),
        lambda body: sessions_2_1_1.read_session(body, owner=OPERATOR, token=RICH_SESSION.cdr_token),
    ),
    "cdr 2.1.1": (
        RICH_CDR,
        fit_2_1_1.fit_cdr,
        cdrs_2_1_1.write_cdr,
        lambda body: cdrs_2_1_1.read_cdr(body, owner=OPERATOR, token=RICH_CDR.cdr_token),
    ),
}


def over_the_wire(body: dict[str, Any]) -> Any:
    return intake.read_json(dialect.encode(body))


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Paths, in the words of loss reports, at which two canonical values differ."""
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        for name in one.__struct_fields__:
            yield from differences(getattr(one, name), getattr(other, name), f"{path}.{name}" if path else name)
    elif isinstance(one, tuple) and isinstance(other, tuple) and one and isinstance(one[0], msgspec.Struct):
        keys = [_key(item, number) for number, item in enumerate(one)]
        others = {_key(item, number): item for number, item in enumerate(other)}
        for key, item in zip(keys, one, strict=True):
            if key in others:
                yield from differences(item, others[key], f"{path}[{key}]")
            else:
                yield f"{path}[{key}]"
    elif one != other and not (one in (None, ()) and other in (None, ())):
        yield path


def _key(item: Any, number: int) -> str:
    if isinstance(item, canonical.TariffElement):
        return item.price_components[0].type
    return str(getattr(item, "uid", None) or getattr(item, "id", None) or number)


class TestCrossings:
    @pytest.mark.parametrize("name", CROSSINGS)
    def test_what_differs_afterwards_was_declared(self, name: str) -> None:
        message, fit, write, read = CROSSINGS[name]
        report = LossReport()
        crossed = read(over_the_wire(write(fit(message, report))))
        words = {word for loss in report.losses for word in loss.field.replace("[", ".").replace("]", "").split(".") if not word.isdigit()}
        silent = [path for path in differences(message, crossed) if not words & set(path.replace("[", ".").replace("]", "").split("."))]
        assert silent == []

    @pytest.mark.parametrize("name", [name for name in CROSSINGS if name.endswith("2.3.0")])
    def test_the_newest_version_loses_nothing(self, name: str) -> None:
        message, fit, write, read = CROSSINGS[name]
        report = LossReport()
        assert read(over_the_wire(write(fit(message, report)))) == fit(message, LossReport())
        assert report.losses == []

    @pytest.mark.parametrize("name", CROSSINGS)
    def test_unknown_fields_survive(self, name: str) -> None:
        message, fit, write, read = CROSSINGS[name]
        crossed = read(over_the_wire(write(fit(replace(message, extensions=VENDOR), LossReport()))))
        assert crossed.extensions == VENDOR


class TestPrices:
    def test_a_gross_price_with_its_rate_becomes_net(self) -> None:
        report = LossReport()
        fitted = fit_2_2_1.fit_tariff(RICH_TARIFF, report)
        assert fitted.elements[0].price_components[0].price == D("1.0000")
        assert not report.blocks

    def test_a_gross_price_without_its_rate_does_not_cross(self) -> None:
        tariff = a_tariff(
            tax_included="YES",
            elements=(energy("1"),),
        )
        for fit in (fit_2_2_1.fit_tariff, fit_2_1_1.fit_tariff):
            report = LossReport()
            fit(tariff, report)
            assert report.blocks

    def test_net_and_gross_cross_to_named_taxes_and_back_identical(self) -> None:
        body = {"excl_vat": 4.00, "incl_vat": 4.40}
        price = prices_2_2_1.PRICE.read(over_the_wire(body))
        newer = prices_2_3_0.PRICE.write(price)
        assert newer["before_taxes"] == D("4.0")
        assert [(tax["name"], tax["amount"]) for tax in newer["taxes"]] == [("VAT", D("0.4"))]
        assert prices_2_2_1.PRICE.write(prices_2_3_0.PRICE.read(over_the_wire(newer))) == {"excl_vat": D("4.0"), "incl_vat": D("4.4")}

    def test_a_reservation_or_current_element_goes_whole(self) -> None:
        report = LossReport()
        fitted = fit_2_1_1.fit_tariff(RICH_TARIFF, report)
        assert [element.price_components[0].type for element in fitted.elements] == ["ENERGY"]
        assert {loss.field for loss in report.losses if loss.effect is Effect.DROPPED} >= {"elements[1]", "elements[2]"}

    @pytest.mark.parametrize(
        "over",
        [
            {"min_price": canonical.PriceLimit(before_taxes=D("1"))},
            {"max_price": canonical.PriceLimit(before_taxes=D("9"))},
            {"type": "AD_HOC_PAYMENT"},
            {"end_date_time": datetime(2026, 1, 1, tzinfo=UTC)},
        ],
        ids=lambda over: next(iter(over)),
    )
    def test_what_2_1_1_cannot_say_of_a_price_blocks(self, over: dict[str, Any]) -> None:
        report = LossReport()
        fit_2_1_1.fit_tariff(a_tariff(**over), report, at=NOW)
        assert [loss.touches for loss in report.losses if loss.touches] == [Touches.PRICE]


class TestVisibility:
    def test_an_unpublished_location_never_reaches_2_1_1(self) -> None:
        report = LossReport()
        fit_2_1_1.fit_location(a_location(publish=False), report)
        assert report.blocks
        assert [loss.touches for loss in report.losses if loss.touches] == [Touches.VISIBILITY]

    def test_a_credit_never_reaches_2_1_1(self) -> None:
        report = LossReport()
        fit_2_1_1.fit_cdr(a_credit_of(a_cdr()), report)
        assert report.blocks

    def test_a_plug_without_a_word_is_left_out_and_said(self) -> None:
        report = LossReport()
        fitted = fit_2_2_1.fit_location(RICH_LOCATION, report)
        assert [connector.id for evse in fitted.evses for connector in evse.connectors] == ["1"]
        assert {loss.field for loss in report.losses} >= {"evses[EVSE-1].connectors[2]", "evses[EVSE-2]"}


class TestTheWayUp:
    def test_a_2_1_1_location_becomes_a_whole_one(self) -> None:
        body = locations_2_1_1.write_location(fit_2_1_1.fit_location(a_location(), LossReport()))
        body.pop("time_zone")
        read = locations_2_1_1.read_location(over_the_wire(body), owner=OPERATOR)
        report = LossReport()
        newest = locations_2_3_0.write_location(fit_2_3_0.fit_location(read, report))
        assert (newest["country_code"], newest["party_id"], newest["publish"]) == ("DE", "ALF", True)
        assert newest["time_zone"] == "Europe/Berlin"
        assert newest["evses"][0]["connectors"][0]["max_voltage"] == 230
        assert newest["evses"][0]["connectors"][0]["tariff_ids"] == ["AC-1"]
        assert [(loss.field, loss.effect) for loss in report.losses] == [("time_zone", Effect.GUESSED)]

    def test_a_2_1_1_session_names_the_driver_by_contract(self) -> None:
        body = sessions_2_1_1.write_session(a_session(), location=a_location())
        read = sessions_2_1_1.read_session(over_the_wire(body), owner=OPERATOR)
        assert read.cdr_token.owner == PROVIDER
        assert (read.cdr_token.uid, read.cdr_token.type) == ("#NA", "OTHER")
        assert (read.location_id, read.evse_uid, read.connector_id) == ("LOC-1", "EVSE-1", "1")

    def test_every_version_has_its_room(self) -> None:
        assert all(module.__doc__ for module in (v2_1_1, v2_2_1, v2_3_0))
