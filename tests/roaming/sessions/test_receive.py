"""Sessions come by PUT and PATCH in any order; each state is sealed and goes to the token's provider only."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from roaming import canonical
from roaming.cdrs.receive import receive_cdr
from roaming.deliveries.models import Delivery
from roaming.objects.announce import NoAgreement, UnknownProvider
from roaming.objects.limits import DoesNotFit
from roaming.objects.patches import PatchWithoutStamp, UnknownObject
from roaming.revisions import ContradictingPeriod, Receipt, StampInFuture, Verdict
from roaming.sessions.models import Session, SessionRevision
from roaming.sessions.queries import find_session, find_sessions_of_provider, list_sessions
from roaming.sessions.receive import (
    ProviderChanged,
    SessionIsBilled,
    SessionIsOver,
    WrongReceiver,
    patch_session,
    put_session,
)
from tests.builders.canonical_messages import (
    NOW,
    OPERATOR,
    PROVIDER,
    STARTED_AT,
    a_cdr,
    a_cdr_token,
    a_charging_period,
    a_completed_session,
    a_credit_of,
    a_session,
)
from tests.builders.deliveries import waiting
from tests.builders.parties import a_provider, an_agreement, an_operator, roaming_partners

pytestmark = pytest.mark.django_db

VLOT = canonical.PartyId("BE", "VLO")


def put(session: canonical.Session, **over: Any) -> Receipt:
    return put_session(**{"session": session, "at": NOW, "correlation_id": "c", **over})


def patch(minutes: int, session_id: str = "session-1", **changes: Any) -> Receipt:
    """Sends a PATCH stamped `minutes` after the start."""
    stamped = {"last_updated": STARTED_AT + timedelta(minutes=minutes), **changes}
    return patch_session(owner=OPERATOR, session_id=session_id, changes=stamped, at=NOW, correlation_id="c")


def stored(session_id: str = "SESSION-1") -> canonical.Session:
    session = find_session(owner=OPERATOR, session_id=session_id)
    assert session is not None
    return session


def period(minutes: int, kwh: str) -> canonical.ChargingPeriod:
    return a_charging_period(starts_at=STARTED_AT + timedelta(minutes=minutes), kwh=kwh)


class TestPut:
    def test_keeps_the_state_seals_it_and_tells_the_provider_alone(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        receipt = put(a_session())
        assert receipt.created
        assert stored() == a_session()
        revision = SessionRevision.objects.get()
        assert (revision.session_id, revision.number) == (receipt.row, 1)
        assert bytes(revision.body) == canonical.encode(a_session())
        assert bytes(revision.seal) == hashlib.sha256(canonical.encode(a_session())).digest()
        assert waiting() == ["put session to NL-BET from DE-ALF"]

    def test_keeps_the_columns_that_others_read(self) -> None:
        roaming_partners()
        put(a_completed_session(authorization_reference="REF-1"))
        row = Session.objects.get()
        assert (row.status, row.started_at, row.ended_at) == ("COMPLETED", STARTED_AT, STARTED_AT + timedelta(hours=1))
        assert (row.energy_kwh, row.currency, row.location_id, row.evse_uid) == (Decimal(20), "EUR", "LOC-1", "EVSE-1")
        assert (row.token_uid, row.contract_id, row.authorization_reference) == ("04A2B3C4D5E6F7", "NL-BET-C00123456-X", "REF-1")

    def test_the_same_again_seals_nothing(self) -> None:
        roaming_partners()
        put(a_session())
        assert put(a_session()).verdict is Verdict.SAME
        assert (SessionRevision.objects.count(), len(waiting())) == (1, 1)

    def test_replaces_everything_also_the_periods_that_are_missing_now(self) -> None:
        roaming_partners()
        put(a_session())
        assert put(a_session(charging_periods=(), last_updated=NOW)).verdict is Verdict.REPLACED
        assert stored().charging_periods == ()
        assert list(SessionRevision.objects.order_by("number").values_list("number", flat=True)) == [1, 2]

    def test_an_older_state_is_ignored(self) -> None:
        roaming_partners()
        put(a_completed_session())
        assert put(a_session()).verdict is Verdict.STALE
        assert stored().status == "COMPLETED"

    def test_a_stamp_two_days_ahead_is_refused(self) -> None:
        roaming_partners()
        with pytest.raises(StampInFuture):
            put(a_session(last_updated=NOW + timedelta(days=2)))

    def test_a_token_of_nobody_here_is_refused(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownProvider, match="BE-VLO"):
            put(a_session(provider=VLOT))

    def test_without_an_agreement_at_its_start_it_is_refused(self) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), starts=datetime(2026, 10, 6, tzinfo=UTC).date())
        with pytest.raises(NoAgreement):
            put(a_session())

    def test_addressed_to_another_party_it_is_refused(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        with pytest.raises(WrongReceiver):
            put(a_session(), receiver=VLOT)
        assert put(a_session(), receiver=PROVIDER).created

    @pytest.mark.parametrize(
        ("over", "field"),
        [({"id": "S" * 40}, "id"), ({"location_id": "L" * 40}, "location_id"), ({"kwh": "1e9"}, "kwh"), ({"kwh": "NaN"}, "kwh")],
    )
    def test_what_cannot_be_kept_is_refused_by_its_fields_name(self, over: dict[str, Any], field: str) -> None:
        roaming_partners()
        with pytest.raises(DoesNotFit, match=f"^{field}: "):
            put(a_session(**over))

    def test_the_revisions_cannot_be_changed(self) -> None:
        roaming_partners()
        put(a_session())
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            SessionRevision.objects.update(number=7)


class TestAfterTheEnd:
    @pytest.mark.parametrize("end", ["COMPLETED", "INVALID"])
    @pytest.mark.parametrize("status", ["ACTIVE", "PENDING", "RESERVATION"])
    def test_it_does_not_run_again(self, end: str, status: str) -> None:
        roaming_partners()
        put(a_completed_session(status=end))
        with pytest.raises(SessionIsOver):
            put(a_session(status=status, last_updated=NOW))
        with pytest.raises(SessionIsOver):
            patch(90, status=status)
        assert stored().status == end

    def test_it_may_be_corrected_until_its_cdr_is_accepted(self) -> None:
        roaming_partners()
        put(a_completed_session())
        assert put(a_completed_session(kwh="20.5", last_updated=NOW)).verdict is Verdict.REPLACED
        cdr = a_cdr()
        receive_cdr(cdr=cdr, received=b"{}", protocol="ocpi-2.2.1", at=NOW, correlation_id="c")
        with pytest.raises(SessionIsBilled):
            put(a_completed_session(kwh="21.0", last_updated=NOW + timedelta(minutes=1)))
        assert put(a_completed_session(kwh="20.5", last_updated=NOW)).verdict is Verdict.SAME
        receive_cdr(cdr=a_credit_of(cdr), received=b"{}", protocol="ocpi-2.2.1", at=NOW, correlation_id="c")
        assert put(a_completed_session(kwh="21.0", last_updated=NOW + timedelta(minutes=1))).verdict is Verdict.REPLACED

    def test_a_cdr_that_overtook_it_does_not_keep_it_from_ending(self) -> None:
        roaming_partners()
        put(a_session())
        receive_cdr(cdr=a_cdr(), received=b"{}", protocol="ocpi-2.2.1", at=NOW, correlation_id="c")
        assert put(a_completed_session()).verdict is Verdict.REPLACED

    def test_its_provider_stays_the_same(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        put(a_session())
        with pytest.raises(ProviderChanged):
            put(a_session(provider=VLOT, last_updated=NOW))


class TestPatch:
    def test_appends_its_periods_and_merges_the_rest(self) -> None:
        roaming_partners()
        put(a_session())
        changes: dict[str, Any] = {"kwh": "12.5", "charging_periods": [canonical.to_builtins(period(30, "4.5"))]}
        assert patch(40, **changes).verdict is Verdict.REPLACED
        assert stored() == a_session(
            kwh="12.5",
            charging_periods=(period(0, "8.0"), period(30, "4.5")),
            last_updated=STARTED_AT + timedelta(minutes=40),
        )
        assert waiting()[-1] == "patch session to NL-BET from DE-ALF"
        payload: Any = Delivery.objects.latest("id").payload
        assert payload["kwh"] == "12.5"

    def test_the_same_again_appends_nothing(self) -> None:
        roaming_partners()
        put(a_session())
        patch(40, kwh="12.5", charging_periods=[period(30, "4.5")])
        assert patch(40, kwh="12.5", charging_periods=[period(30, "4.5")]).verdict is Verdict.SAME
        assert len(stored().charging_periods) == 2
        assert SessionRevision.objects.count() == 2

    def test_an_empty_list_of_periods_changes_none(self) -> None:
        roaming_partners()
        put(a_session())
        patch(40, kwh="9", charging_periods=[])
        assert stored().charging_periods == (period(0, "8.0"),)

    def test_a_known_period_with_other_content_is_refused(self) -> None:
        roaming_partners()
        put(a_session())
        with pytest.raises(ContradictingPeriod):
            patch(40, charging_periods=[period(0, "7.0")])
        assert stored() == a_session()

    def test_from_an_older_one_only_unseen_periods_are_taken(self) -> None:
        roaming_partners()
        put(a_session())
        patch(50, kwh="15", charging_periods=[period(40, "3")])
        assert patch(40, kwh="12", charging_periods=[period(30, "4")]).verdict is Verdict.REPLACED
        assert stored().kwh == Decimal(15)
        assert stored().last_updated == STARTED_AT + timedelta(minutes=50)
        assert [entry.start_date_time.minute for entry in stored().charging_periods] == [0, 30, 40]
        assert waiting()[-1] == "put session to NL-BET from DE-ALF"

    def test_those_of_different_fields_end_in_one_state_in_any_order(self) -> None:
        roaming_partners()
        patches: list[tuple[int, dict[str, Any]]] = [(30, {"kwh": "9", "meter_id": "M-1"}), (40, {"meter_id": "M-2"}), (50, {"kwh": "11"})]
        states = set()
        for number, order in enumerate(permutations(patches)):
            put(a_session(id=f"S-{number}"))
            for minutes, changes in (*order, *order):
                patch(minutes, session_id=f"S-{number}", **changes)
            session = stored(f"S-{number}")
            states.add((session.kwh, session.meter_id, session.last_updated.minute))
        assert states == {(Decimal(11), "M-2", 50)}

    def test_and_of_puts_end_in_one_state_in_any_order(self) -> None:
        roaming_partners()
        states = set()
        for number, order in enumerate(permutations(range(4))):
            session_id = f"S-{number}"
            put(a_session(id=session_id, meter_id="M-0", charging_periods=()))

            def corrected(session_id: str = session_id) -> Receipt:
                return put(a_session(id=session_id, kwh="10", currency="CHF", last_updated=STARTED_AT + timedelta(minutes=35)))

            messages: list[Callable[[], Receipt]] = [
                lambda session_id=session_id: patch(30, session_id=session_id, kwh="9", meter_id="M-1"),  # type: ignore[misc]
                corrected,
                lambda session_id=session_id: patch(40, session_id=session_id, kwh="11", charging_periods=[period(38, "1")]),  # type: ignore[misc]
                lambda session_id=session_id: patch(50, session_id=session_id, authorization_reference="R-1"),  # type: ignore[misc]
            ]
            for place in (*order, *order):
                messages[place]()
            states.add(canonical.encode(stored(session_id)).replace(session_id.encode(), b""))
        assert len(states) == 1
        session = stored("S-0")
        assert (session.kwh, session.currency, session.meter_id, session.authorization_reference) == (Decimal(11), "CHF", None, "R-1")
        assert [entry.start_date_time.minute for entry in session.charging_periods] == [0, 38]
        assert session.last_updated == STARTED_AT + timedelta(minutes=50)

    def test_an_older_put_leaves_what_nothing_newer_has_set_and_is_told_as_the_state(self) -> None:
        roaming_partners()
        put(a_session())
        patch(50, kwh="11")
        between = a_session(kwh="10", currency="CHF", last_updated=STARTED_AT + timedelta(minutes=40))
        assert put(between).verdict is Verdict.REPLACED
        assert waiting()[-1] == "put session to NL-BET from DE-ALF"
        assert (stored().kwh, stored().currency) == (Decimal(11), "CHF")
        assert put(between).verdict is Verdict.STALE
        assert put(a_session(currency="NOK", last_updated=STARTED_AT + timedelta(minutes=39))).verdict is Verdict.STALE

    def test_from_before_a_put_nothing_is_taken(self) -> None:
        roaming_partners()
        put(a_session())
        patch(30, kwh="9")
        put(a_session(kwh="10", last_updated=STARTED_AT + timedelta(minutes=45)))
        assert patch(40, meter_id="M-1").verdict is Verdict.STALE
        patch(50, kwh="12")
        assert patch(47, meter_id="M-2").verdict is Verdict.REPLACED
        assert (stored().meter_id, stored().kwh) == ("M-2", Decimal(12))

    def test_an_older_one_without_news_is_stale(self) -> None:
        roaming_partners()
        put(a_session())
        assert patch(10, kwh="4").verdict is Verdict.STALE
        assert stored() == a_session()

    def test_all_orders_and_repeats_of_full_patches_end_in_one_state(self) -> None:
        roaming_partners()
        patches = [(30 + number * 10, f"{8 + number}", period(30 + number * 10, "1")) for number in range(3)]
        states = set()
        for number, order in enumerate(permutations(patches)):
            session_id = f"SESSION-{number}"
            put(a_session(id=session_id))
            for minutes, kwh, added in (*order, *order):
                patch_session(
                    owner=OPERATOR,
                    session_id=session_id,
                    changes={"kwh": kwh, "charging_periods": [added], "last_updated": STARTED_AT + timedelta(minutes=minutes)},
                    at=NOW,
                    correlation_id="c",
                )
            session = find_session(owner=OPERATOR, session_id=session_id)
            assert session is not None
            states.add(canonical.encode(session).replace(session_id.encode(), b""))
        assert len(states) == 1

    def test_of_an_unknown_session_or_without_a_stamp_is_refused(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownObject):
            patch(40, kwh="9")
        with pytest.raises(PatchWithoutStamp):
            patch_session(owner=OPERATOR, session_id="SESSION-1", changes={"kwh": "9"}, at=NOW, correlation_id="c")

    def test_a_patch_two_days_ahead_is_refused(self) -> None:
        roaming_partners()
        put(a_session())
        with pytest.raises(StampInFuture):
            patch(3 * 24 * 60, kwh="9")


class TestQueries:
    def test_each_side_lists_its_own(self) -> None:
        operator, provider = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        an_agreement(operator=an_operator("FR-CHA"), provider=provider)
        put(a_session())
        put(a_session(id="SESSION-2", provider=VLOT))
        put(a_session(operator=canonical.PartyId("FR", "CHA")))
        assert [str(session.owner) for session in list_sessions(viewer=PROVIDER).items] == ["DE-ALF", "FR-CHA"]
        assert [session.id for session in list_sessions(viewer=OPERATOR, role=canonical.Role.CPO).items] == ["SESSION-1", "SESSION-2"]
        assert len(find_sessions_of_provider(provider=PROVIDER, session_id="session-1")) == 2
        assert find_sessions_of_provider(provider=PROVIDER, session_id="session-1", owner=OPERATOR) == [a_session()]
        assert find_sessions_of_provider(provider=VLOT, session_id="SESSION-1") == []

    def test_a_session_is_written_in_few_statements(self) -> None:
        roaming_partners()
        put(a_session())
        with CaptureQueriesContext(connection) as captured:
            put(a_completed_session(cdr_token=a_cdr_token()))
        written = [query["sql"] for query in captured if "directorystamp" not in query["sql"] and "SAVEPOINT" not in query["sql"]]
        assert len(written) == 2  # lock and read; outbox; beside them, prepared, state and revision
