"""Which tokens an operator finds and pulls: by agreement, private copies before public ones, page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from roaming import canonical
from roaming.objects.pages import BadCursor
from roaming.tokens.queries import find_owner_of, find_token, find_tokens, list_tokens
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_token
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

pytestmark = pytest.mark.django_db

UID = "04A2B3C4D5E6F7"
CHARGIE = canonical.PartyId("FR", "CHA")
VLOT = canonical.PartyId("BE", "VLO")


def store(token: canonical.Token, audience: canonical.PartyId | None = None) -> None:
    put_token(token=token, audience=audience, at=NOW, correlation_id="c", deliver=False)


def uids(viewer: canonical.PartyId = OPERATOR, **over: object) -> list[str]:
    return [token.uid for token in list_tokens(viewer=viewer, at=NOW, **over).items]  # type: ignore[arg-type]


class TestFind:
    def test_finds_by_uid_without_case_and_by_type(self) -> None:
        roaming_partners()
        store(a_token())
        assert find_token(uid=UID.lower(), type="RFID") == a_token()
        assert find_token(uid=UID, type="APP_USER") is None
        assert find_owner_of(uid=UID, type="RFID") == PROVIDER

    def test_two_providers_with_one_uid_are_two_answers_and_no_owner(self) -> None:
        roaming_partners()
        a_provider("BE-VLO")
        store(a_token())
        store(a_token(provider=VLOT))
        assert {token.owner for token in find_tokens(uid=UID, type="RFID")} == {PROVIDER, VLOT}
        assert find_owner_of(uid=UID, type="RFID") is None
        assert find_token(uid=UID, type="RFID", owner=VLOT) == a_token(provider=VLOT)

    def test_a_private_copy_is_found_by_its_operator_before_the_public_one(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        store(a_token(whitelist=canonical.Whitelist.NEVER))
        store(a_token(), audience=OPERATOR)
        assert [token.whitelist for token in find_tokens(uid=UID, type="RFID", viewer=OPERATOR)] == ["ALLOWED"]
        assert [token.whitelist for token in find_tokens(uid=UID, type="RFID", viewer=CHARGIE)] == ["NEVER"]
        assert [token.whitelist for token in find_tokens(uid=UID, type="RFID")] == ["NEVER"]


class TestList:
    def test_shows_only_what_the_operator_may_know(self) -> None:
        _, provider = roaming_partners()
        a_provider("BE-VLO")
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        store(a_token(uid="A1"))
        store(a_token(uid="B1"), audience=CHARGIE)
        store(a_token(uid="C1", provider=VLOT))  # no agreement with anybody
        assert uids(OPERATOR) == ["A1"]
        assert uids(CHARGIE) == ["A1", "B1"]
        assert list_tokens(viewer=OPERATOR, at=NOW).total == 1

    def test_of_a_public_and_a_private_copy_shows_the_private_one(self) -> None:
        roaming_partners()
        store(a_token(issuer="for all"))
        store(a_token(issuer="for Alfa"), audience=OPERATOR)
        assert [token.issuer for token in list_tokens(viewer=OPERATOR, at=NOW).items] == ["for Alfa"]

    def test_an_agreement_that_ended_hides_everything(self) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), ends=datetime(2026, 10, 1, tzinfo=UTC).date())
        store(a_token())
        assert uids() == []

    def test_filters_by_stamp_from_inclusive_to_exclusive(self) -> None:
        roaming_partners()
        first, second = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC)
        store(a_token(uid="A1", last_updated=first))
        store(a_token(uid="A2", last_updated=second))
        assert uids(date_from=second) == ["A2"]
        assert uids(date_to=second) == ["A1"]
        assert uids(date_from=first, date_to=second) == ["A1"]

    def test_walks_pages_by_cursor_and_by_offset_in_the_order_of_arrival(self) -> None:
        roaming_partners()
        for number in range(5):
            store(a_token(uid=f"A{number}", last_updated=datetime(2026, 9, 9, tzinfo=UTC) - timedelta(days=number)))
        first = list_tokens(viewer=OPERATOR, at=NOW, limit=2)
        assert ([token.uid for token in first.items], first.total) == (["A0", "A1"], 5)
        second = list_tokens(viewer=OPERATOR, at=NOW, limit=2, after=first.next)
        assert [token.uid for token in second.items] == ["A2", "A3"]
        last = list_tokens(viewer=OPERATOR, at=NOW, limit=2, after=second.next)
        assert ([token.uid for token in last.items], last.next, last.total) == (["A4"], None, 5)
        assert uids(limit=2, offset=3) == ["A3", "A4"]
        assert uids(offset=9) == []

    def test_an_object_that_changes_during_the_crawl_moves_no_other(self) -> None:
        roaming_partners()
        for number in range(4):
            store(a_token(uid=f"A{number}"))
        first = list_tokens(viewer=OPERATOR, at=NOW, limit=2)
        store(a_token(uid="A0", valid=False, last_updated=NOW))
        assert uids(limit=2, after=first.next) == ["A2", "A3"]

    @pytest.mark.parametrize("cursor", ["", "1-", "-1", "12", "1-2-3", "99999999999999999-1", "1-2;DROP"])
    def test_a_cursor_that_is_not_ours_is_refused(self, cursor: str) -> None:
        roaming_partners()
        with pytest.raises(BadCursor):
            list_tokens(viewer=OPERATOR, at=NOW, after=cursor)
