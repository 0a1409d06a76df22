"""Tokens come by PUT and PATCH, again, late and for one operator alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from roaming import canonical
from roaming.deliveries.models import Delivery
from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.patches import PatchBreaksObject, PatchWithoutStamp, UnknownObject
from roaming.revisions import Receipt, StampInFuture, Verdict
from roaming.tokens.models import Token
from roaming.tokens.queries import find_own_token
from roaming.tokens.receive import patch_token, put_token
from tests.builders.canonical_messages import NOW, OPERATOR, PROVIDER, a_token
from tests.builders.deliveries import waiting
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

pytestmark = pytest.mark.django_db

STAMP = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def put(token: canonical.Token, **over: Any) -> Receipt:
    return put_token(**{"token": token, "audience": None, "at": NOW, "correlation_id": "c-1", **over})


def patch(changes: dict[str, Any], **over: Any) -> Receipt:
    named = {"owner": PROVIDER, "uid": "04A2B3C4D5E6F7", "type": "RFID", "audience": None}
    return patch_token(**{**named, "changes": changes, "at": NOW, "correlation_id": "c-2", **over})


def stored() -> canonical.Token:
    token = find_own_token(owner=PROVIDER, uid="04A2B3C4D5E6F7", type="RFID")
    assert token is not None
    return token


class TestPut:
    def test_stores_a_token_and_tells_every_entitled_operator(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        an_operator("SE-NOA")  # no agreement: hears nothing
        receipt = put(a_token())
        assert receipt.created
        assert stored() == a_token()
        assert waiting() == ["put token to DE-ALF from the hub", "put token to FR-CHA from the hub"]
        assert set(Delivery.objects.values_list("object_row", "correlation_id", "receiver_role")) == {(receipt.row, "c-1", "CPO")}

    def test_the_same_again_changes_nothing(self) -> None:
        roaming_partners()
        first = put(a_token())
        again = put(a_token())
        assert (again.verdict, again.row) == (Verdict.SAME, first.row)
        assert len(waiting()) == 1

    def test_ids_compare_without_case(self) -> None:
        roaming_partners()
        first = put(a_token())
        other = put(a_token(uid="04a2b3c4d5e6f7", valid=False, last_updated=STAMP + timedelta(hours=1)))
        assert (other.verdict, other.row) == (Verdict.REPLACED, first.row)
        assert Token.objects.get().uid == "04a2b3c4d5e6f7"

    def test_type_and_owner_are_part_of_the_key(self) -> None:
        roaming_partners()
        a_provider("BE-VLO")
        put(a_token())
        assert put(a_token(type="APP_USER")).created
        assert put(a_token(provider=canonical.PartyId("BE", "VLO"))).created

    def test_an_older_one_is_ignored(self) -> None:
        roaming_partners()
        put(a_token(last_updated=STAMP + timedelta(hours=1)))
        assert put(a_token(valid=False, last_updated=STAMP)).verdict is Verdict.STALE
        assert stored().valid
        assert len(waiting()) == 1

    def test_a_stamp_two_days_ahead_is_refused(self) -> None:
        roaming_partners()
        with pytest.raises(StampInFuture):
            put(a_token(last_updated=NOW + timedelta(days=2)))
        assert not Token.objects.exists()

    def test_the_owners_stamp_and_unknown_fields_are_kept(self) -> None:
        roaming_partners()
        put(a_token(extensions={"card_colour": "green"}))
        assert stored().last_updated == STAMP
        assert stored().extensions == {"card_colour": "green"}

    def test_one_for_one_operator_is_told_to_that_one_in_the_providers_name(self) -> None:
        _, provider = roaming_partners()
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        put(a_token(), audience=OPERATOR)
        assert waiting() == ["put token to DE-ALF from NL-BET"]
        assert find_own_token(owner=PROVIDER, uid="04A2B3C4D5E6F7", type="RFID") is None
        assert find_own_token(owner=PROVIDER, uid="04A2B3C4D5E6F7", type="RFID", audience=OPERATOR) == a_token()

    def test_a_forwarded_one_is_stored_and_not_told_again(self) -> None:
        roaming_partners()
        assert put(a_token(), audience=OPERATOR, deliver=False).created
        assert waiting() == []

    def test_an_operator_without_agreement_cannot_be_addressed(self) -> None:
        roaming_partners()
        an_operator("FR-CHA")
        with pytest.raises(NoAgreement):
            put(a_token(), audience=canonical.PartyId("FR", "CHA"))

    def test_nobody_pushes_for_a_company_that_is_not_here(self) -> None:
        with pytest.raises(UnknownParty):
            put(a_token())


class TestPatch:
    def test_merges_into_the_token_and_tells_the_change(self) -> None:
        roaming_partners()
        put(a_token())
        changes = {"valid": False, "last_updated": "2026-09-02T08:00:00Z"}
        assert patch(changes).verdict is Verdict.REPLACED
        assert stored() == a_token(valid=False, last_updated=datetime(2026, 9, 2, 8, 0, tzinfo=UTC))
        assert waiting()[-1] == "patch token to DE-ALF from the hub"
        assert Delivery.objects.latest("id").payload == changes

    def test_of_an_unknown_token_is_refused_so_that_the_sender_puts_it(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownObject):
            patch({"valid": False, "last_updated": "2026-09-02T08:00:00Z"})

    def test_without_a_stamp_is_refused(self) -> None:
        roaming_partners()
        put(a_token())
        with pytest.raises(PatchWithoutStamp):
            patch({"valid": False})

    def test_that_breaks_the_token_is_refused_by_the_fields_name(self) -> None:
        roaming_partners()
        put(a_token())
        with pytest.raises(PatchBreaksObject, match="issuer"):
            patch({"issuer": None, "last_updated": "2026-09-02T08:00:00Z"})
        assert stored() == a_token()

    def test_the_same_again_changes_nothing_even_after_another_one_of_the_same_second(self) -> None:
        roaming_partners()
        put(a_token())
        first = {"valid": False, "last_updated": "2026-09-02T08:00:00Z"}
        second = {"valid": True, "last_updated": "2026-09-02T08:00:00Z"}
        assert patch(first).verdict is Verdict.REPLACED
        assert patch(second).verdict is Verdict.REPLACED
        assert patch(first).verdict is Verdict.SAME
        assert stored().valid

    def test_an_older_one_is_ignored(self) -> None:
        roaming_partners()
        put(a_token())
        assert patch({"valid": False, "last_updated": "2026-08-31T08:00:00Z"}).verdict is Verdict.STALE
        assert stored().valid

    def test_those_of_different_fields_and_puts_end_in_one_state_in_any_order(self) -> None:
        roaming_partners()
        at = {hour: datetime(2026, 9, 2, hour, tzinfo=UTC) for hour in (8, 9, 10)}
        between = a_token(issuer="Beta", valid=True, visual_number="NL-9", extensions={"x_a": 1}, last_updated=at[9])
        messages: list[Callable[[], Receipt]] = [
            lambda: patch({"visual_number": "NL-8", "language": "nl", "last_updated": "2026-09-02T08:00:00Z"}),
            lambda: put(between),
            lambda: patch({"valid": False, "extensions": {"x_b": 2}, "last_updated": "2026-09-02T10:00:00Z"}),
        ]
        for order in permutations(messages):
            put(a_token())
            for message in (*order, *order):
                message()
            assert stored() == msgspec.structs.replace(between, valid=False, extensions={"x_a": 1, "x_b": 2}, last_updated=at[10])
            Token.objects.all().delete()

    def test_a_late_one_leaves_as_the_state(self) -> None:
        roaming_partners()
        put(a_token())
        patch({"valid": False, "last_updated": "2026-09-02T10:00:00Z"})
        assert patch({"language": "nl", "last_updated": "2026-09-02T09:00:00Z"}).verdict is Verdict.REPLACED
        assert waiting()[-1] == "put token to DE-ALF from the hub"
        assert patch({"valid": True, "last_updated": "2026-09-02T09:30:00Z"}).verdict is Verdict.STALE

    def test_a_null_takes_an_optional_field_away(self) -> None:
        roaming_partners()
        put(a_token(visual_number="NL-1"))
        patch({"visual_number": None, "last_updated": "2026-09-02T08:00:00Z"})
        assert stored().visual_number is None
