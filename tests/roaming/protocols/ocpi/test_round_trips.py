"""Whatever honest body comes in, the same goes out: objects of OCPI 2.2.1 made from the examples by leaving out and changing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming import canonical
from roaming.protocols.ocpi.dialect import Shape, encode
from roaming.protocols.ocpi.intake import read_json
from roaming.protocols.ocpi.v2_2_1 import cdrs, locations, sessions, tariffs, tokens
from tests.wire.messages import a_message, json_of

SHAPES: dict[str, Shape[Any]] = {
    "location": locations.LOCATION,
    "tariff": tariffs.TARIFF,
    "token": tokens.TOKEN,
    "session": sessions.SESSION,
    "cdr": cdrs.CDR,
}
_OPTIONAL = {name: {field.wire for field in shape.fields if not field.is_required} for name, shape in SHAPES.items()}
# Fields whose texts and numbers may be anything of their kind; the others are enumerations, ids that must match, or bounded.
_FREE_TEXTS = {"name", "address", "city", "issuer", "remark", "meter_id", "supplier_name", "text", "plain_data"}
_FREE_NUMBERS = {"kwh", "volume", "price", "excl_vat", "total_energy", "total_time", "percentage", "amount"}

_TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40)
_AMOUNT = st.integers(-999_999_9999, 999_999_9999).map(lambda units: Decimal(units).scaleb(-4))
_UNKNOWN = st.dictionaries(
    st.from_regex(r"x_[a-z]{1,8}", fullmatch=True),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**17), 10**17) | _TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


@st.composite
def bodies(draw: st.DrawFn, name: str) -> dict[str, Any]:
    body = vary(draw, a_message(name))
    dropped = draw(st.sets(st.sampled_from(sorted(_OPTIONAL[name]))))
    return {**{field: value for field, value in body.items() if field not in dropped}, **draw(_UNKNOWN)}


def vary(draw: st.DrawFn, value: Any, field: str = "") -> Any:
    if isinstance(value, dict):
        varied = {key: vary(draw, inner, key) for key, inner in value.items()}
        if "excl_vat" in varied and "incl_vat" in varied and draw(st.booleans()):
            del varied["incl_vat"]
        return varied
    if isinstance(value, list):
        return [vary(draw, inner, field) for inner in value]
    if field in _FREE_TEXTS:
        return draw(_TEXT)
    return draw(_AMOUNT) if field in _FREE_NUMBERS else value


@pytest.mark.parametrize("name", SHAPES)
class TestRoundTrip:
    @given(data=st.data())
    def test_of_the_wire(self, name: str, data: st.DataObject) -> None:
        body = read_json(json_of(data.draw(bodies(name))))
        assert read_json(encode(SHAPES[name].write(SHAPES[name].read(body)))) == body

    @given(data=st.data())
    def test_through_the_store(self, name: str, data: st.DataObject) -> None:
        shape, body = SHAPES[name], read_json(json_of(data.draw(bodies(name))))
        message = shape.read(body)
        stored = json.loads(canonical.encode(message))
        assert read_json(encode(shape.write(canonical.from_builtins(stored, type(message))))) == body

    @given(data=st.data())
    def test_of_a_patch(self, name: str, data: st.DataObject) -> None:
        shape, body = SHAPES[name], read_json(json_of(data.draw(bodies(name))))
        cleared = data.draw(st.sets(st.sampled_from(sorted(_OPTIONAL[name]))))
        patch = {**body, **dict.fromkeys(cleared)}
        written = read_json(encode(shape.write_patch(shape.read_patch(patch))))
        assert written == patch
