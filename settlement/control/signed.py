"""PURE. Signed meter values of a CDR: read OCMF, verify its signature, say what it measured.

OCMF is `OCMF|payload|signature`; the signature is over the payload's bytes exactly as they stand, so nothing here parses and writes
them again. Other formats are kept and said to be unread. The one library for OCMF would bring a second model framework into the
house for sixty lines of work; the signature itself is checked by `cryptography`.
"""

import hashlib
import json
from base64 import b64decode
from binascii import Error as BadBase64
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from roaming import canonical

_WATT_HOURS = {"kWh": Decimal(1), "Wh": Decimal("0.001"), "MWh": Decimal(1000)}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}


class SignedVerdict(NamedTuple):
    """One signed value: `verdict` is valid, unproven (good, but with a key that only the CDR brings), invalid, no key or unread."""

    number: int
    nature: str
    digest: bytes
    verdict: str
    detail: str = ""
    begin_kwh: Decimal | None = None
    end_kwh: Decimal | None = None
    begin_at: datetime | None = None
    end_at: datetime | None = None
    meter: str = ""
    page: str = ""


class MeterReading(NamedTuple):
    """What a meter showed before and after, in kWh. `meter` is empty where the record does not name it."""

    meter: str
    start_kwh: Decimal
    end_kwh: Decimal


class _Ocmf(NamedTuple):
    payload: bytes
    document: dict[str, Any]
    algorithm: str
    signature: bytes


class _NotOcmf(ValueError):
    """The value is not OCMF; the message says why."""


def verify_readings(*, cdr: canonical.Cdr, key: str) -> tuple[SignedVerdict, ...]:
    """This function will verify every signed value of a CDR with the registered key (hexadecimal DER; empty: none is registered)."""
    data = cdr.signed_data
    if data is None:
        return ()
    return tuple(_verify(number, value, key, data.public_key or "") for number, value in enumerate(data.signed_values, start=1))


def reading_of(cdr: canonical.Cdr) -> MeterReading | None:
    """This function will return the meter values of a CDR: those that OICP tells, else those of its OCMF values; None without both."""
    bag = cdr.extensions
    told = [_number(bag.get(name)) for name in ("MeterValueStart", "MeterValueEnd")]
    if told[0] is not None and told[1] is not None:
        return MeterReading(cdr.meter_id or "", told[0], told[1])
    if cdr.signed_data is None:
        return None
    verdicts = verify_readings(cdr=cdr, key="")
    starts = [verdict.begin_kwh for verdict in verdicts if verdict.begin_kwh is not None]
    ends = [verdict.end_kwh for verdict in verdicts if verdict.end_kwh is not None]
    meter = next((verdict.meter for verdict in verdicts if verdict.meter), cdr.meter_id or "")
    return MeterReading(meter, starts[0], ends[-1]) if starts and ends else None


def _verify(number: int, value: canonical.SignedValue, registered: str, enclosed: str) -> SignedVerdict:
    digest = hashlib.sha256(value.signed_data.encode()).digest()
    blank = SignedVerdict(number, value.nature, digest, "unread")
    try:
        ocmf = _read_ocmf(value.signed_data)
    except _NotOcmf as wrong:
        return blank._replace(detail=str(wrong)[:300])
    measured = _measured(blank, ocmf.document)
    key = registered or enclosed
    if not key:
        return measured._replace(verdict="no key", detail="no key is registered and the CDR brings none")
    wrong_because = _check_signature(ocmf, key)
    if wrong_because:
        return measured._replace(verdict="invalid", detail=wrong_because[:300])
    if registered:
        return measured._replace(verdict="valid")
    return measured._replace(verdict="unproven", detail="valid with the key inside the CDR; nobody registered it for this EVSE")


def _read_ocmf(text: str) -> _Ocmf:
    parts = text.strip().split("|")
    if len(parts) < 3 or parts[0] != "OCMF":
        raise _NotOcmf("not OCMF")
    payload, tail = "|".join(parts[1:-1]), parts[-1]
    try:
        document, signature = json.loads(payload, parse_float=Decimal), json.loads(tail)
        encoded = str(signature["SD"])
        raw = b64decode(encoded) if signature.get("SE") == "base64" else bytes.fromhex(encoded)
    except (ValueError, KeyError, TypeError, BadBase64) as wrong:
        raise _NotOcmf(f"broken OCMF: {type(wrong).__name__}") from wrong
    if not isinstance(document, dict):
        raise _NotOcmf("broken OCMF: the payload is no object")
    return _Ocmf(payload.encode(), document, str(signature.get("SA") or "ECDSA-secp256r1-SHA256"), raw)


def _check_signature(ocmf: _Ocmf, key: str) -> str:
    """This function will return why the signature is wrong, and nothing where it is right."""
    digest = _HASHES.get(ocmf.algorithm.rpartition("-")[2])
    if not ocmf.algorithm.startswith("ECDSA-") or digest is None:
        return f"algorithm {ocmf.algorithm} is not one the hub verifies"
    try:
        public = load_der_public_key(_key_bytes(key))
    except (ValueError, UnsupportedAlgorithm):
        return "the public key cannot be read"
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return "the public key is not one of an elliptic curve"
    try:
        public.verify(ocmf.signature, ocmf.payload, ec.ECDSA(digest()))
    except InvalidSignature:
        return "the signature does not fit the payload and the key"
    return ""


def _key_bytes(key: str) -> bytes:
    text = key.strip()
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b64decode(text, validate=False)


def _measured(blank: SignedVerdict, document: dict[str, Any]) -> SignedVerdict:
    readings = [reading for reading in document.get("RD") or () if isinstance(reading, dict)]
    begins = [reading for reading in readings if reading.get("TX") == "B"]
    ends = [reading for reading in readings if reading.get("TX") in ("E", "L", "R", "A", "P")]
    first, last = begins[0] if begins else None, ends[-1] if ends else None
    return blank._replace(
        begin_kwh=_kwh(first),
        end_kwh=_kwh(last),
        begin_at=_time(first),
        end_at=_time(last),
        meter=str(document.get("MS") or ""),
        page=str(document.get("PG") or ""),
    )


def _kwh(reading: dict[str, Any] | None) -> Decimal | None:
    value = _number(reading.get("RV")) if reading else None
    return None if value is None or reading is None else value * _WATT_HOURS.get(str(reading.get("RU") or "kWh"), Decimal(1))


def _time(reading: dict[str, Any] | None) -> datetime | None:
    try:
        # `2026-10-05T12:00:00,000+0200 S`: the letter says how well the clock is set.
        return datetime.fromisoformat(str(reading["TM"]).split(" ")[0].replace(",", ".")) if reading else None
    except (KeyError, ValueError):
        return None


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
