"""Many sessions in one transaction: each is judged as if it had come alone."""

from datetime import timedelta
from typing import Any

import pytest

from roaming.deliveries.models import Delivery
from roaming.revisions import Receipt, StampInFuture, Verdict
from roaming.sessions.models import Session, SessionRevision
from roaming.sessions.receive import Arrival, SessionIsOver, put_sessions
from tests.builders.canonical_messages import NOW, STARTED_AT, a_completed_session, a_session
from tests.builders.deliveries import waiting
from tests.builders.parties import roaming_partners

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _partners() -> None:
    roaming_partners()


def verdicts(*sessions: Any) -> list[Any]:
    """Receive them together; a receipt is told by its verdict, a refusal by its type."""
    outcomes = put_sessions(
        arrivals=[Arrival(session=session, correlation_id=f"c{number}") for number, session in enumerate(sessions)], at=NOW
    )
    return [outcome.verdict if isinstance(outcome, Receipt) else type(outcome) for outcome in outcomes]


def test_each_becomes_a_state_a_sealed_revision_and_a_delivery() -> None:
    assert verdicts(*(a_session(id=f"S{number}") for number in range(5))) == [Verdict.CREATED] * 5
    assert (Session.objects.count(), SessionRevision.objects.count()) == (5, 5)
    assert list(Delivery.objects.order_by("id").values_list("correlation_id", flat=True)) == ["c0", "c1", "c2", "c3", "c4"]
    assert waiting() == ["put session to NL-BET from DE-ALF"] * 5


def test_a_session_that_comes_twice_is_judged_against_what_its_first_left() -> None:
    first = a_session(last_updated=STARTED_AT + timedelta(minutes=1))
    second = a_completed_session(last_updated=STARTED_AT + timedelta(minutes=2))
    running_again = a_session(last_updated=STARTED_AT + timedelta(minutes=3))
    assert verdicts(first, second, second, running_again, first) == [
        Verdict.CREATED,
        Verdict.REPLACED,
        Verdict.SAME,
        SessionIsOver,
        Verdict.STALE,
    ]
    assert [revision.number for revision in SessionRevision.objects.order_by("number")] == [1, 2]


def test_a_refused_one_does_not_harm_its_neighbours() -> None:
    late = a_session(id="S2", last_updated=NOW + timedelta(days=2))
    assert verdicts(a_session(id="S1"), late, a_session(id="S3")) == [Verdict.CREATED, StampInFuture, Verdict.CREATED]
    assert sorted(Session.objects.values_list("session_id", flat=True)) == ["S1", "S3"]
    assert len(waiting()) == 2


def test_none_at_all_changes_nothing() -> None:
    assert verdicts() == []
