"""Cases 80 to 87: pages of a list, and crawls while the list grows."""

from typing import Any

import pytest

from tests.conformance.ocpi.words import AT_STUB, RECEIVER, SENDER, deliver, location, path_of, tariff
from tests.wire.caller import HUB, Caller
from tests.wire.stub_partner import StubPartner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roaming")]

LIST = f"{SENDER}/tariffs"


def publish(alfa: Caller, *numbers: int, **over: Any) -> None:
    """This function will push tariffs whose last_updated is the day of their number."""
    for number in numbers:
        body = tariff(id=f"T-{number}", **{"last_updated": f"2026-09-0{number}T08:00:00Z", **over})
        alfa.call("PUT", f"{RECEIVER}/tariffs/DE/ALF/T-{number}", body, to=HUB)


def ids(reply: Any) -> list[str]:
    return [item["id"] for item in reply.data]


def test_080_date_from_is_included_and_date_to_is_not(alfa: Caller, beta: Caller) -> None:
    publish(alfa, 1, 2)
    query = "date_from=2026-09-01T08:00:00Z&date_to=2026-09-02T08:00:00Z"
    assert ids(beta.call("GET", f"{LIST}?{query}", to=HUB)) == ["T-1"]


def test_081_link_leads_to_the_next_page_with_the_filters_and_ends_at_the_last(alfa: Caller, beta: Caller) -> None:
    publish(alfa, 1, 2, 3)
    first = beta.call("GET", f"{LIST}?limit=1&date_from=2026-09-02T00:00:00Z", to=HUB)
    assert (ids(first), first.headers["X-Total-Count"]) == (["T-2"], "2")
    link = first.headers["Link"]
    assert link.endswith('; rel="next"')
    for part in ("date_from=2026-09-02", "limit=1", "offset=1"):
        assert part in link
    second = beta.call("GET", path_of(link), to=HUB)
    assert (ids(second), "Link" in second.headers) == (["T-3"], False)


def test_082_x_limit_is_the_most_the_hub_gives_and_x_total_count_what_there_is(alfa: Caller, beta: Caller) -> None:
    publish(alfa, 1, 2, 3)
    for query in ("", "?limit=1", "?limit=500"):
        headers = beta.call("GET", f"{LIST}{query}", to=HUB).headers
        assert (headers["X-Limit"], headers["X-Total-Count"]) == ("200", "3")


def test_083_a_larger_limit_gives_the_most_there_is(alfa: Caller, beta: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roaming.protocols.ocpi.paging.MOST_PER_PAGE", 2)
    publish(alfa, 1, 2, 3)
    reply = beta.call("GET", f"{LIST}?limit=2000", to=HUB)
    assert (ids(reply), reply.headers["X-Limit"], "Link" in reply.headers) == (["T-1", "T-2"], "2", True)


def test_084_sessions_without_date_from_are_2001(beta: Caller) -> None:
    reply = beta.call("GET", f"{SENDER}/sessions", to=HUB)
    assert (reply.status, "date_from" in reply.message) == ((200, 2001), True)


def test_085_behind_the_end_there_is_an_empty_list_with_the_right_total(alfa: Caller, beta: Caller) -> None:
    publish(alfa, 1, 2)
    reply = beta.call("GET", f"{LIST}?offset=70", to=HUB)
    assert (reply.status, reply.data, reply.headers["X-Total-Count"], "Link" in reply.headers) == ((200, 1000), [], "2", False)


@pytest.mark.parametrize("rebuilds", [False, True])
def test_086_a_crawl_misses_nothing_while_objects_come_and_change(alfa: Caller, beta: Caller, rebuilds: bool) -> None:
    publish(alfa, 1, 2, 3)
    seen, path = [], f"{LIST}?limit=1"
    for turn in range(1, 6):
        reply = beta.call("GET", path, to=HUB)
        seen += ids(reply)
        if turn == 1:
            publish(alfa, 1, last_updated="2026-09-08T08:00:00Z")  # what was seen already changes
            publish(alfa, 4)
        if "Link" not in reply.headers:
            break
        path = f"{LIST}?limit=1&offset={turn}" if rebuilds else path_of(reply.headers["Link"])
    assert seen == ["T-1", "T-2", "T-3", "T-4"]


def test_087_a_late_object_with_an_old_stamp_is_pushed_though_a_poller_of_new_ones_misses_it(
    alfa: Caller, beta_at_stub: Caller, stub: StubPartner
) -> None:
    stub.answer("PUT", f"{AT_STUB}/locations/DE/ALF/LOC-1")
    late = location(last_updated="2026-01-05T08:00:00Z")
    alfa.call("PUT", f"{RECEIVER}/locations/DE/ALF/LOC-1", late, to=HUB)
    assert deliver() == {"delivered": 1}
    polled = beta_at_stub.call("GET", f"{SENDER}/locations?date_from=2026-09-01T00:00:00Z", to=HUB)
    assert polled.data == []
