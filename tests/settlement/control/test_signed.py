"""Signed meter values: OCMF verified over its bytes, with the registered key or the one that the CDR brings."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roaming import canonical
from roaming.models import Cdr
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Hold
from settlement.control.keys import register_key
from settlement.control.models import Finding, SignedReading
from tests.builders.charges import CUT_OFF, a_charged_cdr, charge_of, codes_of, some_terms
from tests.builders.parties import a_party

pytestmark = pytest.mark.django_db

KEY = ec.derive_private_key(4711, ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()
EVSE = "DE*ALF*E0001*1"


@pytest.fixture(autouse=True)
def terms() -> None:
    some_terms()


def ocmf(*, begin: str = "100.0", end: str = "120.0", meter: str = "M-1", change: bool = False) -> str:
    payload = json.dumps(
        {
            "FV": "1.0",
            "PG": "T1",
            "MS": meter,
            "RD": [
                {"TM": "2026-10-05T12:00:00,000+0200 S", "TX": "B", "RV": float(begin), "RU": "kWh"},
                {"TM": "2026-10-05T13:00:00,000+0200 S", "TX": "E", "RV": float(end), "RU": "kWh"},
            ],
        }
    )
    signature = KEY.sign(payload.encode(), ec.ECDSA(hashes.SHA256())).hex()
    told = payload.replace("120.0", "140.0") if change else payload
    return f'OCMF|{told}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature}"}}'


def a_signed_cdr(value: str, *, key: str | None = None, **over: Any) -> Cdr:
    signed = canonical.SignedData(
        encoding_method="OCMF", public_key=key, signed_values=(canonical.SignedValue(nature="End", plain_data="", signed_data=value),)
    )
    return a_charged_cdr(signed_data=signed, **over)


def register(key: str = PUBLIC) -> None:
    register_key(owner=a_party("DE-ALF"), evse_id=EVSE, public_key=key, by="checker", valid_from=CUT_OFF.replace(month=1))


def test_a_value_that_verifies_with_the_registered_key_is_valid() -> None:
    register()
    cdr = a_signed_cdr(ocmf())
    clear_everything(at=CUT_OFF)
    assert charge_of(cdr).net
    assert SignedReading.objects.get(cdr=cdr).verdict == "valid"


def test_a_changed_byte_is_held() -> None:
    register()
    cdr = a_signed_cdr(ocmf(change=True))
    clear_everything(at=CUT_OFF)
    assert codes_of(Hold.objects.get(cdr=cdr)) == ["METER_DIFFERS", "SIGNATURE_INVALID", "SIGNED_VALUES_DIFFER"]


def test_the_key_of_another_meter_is_held() -> None:
    other = ec.derive_private_key(42, ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()
    register(other)
    cdr = a_signed_cdr(ocmf(), key=PUBLIC)  # the CDR's own key does not help
    clear_everything(at=CUT_OFF)
    assert codes_of(Hold.objects.get(cdr=cdr)) == ["SIGNATURE_INVALID"]


def test_a_key_that_only_the_cdr_brings_proves_little() -> None:
    cdr = a_signed_cdr(ocmf(), key=PUBLIC)
    clear_everything(at=CUT_OFF)
    assert charge_of(cdr).net
    assert Finding.objects.get(cdr=cdr, check_number=60).code == "SIGNATURE_UNPROVEN"


def test_other_energy_than_signed_is_held() -> None:
    register()
    cdr = a_signed_cdr(ocmf(end="119.0"))
    clear_everything(at=CUT_OFF)
    assert codes_of(Hold.objects.get(cdr=cdr)) == ["METER_DIFFERS", "SIGNED_VALUES_DIFFER"]


def test_the_same_value_in_a_second_cdr_is_held() -> None:
    register()
    value = ocmf()
    first, second = a_signed_cdr(value), a_signed_cdr(value)
    clear_everything(at=CUT_OFF)
    assert charge_of(first).net
    assert "SIGNED_DATA_REUSED" in codes_of(Hold.objects.get(cdr=second))


@pytest.mark.parametrize("value", ["", "OCMF|", "OCMF|{|}", 'OCMF|[]|{"SD":"00"}', 'OCMF|{}|{"SD":"zz"}', "<signedMeterValue/>"])
def test_what_is_no_ocmf_is_kept_and_said(value: str) -> None:
    cdr = a_signed_cdr(value)
    clear_everything(at=CUT_OFF)
    assert charge_of(cdr).net
    assert SignedReading.objects.get(cdr=cdr).verdict == "unread"
