"""What the hub saw of a partner, whom it claims and what was set aside: decided in the admin or by command."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from roaming.canonical import PartyId
from roaming.exchanges.quarantine import BadItem, quarantine
from roaming.models import AuditRecord, Delivery, Exchange, PartyClaim, PartyRole, Platform, ProfileProposal, QuarantinedItem
from roaming.parties import directory
from roaming.parties.claims import Claim, hold_claims
from tests.builders.parties import a_platform, a_provider, an_operator, platform_of
from tests.builders.people import staff

AT = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> dict[str, Any]:

    told = StringIO()
    call_command(name, *arguments, "--json", stdout=told)
    read: dict[str, Any] = json.loads(told.getvalue())
    return read


def a_proposal(platform: Platform, flag: str = "page_size", value: str = "50") -> ProfileProposal:
    return ProfileProposal.objects.create(
        platform=platform, flag=flag, value=value, count=7, evidence="X-Limit of a list", correlation_id="c-9", first_at=AT, last_at=AT
    )


class TestProposals:
    def test_are_confirmed_in_the_admin_with_their_evidence(self) -> None:
        platform = a_platform("Alfa")
        row = a_proposal(platform)
        client = staff("operations")
        page = client.get(f"/admin/roaming/profileproposal/{row.pk}/change/").content.decode()
        for shown in ("page_size=50", "X-Limit of a list", "?q=c-9", "confirm"):
            assert shown in page
        assert client.post(f"/admin/roaming/profileproposal/{row.pk}/confirm/", {"seen": ""}).status_code == 302
        assert Platform.objects.get(id=platform.pk).profile == {"page_size": 50}
        assert ProfileProposal.objects.get().state == "confirmed"
        assert AuditRecord.objects.filter(subject_type="roaming_platform", after__profile={"page_size": 50}).exists()
        assert "page_size" in client.get("/admin/roaming/profileproposal/").content.decode()
        told = client.get(f"/admin/roaming/platform/{platform.pk}/change/").content.decode()
        for shown in ("50 (the most objects", "X-Limit of a list"):
            assert shown in told

    def test_are_listed_confirmed_and_dismissed_by_command(self) -> None:
        platform = a_platform("Alfa")
        good, wrong = a_proposal(platform), a_proposal(platform, "changes", "put")
        told = run("set_profile", "--platform", str(platform.pk), "--confirm", str(good.pk), "--dismiss", str(wrong.pk))
        assert [(item["flag"], item["state"]) for item in told["proposals"]] == [("page_size", "confirmed")]
        flags = {item["flag"]: item["value"] for item in run("list_profile", "--platform", str(platform.pk))["flags"]}
        assert (flags["page_size"], flags["changes"], len(flags)) == (50, "patch", 14)
        with pytest.raises(CommandError, match="no open proposal"):
            call_command("set_profile", "--platform", str(platform.pk), "--confirm", str(wrong.pk))

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ("colour=red", "no flag 'colour'"),
            ("changes=post", "changes cannot be 'post'"),
            ("missing_sender=ALF", "missing_sender"),
            ("x", "FLAG="),
        ],
    )
    def test_a_flag_that_is_none_is_refused_by_name(self, told: str, said: str) -> None:
        platform = a_platform("Alfa")
        with pytest.raises(CommandError, match=said):
            call_command("set_profile", "--platform", str(platform.pk), "--set", "page_size=9", "--set", told)
        assert Platform.objects.get(id=platform.pk).profile == {}

    def test_setting_a_flag_keeps_the_others(self) -> None:
        platform = a_platform("Alfa", profile={"oicp": {"x": 1}, "changes": "put"})
        run("set_profile", "--platform", str(platform.pk), "--set", "missing_sender=de*alf", "--set", "queueing=never")
        assert Platform.objects.get(id=platform.pk).profile == {
            "oicp": {"x": 1},
            "changes": "put",
            "missing_sender": "DE-ALF",
            "queueing": "never",
        }


class TestClaims:
    def test_are_approved_and_then_the_party_is_hosted(self) -> None:
        platform = platform_of(an_operator("DE-ALF"))
        Platform.objects.update(told_state="CONNECTED")
        hold_claims(platform=platform, claims=[Claim("EMSP", PartyId("DE", "NEW"), "Newcomer")] * 2, at=AT)
        [told] = run("list_claims")["claims"]
        assert (told["party"], told["told_name"], told["state"]) == ("EMSP:DE:NEW", "Newcomer", "pending")
        assert directory.current().party(PartyId("DE", "NEW")) is None
        row = PartyClaim.objects.get()
        client = staff("operations")
        assert "Newcomer" in client.get(f"/admin/roaming/partyclaim/{row.pk}/change/").content.decode()
        assert client.post(f"/admin/roaming/partyclaim/{row.pk}/approve/", {"seen": ""}).status_code == 302
        assert PartyRole.objects.filter(party__party_id="NEW", role="EMSP", platform=platform).exists()
        row.refresh_from_db()
        assert (row.state, "@" in row.decided_by) == ("approved", True)
        assert Platform.objects.get(id=platform.pk).told_state == "", "others are told of it at the next round"

    def test_of_a_party_that_another_platform_speaks_for_are_not_approved(self) -> None:
        a_provider("NL-BET")
        hold_claims(platform=platform_of(an_operator("DE-ALF")), claims=[Claim("EMSP", PartyId("NL", "BET"), "")], at=AT)
        row = PartyClaim.objects.get()
        with pytest.raises(CommandError, match="is hosted on platform"):
            call_command("approve_claim", "--claim", str(row.pk))
        assert run("approve_claim", "--claim", str(row.pk), "--refuse", "--by", "ops@example.com")["state"] == "refused"
        with pytest.raises(CommandError, match="no claim"):
            call_command("approve_claim", "--claim", str(row.pk))

    def test_of_the_hub_itself_are_no_market_role(self) -> None:
        hold_claims(platform=a_platform("Alfa"), claims=[Claim("HUB", PartyId("DE", "HUB"), "")], at=AT)
        with pytest.raises(CommandError):
            call_command("approve_claim", "--claim", str(PartyClaim.objects.get().pk))


def test_what_was_set_aside_is_found_by_object_and_party() -> None:
    platform = a_platform("Alfa")
    items = [BadItem({"id": "L-2", "city": 7}, "city: expected a text")]
    quarantine(platform_id=platform.pk, owner=PartyId("DE", "ALF"), module="locations", items=items, correlation_id="c-1", at=AT)
    client = staff("operations")
    for text in ("L-2", "de-alf"):
        assert "expected a text" in client.get(f"/admin/roaming/quarantineditem/?q={text}").content.decode()
    page = client.get(f"/admin/roaming/quarantineditem/{QuarantinedItem.objects.get().pk}/change/").content.decode()
    assert "expected a text" in page


def test_a_message_is_played_again_from_its_page_with_a_reason() -> None:
    platform = platform_of(a_provider("NL-BET"))
    told = {"direction": "out", "platform_id": platform.pk, "method": "PUT", "path": "/locations/DE/ALF/L-1", "module": "locations"}
    row = Exchange.objects.create(at=AT, correlation_id="c-1", **told)
    Delivery.objects.create(
        platform=platform,
        receiver=platform.party_roles.get().party,
        receiver_role="EMSP",
        module="locations",
        verb="put",
        object_type="location",
        object_row=1,
        correlation_id="c-1",
        state="parked",
    )
    client = staff("operations")
    assert "Play again" in client.get(f"/admin/roaming/exchange/{row.pk}/change/").content.decode()
    assert client.post(f"/admin/roaming/exchange/{row.pk}/replay/", {"seen": ""}).status_code == 400, "a reason is asked for"
    assert client.post(f"/admin/roaming/exchange/{row.pk}/replay/", {"seen": "", "reason": "lost"}).status_code == 302
    assert Delivery.objects.get().state == "waiting"
    assert AuditRecord.objects.get(action="replayed").reason == "lost"
