"""Reading, writing and patching objects of OCPI 2.2.1."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from roaming import canonical
from roaming.protocols.ocpi.dialect import BadFields, Shape, encode
from roaming.protocols.ocpi.intake import read_json
from roaming.protocols.ocpi.v2_2_1 import cdrs, locations, sessions, tariffs, tokens
from tests.wire.messages import a_message

SHAPES: dict[str, Shape[Any]] = {
    "location": locations.LOCATION,
    "tariff": tariffs.TARIFF,
    "token": tokens.TOKEN,
    "session": sessions.SESSION,
    "cdr": cdrs.CDR,
}


def bad_paths(shape: Shape[Any], body: Any) -> list[str]:
    with pytest.raises(BadFields) as refusal:
        shape.read(body)
    return [path for path, _ in refusal.value.problems]


class TestShape:
    @pytest.mark.parametrize("name", SHAPES)
    def test_writes_what_it_read(self, name: str) -> None:
        body = a_message(name)
        assert read_json(encode(SHAPES[name].write(SHAPES[name].read(body)))) == body

    @pytest.mark.parametrize("name", SHAPES)
    def test_writes_what_it_read_after_a_stay_in_the_store(self, name: str) -> None:
        shape = SHAPES[name]
        message = shape.read(a_message(name))
        again = canonical.decode(canonical.encode(message), type(message))
        assert read_json(encode(shape.write(again))) == a_message(name)

    @pytest.mark.parametrize("name", SHAPES)
    def test_the_example_names_every_field_that_the_shape_knows(self, name: str) -> None:
        known = {field.wire for field in SHAPES[name].fields} - {"credit", "credit_reference_id"}
        assert known <= a_message(name).keys()

    def test_names_every_bad_field_with_its_path(self) -> None:
        body = a_message("session", kwh="much", status="WAITING", currency="euro", location_id=None)
        body["charging_periods"][1]["dimensions"][0]["volume"] = True
        body["cdr_token"]["uid"] = ""
        assert sorted(bad_paths(sessions.SESSION, body)) == [
            "cdr_token.uid",
            "charging_periods[1].dimensions[0].volume",
            "currency",
            "kwh",
            "location_id",
            "status",
        ]

    def test_says_what_was_expected_and_not_what_was_sent(self) -> None:
        with pytest.raises(BadFields) as refusal:
            tokens.TOKEN.read(a_message("token", uid="04ÄÖ-SECRET"))
        assert str(refusal.value) == "uid: expected a text of 1 to 36 printable ASCII characters"

    @pytest.mark.parametrize("body", [None, [], "x", 1])
    def test_refuses_what_is_no_object(self, body: Any) -> None:
        assert bad_paths(tokens.TOKEN, body) == [""]

    def test_null_is_absent_and_an_empty_list_too(self) -> None:
        nothing = locations.LOCATION.read({**a_message("location"), "name": None, "directions": [], "images": None})
        assert (nothing.name, nothing.directions, nothing.images) == (None, (), ())
        assert not {"name", "directions", "images"} & locations.LOCATION.write(nothing).keys()

    def test_null_for_a_required_field_is_a_missing_field(self) -> None:
        assert bad_paths(tokens.TOKEN, {**a_message("token"), "valid": None}) == ["valid"]

    def test_an_unknown_field_cannot_take_the_place_of_a_known_one(self) -> None:
        token = tokens.TOKEN.read(a_message("token"))
        forged = canonical.Token(
            **{name: getattr(token, name) for name in token.__struct_fields__} | {"extensions": {"valid": False, "x": 1}}
        )
        assert tokens.TOKEN.write(forged)["valid"] is True
        assert tokens.TOKEN.write(forged)["x"] == 1

    def test_a_required_list_may_not_be_empty(self) -> None:
        assert bad_paths(tariffs.TARIFF, a_message("tariff", elements=[])) == ["elements"]

    def test_keeps_not_available_as_a_text(self) -> None:
        body = a_message("session", evse_uid="#NA", connector_id="#NA")
        assert sessions.SESSION.read(body).evse_uid == "#NA"

    def test_reads_the_other_spelling_of_a_reservation(self) -> None:
        assert sessions.SESSION.read(a_message("session", status="RESERVED")).status == "RESERVATION"


class TestPrice:
    def test_the_difference_of_gross_and_net_is_a_tax(self) -> None:
        price = sessions.SESSION.read(a_message("session")).total_cost
        assert price == canonical.Price(before_taxes=Decimal("7.80"), taxes=(canonical.TaxAmount(name="VAT", amount=Decimal("1.48")),))

    def test_without_gross_the_tax_is_unknown(self) -> None:
        session = sessions.SESSION.read(a_message("session", total_cost={"excl_vat": 7}))
        assert session.total_cost == canonical.Price(before_taxes=Decimal(7))
        assert sessions.SESSION.write(session)["total_cost"] == {"excl_vat": Decimal(7)}

    def test_gross_equal_to_net_is_a_tax_of_nothing(self) -> None:
        session = sessions.SESSION.read(a_message("session", total_cost={"excl_vat": 7, "incl_vat": 7}))
        assert session.total_cost is not None
        assert session.total_cost.taxes == (canonical.TaxAmount(name="VAT", amount=Decimal(0)),)
        assert sessions.SESSION.write(session)["total_cost"] == {"excl_vat": Decimal(7), "incl_vat": Decimal(7)}

    def test_several_taxes_are_one_gross_amount(self) -> None:
        taxes = (canonical.TaxAmount(name="GST", amount=Decimal("0.50")), canonical.TaxAmount(name="QST", amount=Decimal("1.00")))
        session = sessions.SESSION.read(a_message("session"))
        fields = {name: getattr(session, name) for name in session.__struct_fields__}
        taxed = canonical.Session(**{**fields, "total_cost": canonical.Price(before_taxes=Decimal(10), taxes=taxes)})
        assert sessions.SESSION.write(taxed)["total_cost"] == {"excl_vat": Decimal(10), "incl_vat": Decimal("11.50")}


class TestReadPatch:
    def test_returns_the_given_fields_only_in_stored_form(self) -> None:
        body = read_json(
            b'{"kwh": 9.50, "total_cost": {"excl_vat": 3, "incl_vat": 3.57}, "last_updated": "2026-10-05T10:40:00Z", "x_bay": 5}'
        )
        assert sessions.SESSION.read_patch(body) == {
            "kwh": "9.50",
            "total_cost": {"before_taxes": "3", "taxes": [{"name": "VAT", "amount": "0.57"}]},
            "last_updated": "2026-10-05T10:40:00Z",
            "extensions": {"x_bay": 5},
        }

    def test_names_the_canonical_attribute(self) -> None:
        changes = locations.LOCATION.read_patch({"owner": {"name": "Neu AG"}, "last_updated": "2026-10-05T10:40:00Z"})
        assert changes["owner_details"] == {"name": "Neu AG"}

    def test_needs_last_updated(self) -> None:
        with pytest.raises(BadFields, match="last_updated"):
            sessions.SESSION.read_patch({"kwh": 9})

    def test_null_clears_an_optional_field(self) -> None:
        changes = locations.EVSE.read_patch({"floor_level": None, "last_updated": "2026-10-05T10:40:00Z"})
        assert changes["floor_level"] is None

    def test_null_does_not_clear_a_required_field(self) -> None:
        with pytest.raises(BadFields, match="status"):
            locations.EVSE.read_patch({"status": None, "last_updated": "2026-10-05T10:40:00Z"})

    def test_names_every_bad_field(self) -> None:
        with pytest.raises(BadFields) as refusal:
            locations.EVSE.read_patch({"status": "OPEN", "floor_level": "basement", "connectors": []})
        assert sorted(path for path, _ in refusal.value.problems) == ["connectors", "floor_level", "last_updated", "status"]

    def test_writes_what_it_read(self) -> None:
        body = {
            "status": "CHARGING",
            "floor_level": None,
            "coordinates": {"latitude": "53.5", "longitude": "9.9"},
            "last_updated": "2026-10-05T10:40:00.500Z",
            "x_new": [1.5],
        }
        assert read_json(encode(locations.EVSE.write_patch(locations.EVSE.read_patch(body)))) == read_json(encode(body))


class TestDecision:
    def test_reads_the_provider_off_the_token(self) -> None:
        decision = tokens.AUTHORIZATION_INFO.read(
            {"allowed": "BLOCKED", "token": a_message("token"), "info": {"language": "en", "text": "Card is blocked"}, "x_note": "kept"}
        )
        assert (decision.provider, decision.allowed) == (canonical.PartyId("NL", "BET"), canonical.Allowed.BLOCKED)
        assert tokens.AUTHORIZATION_INFO.write(decision)["x_note"] == "kept"

    def test_reads_an_authorise_request_without_a_body(self) -> None:
        request = tokens.read_authorization_request(
            token_uid="04A2", token_type=None, body=None, operator=canonical.PartyId("DE", "ALF"), receiver=None, correlation_id="c"
        )
        assert (request.token_type, request.location) == ("RFID", None)

    def test_names_every_bad_part_of_an_authorise_request(self) -> None:
        with pytest.raises(BadFields) as refusal:
            tokens.read_authorization_request(
                token_uid="x" * 37,
                token_type="CARD",
                body={"evse_uids": "EVSE-1"},
                operator=canonical.PartyId("DE", "ALF"),
                receiver=None,
                correlation_id="c",
            )
        assert sorted(path for path, _ in refusal.value.problems) == ["evse_uids", "location_id", "type"]


def test_an_instant_is_never_moved_by_a_crossing() -> None:
    session = sessions.SESSION.read(a_message("session", last_updated="2026-10-05T11:00:00.123456Z"))
    assert session.last_updated == datetime(2026, 10, 5, 11, 0, 0, 123456, UTC)
    assert sessions.SESSION.write(session)["last_updated"] == "2026-10-05T11:00:00.123Z"
