"""Who reads which CDRs, who pays one, and which sessions still owe one."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from roaming import canonical
from roaming.authorizations.models import Authorization
from roaming.cdrs.expected import list_expected_cdrs
from roaming.cdrs.payer import find_provider
from roaming.cdrs.queries import find_cdr, find_cdr_by_public_id, list_cdrs
from roaming.objects.announce import UnknownProvider
from roaming.parties import directory
from roaming.sessions.receive import put_session
from tests.builders.canonical_messages import (
    ENDED_AT,
    NOW,
    OPERATOR,
    PROVIDER,
    a_cdr,
    a_cdr_token,
    a_completed_session,
    a_credit_of,
    a_session,
)
from tests.builders.intake import receive
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

pytestmark = pytest.mark.django_db

VLOT = canonical.PartyId("BE", "VLO")
CHARGIE = canonical.PartyId("FR", "CHA")


class TestReading:
    def test_both_parties_read_it_and_a_third_finds_nothing(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        public_id = receive(a_cdr()).public_id
        assert find_cdr_by_public_id(public_id=public_id, viewers=[OPERATOR]) == a_cdr()
        assert find_cdr_by_public_id(public_id=public_id, viewers=[VLOT, PROVIDER]) == a_cdr()
        assert find_cdr_by_public_id(public_id=public_id, viewers=[VLOT]) is None
        assert find_cdr_by_public_id(public_id=public_id, viewers=[]) is None
        assert find_cdr_by_public_id(public_id=uuid.uuid4(), viewers=[OPERATOR]) is None

    def test_its_operator_finds_it_by_its_id_without_case(self) -> None:
        roaming_partners()
        receive(a_cdr())
        assert find_cdr(owner=OPERATOR, cdr_id="cdr-0001") == a_cdr()
        assert find_cdr(owner=PROVIDER, cdr_id="CDR-0001") is None

    def test_lists_what_a_provider_pays_and_what_an_operator_wrote(self) -> None:
        operator, provider = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        receive(a_cdr())
        receive(a_cdr(id="CDR-0002", session_id="S-2", provider=VLOT, last_updated=NOW))
        receive(a_cdr(operator=CHARGIE))
        assert [str(cdr.owner) for cdr in list_cdrs(viewer=PROVIDER).items] == ["DE-ALF", "FR-CHA"]
        page = list_cdrs(viewer=OPERATOR, role=canonical.Role.CPO, date_from=NOW)
        assert ([cdr.id for cdr in page.items], page.total) == (["CDR-0002"], 1)

    def test_walks_pages_in_the_order_of_arrival(self) -> None:
        roaming_partners()
        for number in range(3):
            receive(a_cdr(id=f"CDR-{number}", session_id=f"S-{number}"))
        first = list_cdrs(viewer=PROVIDER, limit=2)
        second = list_cdrs(viewer=PROVIDER, limit=2, after=first.next)
        assert [cdr.id for cdr in (*first.items, *second.items)] == ["CDR-0", "CDR-1", "CDR-2"]
        assert (first.total, second.next) == (3, None)


class TestPayer:
    def test_is_the_provider_that_the_token_names(self) -> None:
        _, provider = roaming_partners()
        assert find_provider(cdr=a_cdr(), directory=directory.current()).id == provider.id

    def test_is_never_a_company_without_a_provider_role(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownProvider):
            find_provider(cdr=a_cdr(provider=OPERATOR), directory=directory.current())

    def test_of_a_record_without_a_provider_is_whoever_authorized_it(self) -> None:
        _, provider = roaming_partners()
        a_provider("BE-VLO")
        nameless = a_cdr_token(country_code="", party_id="", contract_id="BE-VLO-C00123456-X")
        Authorization.objects.create(
            id=uuid.uuid4(), at=NOW, platform_id=1, provider=provider, token_uid=nameless.uid, outcome="ALLOWED", reference="REF-1"
        )
        authorized = a_cdr(cdr_token=nameless, authorization_reference="REF-1")
        assert find_provider(cdr=authorized, directory=directory.current()).key == PROVIDER
        assert find_provider(cdr=a_cdr(cdr_token=nameless), directory=directory.current()).key == VLOT

    def test_of_a_record_that_says_nothing_at_all_is_unknown(self) -> None:
        roaming_partners()
        nameless = a_cdr_token(country_code="", party_id="", contract_id="#NA")
        with pytest.raises(UnknownProvider, match="names no provider"):
            find_provider(cdr=a_cdr(cdr_token=nameless), directory=directory.current())


class TestExpectedCdrs:
    def test_are_those_of_finished_sessions_that_wait_longer_than_a_day(self) -> None:
        roaming_partners()
        put_session(session=a_completed_session(), at=NOW, correlation_id="c")
        put_session(session=a_session(id="RUNNING"), at=NOW, correlation_id="c")
        put_session(session=a_completed_session(id="INVALID", status="INVALID"), at=NOW, correlation_id="c")
        assert list_expected_cdrs(at=ENDED_AT + timedelta(hours=24)) == []
        (owing,) = list_expected_cdrs(at=ENDED_AT + timedelta(hours=24, seconds=1))
        assert (owing.operator, owing.provider, owing.session_id, owing.ended_at) == (OPERATOR, PROVIDER, "SESSION-1", ENDED_AT)
        assert (owing.energy_kwh, owing.cost, owing.currency) == (Decimal(20), Decimal("7.80"), "EUR")

    def test_are_not_owed_once_a_cdr_came_and_again_after_its_credit(self) -> None:
        roaming_partners()
        later = NOW + timedelta(days=2)
        put_session(session=a_completed_session(), at=NOW, correlation_id="c")
        receive(a_cdr())
        assert list_expected_cdrs(at=later) == []
        receive(a_credit_of(a_cdr()))
        assert len(list_expected_cdrs(at=later)) == 1
        receive(a_cdr(id="CDR-0002"))
        assert list_expected_cdrs(at=later) == []

    def test_can_be_asked_for_one_party(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        put_session(session=a_completed_session(), at=NOW, correlation_id="c")
        put_session(session=a_completed_session(operator=CHARGIE), at=NOW, correlation_id="c")
        later = NOW + timedelta(days=2)
        assert [row.operator for row in list_expected_cdrs(at=later, operator=CHARGIE)] == [CHARGIE]
        assert len(list_expected_cdrs(at=later, provider=PROVIDER)) == 2
        assert list_expected_cdrs(at=later, provider=VLOT) == []
