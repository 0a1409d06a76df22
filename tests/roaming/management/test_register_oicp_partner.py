"""register_oicp_partner: what scripts read of it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from roaming.parties import directory
from roaming.parties.models import PartnerCertificate, Platform

FINGERPRINT = "ab" * 32


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def platform(db: None) -> int:
    invited = run(
        "invite_platform",
        "--name",
        "Alfa",
        "--protocol",
        "oicp",
        "--party",
        "CPO:DE:ALF",
        "--party",
        "CPO:DE:AAA",
        "--allow-host",
        "a.example",
    )
    assert "token" not in invited or invited["token"] is None
    return int(invited["platform"])


def test_pins_a_certificate_and_connects_the_first_party(platform: int) -> None:
    url = "https://a.example/roaming/"
    told = run("register_oicp_partner", "--platform", str(platform), "--certificate-sha256", FINGERPRINT, "--authorization-url", url)
    assert (told["platform"], told["status"], told["certificates"]) == (platform, "CONNECTED", [FINGERPRINT])
    assert (told["parties"], told["authorization_url"]) == ({"operator": "DE-ALF"}, "https://a.example/roaming")
    entry = directory.current().platform(platform)
    assert entry is not None
    assert entry.endpoints["commands", "RECEIVER"] == "https://a.example/roaming"


def test_called_again_it_adds_a_certificate_and_leaves_the_addresses(platform: int) -> None:
    first = ("register_oicp_partner", "--platform", str(platform), "--certificate-sha256")
    run(*first, FINGERPRINT, "--authorization-url", "https://a.example/x")
    told = run(*first, "cd" * 32, "--cdr-url", "https://a.example/cdr")
    assert len(told["certificates"]) == 2
    assert (told["authorization_url"], told["cdr_url"]) == ("https://a.example/x", "https://a.example/cdr")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--certificate-sha256", "not hex"),
        ("--certificate-sha256", FINGERPRINT, "--cdr-url", "https://elsewhere.example/"),
    ],
)
def test_refuses_what_is_no_fingerprint_or_no_approved_host(platform: int, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        run("register_oicp_partner", "--platform", str(platform), *arguments)
    assert refused.value.returncode == 1
    assert not PartnerCertificate.objects.exists()


def test_refuses_an_ocpi_platform_and_an_unknown_one(db: None) -> None:
    ocpi = run("invite_platform", "--name", "O", "--party", "CPO:FR:KOP")["platform"]
    for platform in (ocpi, 999_999):
        with pytest.raises(CommandError):
            run("register_oicp_partner", "--platform", str(platform), "--certificate-sha256", FINGERPRINT)
    assert Platform.objects.get(id=ocpi).status == "PLANNED"
