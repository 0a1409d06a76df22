"""May this token charge? From the whitelist, from the one provider, or from each; recorded before it is answered; asked once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from pytest_django import Settings

from roaming import canonical
from roaming.authorizations.authorize import RequestIdReused, authorize
from roaming.authorizations.decide import request_digest
from roaming.authorizations.models import Authorization
from roaming.authorizations.waiting import TransactionOpen
from roaming.gateways import Declined, GatewayBroken, GatewayTimedOut, NoRoute, PlatformOffline, UnknownToken
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_token
from tests.builders.gateways import Partners, scripted_partners, until
from tests.builders.parties import a_provider, an_agreement, an_operator, platform_of, roaming_partners

UID = "04A2B3C4D5E6F7"
VLOT = canonical.PartyId("BE", "VLO")
NOA = canonical.PartyId("SE", "NOA")
HUB = canonical.PartyId("DE", "HUB")


@pytest.fixture
def partners() -> Iterator[Partners]:
    with scripted_partners() as script:
        yield script


def question(**over: Any) -> canonical.AuthorizationRequest:
    return canonical.AuthorizationRequest(**{"operator": OPERATOR, "token_uid": UID, "correlation_id": "c-1", **over})


def ask(request_id: str = "r-1", at: datetime = NOW, **over: Any) -> canonical.AuthorizationDecision:
    return authorize(request=question(**over), platform_id=7, request_id=request_id, at=at)


def push(token: canonical.Token, audience: canonical.PartyId | None = None) -> None:
    put_token(token=token, audience=audience, at=NOW, correlation_id="c", deliver=False)


def recorded() -> list[tuple[str, str]]:
    return list(Authorization.objects.order_by("recorded_at", "at").values_list("outcome", "source"))


@pytest.mark.django_db
class TestKnownToken:
    @pytest.mark.parametrize("whitelist", ["ALWAYS", "ALLOWED"])
    def test_that_is_whitelisted_is_decided_here(self, partners: Partners, whitelist: str) -> None:
        roaming_partners()
        token = a_token(whitelist=canonical.Whitelist(whitelist))
        push(token)
        decision = ask()
        assert (decision.allowed, decision.provider, decision.token) == ("ALLOWED", PROVIDER, token)
        assert partners.asked == []
        assert recorded() == [("ALLOWED", "whitelist")]

    @pytest.mark.parametrize("whitelist", ["NEVER", "ALLOWED_OFFLINE"])
    def test_that_is_not_is_asked_of_its_provider(self, partners: Partners, whitelist: str) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist(whitelist)))
        partners.allow(PROVIDER, allowed=canonical.Allowed.BLOCKED, reference="REF-9")
        assert ask().allowed == "BLOCKED"
        assert partners.asked == [PROVIDER]
        row = Authorization.objects.get()
        assert (row.outcome, row.source, row.reference) == ("BLOCKED", "provider", "REF-9")

    def test_that_is_not_valid_is_asked_and_never_refused_by_the_hub(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(valid=False))
        partners.allow(PROVIDER)
        assert ask().allowed == "ALLOWED"
        assert partners.asked == [PROVIDER]

    def test_of_a_provider_that_is_addressed_is_always_forwarded(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token())
        partners.allow(PROVIDER, allowed=canonical.Allowed.NO_CREDIT)
        assert ask(receiver=PROVIDER).allowed == "NO_CREDIT"
        assert ask(request_id="r-2", receiver=HUB).allowed == "ALLOWED"
        assert partners.asked == [PROVIDER]

    def test_is_asked_without_an_answer_when_the_provider_is_silent_away_or_broken(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        refusals = [GatewayTimedOut("late"), PlatformOffline("away"), GatewayBroken("garbage"), Declined(3000, "busy")]
        for number, refusal in enumerate(refusals):
            partners.decisions[PROVIDER] = refusal
            with pytest.raises(type(refusal)):
                ask(request_id=f"r-{number}", at=NOW + timedelta(seconds=number))
        assert recorded() == [("TIMEOUT", "none"), ("UNREACHABLE", "none"), ("BAD_ANSWER", "none"), ("DECLINED", "provider")]

    def test_of_a_provider_without_agreement_is_unknown_to_this_operator(self, partners: Partners) -> None:
        roaming_partners()
        a_provider("BE-VLO")
        push(a_token(provider=VLOT))
        with pytest.raises(UnknownToken):
            ask()
        assert partners.asked == []
        assert recorded() == [("UNKNOWN_TOKEN", "none")]

    def test_with_a_uid_of_two_providers_is_asked_of_both_and_of_nobody_else(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        for key in ("BE-VLO", "SE-NOA"):
            an_agreement(operator=operator, provider=a_provider(key))
        push(a_token())
        push(a_token(provider=VLOT))
        partners.allow(VLOT)
        assert ask().provider == VLOT
        assert set(partners.asked) == {PROVIDER, VLOT}

    def test_with_a_uid_of_two_providers_is_told_apart_by_the_contract(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        push(a_token())
        push(a_token(provider=VLOT))
        assert ask(contract_id="be-vlo-c00123456-x").provider == VLOT
        assert partners.asked == []

    def test_addressed_to_somebody_who_is_not_a_partner_has_no_route(self, partners: Partners) -> None:
        roaming_partners()
        a_provider("BE-VLO")
        for number, receiver in enumerate((VLOT, NOA)):
            with pytest.raises(NoRoute):
                ask(request_id=f"r-{number}", receiver=receiver)
        assert recorded() == [("NO_ROUTE", "none")] * 2

    def test_private_to_another_operator_is_not_known(self, partners: Partners) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        push(a_token(), audience=canonical.PartyId("FR", "CHA"))
        with pytest.raises(UnknownToken):
            ask()
        assert partners.asked == [PROVIDER]  # the only partner may know it


@pytest.mark.django_db
class TestUnknownToken:
    def test_is_asked_of_the_provider_that_the_contract_names(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        partners.allow(VLOT)
        assert ask(contract_id="BE-VLO-C00123456-X").provider == VLOT
        assert partners.asked == [VLOT]

    def test_of_type_emaid_is_a_contract_id_itself(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        partners.allow(VLOT)
        assert ask(token_uid="BE-VLO-C00123456-X", token_type="EMAID").provider == VLOT
        assert partners.asked == [VLOT]

    def test_is_asked_of_each_and_the_first_yes_wins_over_silence(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        for key in ("BE-VLO", "SE-NOA"):
            an_agreement(operator=operator, provider=a_provider(key))
        partners.silent = {VLOT, NOA}
        partners.allow(PROVIDER)
        assert ask().provider == PROVIDER
        assert set(partners.asked) == {PROVIDER, VLOT, NOA}

    def test_that_nobody_knows_is_unknown_and_the_repeat_asks_nobody(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        for _ in range(2):
            with pytest.raises(UnknownToken):
                ask()
        assert len(partners.asked) == 2
        assert recorded() == [("UNKNOWN_TOKEN", "none")]

    def test_that_one_provider_blocks_is_blocked(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        partners.allow(VLOT, allowed=canonical.Allowed.EXPIRED)
        assert ask().allowed == "EXPIRED"

    def test_is_not_called_unknown_while_a_provider_is_silent(self, partners: Partners, settings: Settings) -> None:
        settings.AUTHORIZE_DEADLINE_SECONDS = 0.5
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        partners.silent = {VLOT}
        with pytest.raises(GatewayTimedOut):
            ask()

    def test_whoever_is_away_is_not_asked_and_does_not_count(self, partners: Partners) -> None:
        operator, provider = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        an_agreement(operator=operator, provider=a_provider("SE-NOA"))
        Platform.objects.filter(id=platform_of(provider).id).update(status=Platform.Status.OFFLINE)
        partners.decisions[NOA] = PlatformOffline("refused")
        with pytest.raises(UnknownToken):
            ask()
        assert set(partners.asked) == {VLOT, NOA}

    def test_with_everybody_away_nobody_can_answer(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        Platform.objects.update(status=Platform.Status.OFFLINE)
        with pytest.raises(PlatformOffline):
            ask()
        assert partners.asked == []

    def test_of_an_operator_without_partners_is_unknown(self, partners: Partners) -> None:
        an_operator("DE-ALF")
        with pytest.raises(UnknownToken):
            ask()

    def test_one_gateways_fault_does_not_take_the_others_answer_away(self, partners: Partners) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        partners.decisions[PROVIDER] = ZeroDivisionError("a fault of ours")
        partners.allow(VLOT)
        assert ask().provider == VLOT


@pytest.mark.django_db
class TestRepeats:
    def test_the_same_request_gets_the_same_answer_from_one_forward(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        text = canonical.DisplayText(language="nl", text="Welkom")
        first = partners.allow(PROVIDER, reference="REF-1", info=text, decided_at=NOW)
        assert ask() == first
        partners.allow(PROVIDER, reference="REF-2")
        assert ask(at=NOW + timedelta(minutes=5) - timedelta(seconds=1)) == first
        assert ask(correlation_id="another trace") == first
        assert partners.asked == [PROVIDER]
        assert len(recorded()) == 1

    def test_after_five_minutes_and_under_a_new_id_it_is_a_new_decision(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        partners.allow(PROVIDER)
        ask()
        ask(at=NOW + timedelta(minutes=5))
        ask(request_id="r-2")
        assert partners.asked == [PROVIDER] * 3

    def test_another_question_under_the_same_id_is_refused(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token())
        ask()
        place = canonical.LocationReferences(location_id="LOC-1")
        for over in ({"token_uid": "OTHER"}, {"token_type": "APP_USER"}, {"location": place}, {"receiver": PROVIDER}):
            with pytest.raises(RequestIdReused, match="X-Request-ID"):
                ask(**over)
        assert len(recorded()) == 1

    def test_ids_of_two_platforms_do_not_meet(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token())
        ask()
        with pytest.raises(UnknownToken):
            authorize(request=question(token_uid="OTHER"), platform_id=8, request_id="r-1", at=NOW)

    @pytest.mark.parametrize("refusal", [GatewayTimedOut("late"), PlatformOffline("away"), GatewayBroken("garbage"), Declined(3000)])
    def test_what_ended_without_a_word_is_forwarded_again(self, partners: Partners, refusal: Exception) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        partners.decisions[PROVIDER] = refusal
        with pytest.raises(type(refusal)):
            ask()
        allowed = partners.allow(PROVIDER)
        assert ask(at=NOW + timedelta(seconds=1)) == allowed
        assert ask(at=NOW + timedelta(seconds=2)) == allowed
        assert len(partners.asked) == 2


@pytest.mark.django_db
class TestRecord:
    def test_holds_who_asked_about_what_where_and_the_answer(self, partners: Partners) -> None:
        operator, provider = roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        decision = partners.allow(PROVIDER, reference="REF-1")
        ask(location=canonical.LocationReferences(location_id="LOC-1", evse_uids=("EVSE-1", "EVSE-2")))
        row = Authorization.objects.get()
        assert (row.at, row.platform_id, row.operator, row.provider) == (NOW, 7, operator, provider)
        assert (row.token_uid, row.token_type, row.contract_id) == (UID, "RFID", "NL-BET-C00123456-X")
        assert (row.location_id, row.evse_uid, row.reference) == ("LOC-1", "EVSE-1", "REF-1")
        assert (row.request_id, row.correlation_id) == ("r-1", "c-1")
        assert canonical.decode(row.decision.encode(), canonical.AuthorizationDecision) == decision

    def test_names_the_provider_that_did_not_answer(self, partners: Partners) -> None:
        _, provider = roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        partners.decisions[PROVIDER] = GatewayTimedOut("late")
        with pytest.raises(GatewayTimedOut):
            ask()
        assert Authorization.objects.get().provider == provider

    def test_fits_whatever_an_operator_sends(self, partners: Partners) -> None:
        roaming_partners()
        with pytest.raises(UnknownToken):
            ask(request_id="r" * 300, token_uid="U" * 90, token_type="T" * 90, correlation_id="c" * 300)
        assert len(Authorization.objects.get().request_id) == 128

    def test_an_unknown_field_of_the_providers_answer_survives_the_repeat(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        partners.allow(PROVIDER, extensions={"max_energy": 40})
        assert ask().extensions == ask().extensions == {"max_energy": 40}


@pytest.mark.django_db(transaction=True)
class TestWaiting:
    def test_no_partner_is_asked_inside_a_transaction(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        with transaction.atomic(), pytest.raises(TransactionOpen):
            ask()
        assert partners.asked == []

    def test_repeats_that_come_together_share_one_forward(self, partners: Partners) -> None:
        roaming_partners()
        push(a_token(whitelist=canonical.Whitelist.NEVER))
        directory.current()
        expected = partners.allow(PROVIDER, reference="REF-1")
        partners.go_on.clear()
        answers: list[canonical.AuthorizationDecision] = []
        threads = [threading.Thread(target=_in_thread, args=(lambda: answers.append(ask()),)) for _ in range(5)]
        for thread in threads:
            thread.start()
        until(lambda: len(partners.asked) > 0)
        partners.go_on.set()
        for thread in threads:
            thread.join()
        assert answers == [expected] * 5
        assert partners.asked == [PROVIDER]
        assert Authorization.objects.count() == 1

    def test_the_lock_is_given_back_after_a_refusal(self, partners: Partners) -> None:
        roaming_partners()
        for _ in range(2):
            with pytest.raises(UnknownToken):
                ask()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            assert cursor.fetchone() == (0,)


def _in_thread(run: Any) -> None:
    try:
        run()
    finally:
        connection.close()


class TestQuestion:
    def test_unknown_fields_and_ids_are_part_of_the_digest_and_the_trace_is_not(self) -> None:
        base = question()
        assert request_digest(base) == request_digest(msgspec.structs.replace(base, correlation_id="other"))
        assert request_digest(base) != request_digest(msgspec.structs.replace(base, extensions={"x": 1}))
