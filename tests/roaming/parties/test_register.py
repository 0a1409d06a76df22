"""Invitation, registration, rotation and their end: which tokens open, and what is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from roaming.canonical import PartyId, Role
from roaming.parties import directory
from roaming.parties.credentials import TokenNotPrintable, record_first_use
from roaming.parties.invite import (
    HostedElsewhere,
    Invitation,
    NameTaken,
    NobodyInvited,
    NotAHost,
    NotAMarketRole,
    invite_again,
    invite_platform,
    read_host,
)
from roaming.parties.models import Credential, Endpoint, Party, Platform
from roaming.parties.register import (
    NotRegistered,
    begin_handshake,
    complete_registration,
    end_registration,
    finish_handshake,
    renew_registration,
)

ALF = PartyId("DE", "ALF")
AT = datetime.now(UTC).replace(microsecond=0)
ENDPOINTS = [
    ("credentials", "SENDER", "https://alfa.example/2.2.1/credentials"),
    ("tokens", "RECEIVER", "https://alfa.example/2.2.1/tokens"),
]

pytestmark = pytest.mark.django_db


def invite(name: str = "Alfa", parties: tuple[tuple[Role, PartyId], ...] = ((Role.CPO, ALF),)) -> Invitation:
    return invite_platform(name=name, parties=parties, protocol="ocpi", allowed_hosts=["alfa.example"], at=AT)


def register(invitation: Invitation, outbound: str = "token-b", at: datetime = AT) -> str:
    return complete_registration(
        platform=invitation.platform,
        version="2.2.1",
        versions_url="https://alfa.example/versions",
        endpoints=ENDPOINTS,
        outbound_token=outbound,
        at=at,
    )


def opens(token: str | None, at: datetime = AT) -> str | None:
    caller = directory.current().authenticate(token or "", at=at)
    return caller.kind if caller else None


def use(token: str, at: datetime = AT) -> None:
    caller = directory.current().authenticate(token, at=at)
    assert caller is not None
    record_first_use(credential_id=caller.credential_id, at=at)


class TestInvitePlatform:
    def test_approves_parties_and_hosts_and_makes_token_a(self) -> None:
        invitation = invite(parties=((Role.CPO, ALF), (Role.EMSP, ALF)))
        entry = directory.current().platform(invitation.platform.id)
        assert entry is not None
        assert (entry.status, entry.allowed_hosts, entry.roles) == ("PLANNED", ("alfa.example",), ((Role.CPO, ALF), (Role.EMSP, ALF)))
        assert opens(invitation.token) == "A"
        assert invitation.token is not None
        assert invitation.token not in repr(invitation)

    def test_an_oicp_partner_gets_no_token(self) -> None:
        assert invite_platform(name="Beta", parties=[(Role.EMSP, ALF)], protocol="oicp", allowed_hosts=[], at=AT).token is None
        assert not Credential.objects.exists()

    def test_keeps_no_token_in_the_database(self) -> None:
        invitation = invite()
        outbound = "the-partners-own-secret"
        inbound = register(invitation, outbound=outbound)
        with connection.cursor() as cursor:
            cursor.execute("SELECT c::text FROM roaming_credential c")
            stored = " ".join(row[0] for row in cursor.fetchall())
        for secret in (invitation.token, inbound, outbound):
            assert secret is not None
            assert secret not in stored
            assert secret.encode().hex() not in stored

    def test_refuses_what_is_taken_or_nobodys(self) -> None:
        invite()
        with pytest.raises(NameTaken):
            invite()
        with pytest.raises(HostedElsewhere, match="CPO:DE:ALF"):
            invite(name="Beta", parties=((Role.CPO, PartyId("NL", "BET")), (Role.CPO, ALF)))
        with pytest.raises(NobodyInvited):
            invite(name="Gamma", parties=())
        with pytest.raises(NotAMarketRole):
            invite(name="Gamma", parties=((Role.CPO, PartyId("DE", "HUB")),))
        with pytest.raises(NotAMarketRole):
            invite(name="Gamma", parties=((Role.HUB, PartyId("NL", "GAM")),))
        assert list(Platform.objects.values_list("name", flat=True)) == ["Alfa"]
        assert not Party.objects.filter(country_code="NL").exists()

    @pytest.mark.parametrize(
        "host",
        [
            "",
            "https://a.example",
            "a.example/path",
            "a b",
            "a.example:0",
            "a.example:65536",
            "a.example:http",
            "ä.example",
            "u@a.example",
            "a..b",
        ],
    )
    def test_refuses_what_is_no_host(self, host: str) -> None:
        with pytest.raises(NotAHost):
            read_host(host)

    def test_writes_hosts_in_one_form(self) -> None:
        assert [read_host(host) for host in ("Partner.Example.", "127.0.0.1:9001", "[::1]:9001")] == [
            "partner.example",
            "127.0.0.1:9001",
            "[::1]:9001",
        ]


class TestInviteAgain:
    def test_gives_a_new_token_a_and_ends_the_former(self) -> None:
        first = invite()
        second = invite_again(name="Alfa", parties=[(Role.EMSP, ALF)], allowed_hosts=["alfa.example", "b.example"], at=AT)
        assert (opens(first.token), opens(second.token)) == (None, "A")
        entry = directory.current().platform(first.platform.id)
        assert entry is not None
        assert entry.allowed_hosts == ("alfa.example", "b.example")
        assert entry.roles == ((Role.CPO, ALF), (Role.EMSP, ALF))

    def test_the_running_connection_goes_on_until_the_partner_registers_again(self) -> None:
        token_c = register(invite())
        use(token_c)
        again = invite_again(name="Alfa", parties=[], allowed_hosts=[], at=AT)
        assert (opens(token_c), opens(again.token)) == ("C", "A")
        use(register(again))
        assert (opens(token_c), opens(again.token)) == (None, None)


class TestCompleteRegistration:
    def test_connects_the_platform_with_its_endpoints_and_tokens(self) -> None:
        invitation = invite()
        token_c = register(invitation)
        entry = directory.current().platform(invitation.platform.id)
        assert entry is not None
        assert (entry.status, entry.version, entry.outbound_token) == ("CONNECTED", "2.2.1", "token-b")
        assert entry.endpoints == {(module, interface): url for module, interface, url in ENDPOINTS}
        assert opens(token_c) == "C"

    def test_token_a_is_good_for_a_repeat_until_token_c_was_used(self) -> None:
        invitation = invite()
        first = register(invitation)
        assert opens(invitation.token) == "A"
        second = register(invitation)
        assert (opens(first), opens(second)) == (None, "C")
        use(second)
        assert (opens(invitation.token), opens(second)) == (None, "C")

    def test_a_bad_token_changes_nothing(self) -> None:
        invitation = invite()
        for bad in ("", "has blank", "é", "x" * 65, "line\n"):
            with pytest.raises(TokenNotPrintable):
                register(invitation, outbound=bad)
        entry = directory.current().platform(invitation.platform.id)
        assert entry is not None
        assert (entry.status, entry.version, dict(entry.endpoints)) == ("PLANNED", "", {})


class TestRenewRegistration:
    def renew(self, invitation: Invitation, at: datetime = AT, outbound: str = "token-b2") -> str:
        return renew_registration(
            platform=invitation.platform,
            version="2.2.1",
            versions_url="https://alfa.example/versions",
            endpoints=ENDPOINTS[:1],
            outbound_token=outbound,
            at=at,
        )

    def test_the_former_token_opens_until_the_new_one_was_used(self) -> None:
        invitation = invite()
        former = register(invitation)
        use(former)
        new = self.renew(invitation)
        assert (opens(former), opens(new)) == ("C", "C")
        use(new)
        assert (opens(former), opens(new)) == (None, "C")
        entry = directory.current().platform(invitation.platform.id)
        assert entry is not None
        assert (entry.outbound_token, len(entry.endpoints)) == ("token-b2", 1)

    def test_the_former_token_ends_after_a_day_in_any_case(self) -> None:
        invitation = invite()
        former = register(invitation)
        use(former)
        self.renew(invitation)
        assert opens(former, at=AT + timedelta(hours=23, minutes=59)) == "C"
        assert opens(former, at=AT + timedelta(hours=24)) is None

    def test_a_repeat_whose_answer_was_lost_keeps_two_tokens_and_no_more(self) -> None:
        invitation = invite()
        former = register(invitation)
        use(former)
        lost = self.renew(invitation)
        new = self.renew(invitation)
        assert (opens(former), opens(lost), opens(new)) == ("C", None, "C")

    def test_refuses_a_platform_that_is_not_registered(self) -> None:
        with pytest.raises(NotRegistered):
            self.renew(invite())


class TestHandshakeOfTheHub:
    def finish(self, invitation: Invitation, at: datetime = AT) -> None:
        finish_handshake(
            platform=invitation.platform,
            version="2.2.1",
            versions_url="https://alfa.example/versions",
            endpoints=ENDPOINTS,
            outbound_token="token-c-of-the-partner",
            at=at,
        )

    def test_token_b_opens_while_the_partner_answers_and_after(self) -> None:
        invitation = invite()
        token_b = begin_handshake(platform=invitation.platform, at=AT)
        assert opens(token_b) == "C"
        self.finish(invitation)
        assert opens(token_b, at=AT + timedelta(days=30)) == "C"
        assert opens(invitation.token) is None

    def test_token_b_of_a_failed_handshake_ends_by_itself(self) -> None:
        invitation = invite()
        token_b = begin_handshake(platform=invitation.platform, at=AT)
        assert opens(token_b, at=AT + timedelta(minutes=10)) is None
        with pytest.raises(NotRegistered):
            self.finish(invitation, at=AT + timedelta(minutes=10))


class TestEndRegistration:
    def test_ends_tokens_and_endpoints_and_plans_the_platform_again(self) -> None:
        invitation = invite()
        token_c = register(invitation)
        end_registration(platform=invitation.platform, at=AT)
        entry = directory.current().platform(invitation.platform.id)
        assert entry is not None
        assert (entry.status, entry.version, entry.outbound_token, dict(entry.endpoints)) == ("PLANNED", "", "", {})
        assert opens(token_c) is None
        assert not Endpoint.objects.exists()
        with pytest.raises(NotRegistered):
            end_registration(platform=invitation.platform, at=AT)
