"""Who charges: exactly one of five members (oicp §3.3). A PIN in clear stands in this object only, never in a log or a table."""

from typing import Any

from roaming.canonical import Open
from roaming.protocols.oicp.v2_3.kinds import EVCO_IDS, MOMENT, UIDS, Moment, text
from roaming.protocols.wire.kinds import Kind, Unfit, one_of, unfit
from roaming.protocols.wire.shapes import Shape, optional, required

MIFARE = "RFIDMifareFamilyIdentification"
RFID = "RFIDIdentification"
QR_CODE = "QRCodeIdentification"
PLUG_AND_CHARGE = "PlugAndChargeIdentification"
REMOTE = "RemoteIdentification"


class LegacyHash(Open, frozen=True, kw_only=True):
    """How an older hash was made."""

    function: str
    salt: str | None = None
    value: str | None = None


class HashedPin(Open, frozen=True, kw_only=True):
    """A PIN as a hash; `function` Bcrypt, or the legacy function told beside it."""

    value: str
    function: str
    legacy: LegacyHash | None = None


class _Medium(Open, frozen=True, kw_only=True):
    """The content of one member."""

    uid: str | None = None
    contract_id: str | None = None
    rfid: str | None = None
    printed_number: str | None = None
    expires: Moment | None = None
    pin: str | None = None
    hashed_pin: HashedPin | None = None


class Identification(_Medium, frozen=True, kw_only=True):
    """A medium and which of the five it is."""

    member: str

    @property
    def is_rfid(self) -> bool:
        """Whether a card was held to the reader."""
        return self.member in (MIFARE, RFID)


_LEGACY = Shape(
    LegacyHash,
    required("Function", one_of("MD5", "SHA-1", also={"SHA1": "SHA-1"}), as_="function"),
    optional("Salt", text(100), as_="salt"),
    optional("Value", text(100), as_="value"),
)
_HASHED = Shape(
    HashedPin,
    required("Value", text(100, shortest=10), as_="value"),
    required("Function", one_of("Bcrypt", "MD5", "SHA-1"), as_="function"),
    optional("LegacyHashData", _LEGACY.kind, as_="legacy"),
)
_UID = required("UID", UIDS, as_="uid")
_EVCO = required("EvcoID", EVCO_IDS, as_="contract_id")
_MEMBERS: dict[str, Shape[_Medium]] = {
    MIFARE: Shape(_Medium, _UID),
    RFID: Shape(
        _Medium,
        _UID,
        optional("EvcoID", EVCO_IDS, as_="contract_id"),
        required("RFID", one_of("mifareCls", "mifareDes", "calypso", "nfc", "mifareFamily"), as_="rfid"),
        optional("PrintedNumber", text(150), as_="printed_number"),
        optional("ExpiryDate", MOMENT, as_="expires"),
    ),
    QR_CODE: Shape(
        _Medium,
        _EVCO,
        optional("PIN", text(20, shortest=1), as_="pin"),
        optional("HashedPIN", _HASHED.kind, as_="hashed_pin"),
    ),
    PLUG_AND_CHARGE: Shape(_Medium, _EVCO),
    REMOTE: Shape(_Medium, _EVCO),
}
_NAMES = tuple(_Medium.__struct_fields__)


def _read(value: Any) -> Identification:
    if type(value) is not dict:
        raise unfit("an object")
    told = [name for name in _MEMBERS if value.get(name) is not None]
    if len(told) != 1:
        raise unfit(f"exactly one of {', '.join(_MEMBERS)}")
    (member,) = told
    try:
        medium = _MEMBERS[member]._read(value[member])
    except Unfit as refusal:
        raise Unfit([(f"{member}.{path}" if path else member, expected) for path, expected in refusal.problems]) from None
    if medium.pin is not None and medium.hashed_pin is not None:
        raise Unfit([(f"{member}.PIN", "either PIN or HashedPIN, not both")])
    return Identification(member=member, **{name: getattr(medium, name) for name in _NAMES})


def _write(identification: Identification) -> dict[str, Any]:
    medium = _Medium(**{name: getattr(identification, name) for name in _NAMES})
    return {identification.member: _MEMBERS[identification.member].write(medium)}


def only(*members: str) -> Kind:
    """This function will return the kind of identifications that a message may hold."""

    def read(value: Any) -> Identification:
        identification = _read(value)
        if identification.member not in members:
            raise Unfit([(identification.member, f"one of {', '.join(members)} in this message")])
        return identification

    return Kind(read, _write)


ANY = Kind(_read, _write)
