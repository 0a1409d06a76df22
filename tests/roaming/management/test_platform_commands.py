"""The commands about platforms, as scripts call them."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from roaming.parties import directory
from roaming.parties.models import Platform
from tests.builders.parties import a_platform, an_operator, platform_of

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> dict[str, Any]:
    output = io.StringIO()
    call_command(*arguments, "--json", stdout=output)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


def invite(*more: str) -> dict[str, Any]:
    return run("invite_platform", "--name", "Alfa", "--party", "CPO:DE:ALF", "--allow-host", "127.0.0.1:9001", *more)


class TestInvitePlatform:
    def test_hands_out_what_a_partner_needs(self, settings: Settings) -> None:
        settings.HUB_PUBLIC_URL = "https://hub.example"
        answer = invite("--party", "EMSP:DE:ALF")
        assert answer == {
            "platform": Platform.objects.get().id,
            "token": answer["token"],
            "versions_url": "https://hub.example/ocpi/versions",
            "parties": ["CPO:DE:ALF", "EMSP:DE:ALF"],
        }
        caller = directory.current().authenticate(answer["token"])
        assert caller is not None
        assert caller.kind == "A"
        assert caller.platform.allowed_hosts == ("127.0.0.1:9001",)

    def test_an_oicp_partner_gets_no_token(self) -> None:
        answer = invite("--protocol", "oicp")
        assert answer == {"platform": Platform.objects.get().id, "parties": ["CPO:DE:ALF"]}

    def test_refuses_what_is_taken(self) -> None:
        invite()
        with pytest.raises(CommandError, match="Alfa") as refusal:
            invite()
        assert refusal.value.returncode == 1
        with pytest.raises(CommandError, match="CPO:DE:ALF is hosted on platform"):
            run("invite_platform", "--name", "Beta", "--party", "CPO:DE:ALF")

    def test_again_gives_a_new_token_to_a_known_platform_only(self) -> None:
        first = invite()
        second = invite("--again")
        assert second["platform"] == first["platform"]
        assert directory.current().authenticate(first["token"]) is None
        assert directory.current().authenticate(second["token"]) is not None
        with pytest.raises(CommandError, match="no platform named"):
            run("invite_platform", "--name", "Beta", "--party", "CPO:NL:BET", "--again")

    @pytest.mark.parametrize("host", ["https://partner.example", "partner.example/path"])
    def test_refuses_what_is_no_host(self, host: str) -> None:
        with pytest.raises(CommandError, match="is not HOST or HOST:PORT"):
            run("invite_platform", "--name", "Alfa", "--party", "CPO:DE:ALF", "--allow-host", host)
        assert not Platform.objects.exists()

    def test_people_read_the_token_too(self) -> None:
        output = io.StringIO()
        call_command("invite_platform", "--name", "Alfa", "--party", "CPO:DE:ALF", stdout=output)
        assert "/ocpi/versions" in output.getvalue()
        assert directory.current().authenticate(output.getvalue().split()[-1]) is not None


class TestLockPlatform:
    def test_locks_and_unlocks_and_says_the_state(self) -> None:
        platform = platform_of(an_operator())
        locked = run("lock_platform", "--platform", str(platform.id))
        assert (locked["status"], locked["locked"]) == ("SUSPENDED", True)
        assert run("lock_platform", "--platform", str(platform.id)) == locked
        unlocked = run("unlock_platform", "--platform", str(platform.id))
        assert (unlocked["status"], unlocked["locked"]) == ("CONNECTED", False)

    @pytest.mark.parametrize("number", ["99999", "99999999999999999999"])
    def test_refuses_an_unknown_platform(self, number: str) -> None:
        for command in ("lock_platform", "unlock_platform"):
            with pytest.raises(CommandError, match=f"there is no platform {number}") as refusal:
                run(command, "--platform", number)
            assert refusal.value.returncode == 1


class TestListPlatforms:
    def test_lists_with_parties_and_filters(self) -> None:
        alfa = platform_of(an_operator("DE-ALF"))
        locked = a_platform("Locked", is_locked=True)
        everything = run("list_platforms")["platforms"]
        assert [(row["platform"], row["status"], row["parties"]) for row in everything] == [
            (alfa.id, "CONNECTED", ["CPO:DE:ALF"]),
            (locked.id, "SUSPENDED", []),
        ]
        assert [row["platform"] for row in run("list_platforms", "--party", "DE-ALF")["platforms"]] == [alfa.id]
        assert [row["platform"] for row in run("list_platforms", "--status", "SUSPENDED")["platforms"]] == [locked.id]
        assert [row["platform"] for row in run("list_platforms", "--status", "CONNECTED")["platforms"]] == [alfa.id]
        assert run("list_platforms", "--protocol", "oicp") == {"platforms": []}
