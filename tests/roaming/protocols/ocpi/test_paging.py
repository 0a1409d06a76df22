"""Pages: what a puller may ask, what the answer says, and how a partner's own pages are followed."""

from datetime import UTC, datetime

import pytest

from roaming.canonical import PartyId
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.paging import PageRequest, next_query, page_headers, read_page_request

MORNING = datetime(2026, 10, 1, 8, tzinfo=UTC)


class TestReadPageRequest:
    def test_of_nothing_is_the_first_hundred(self) -> None:
        assert read_page_request({}) == PageRequest(offset=0, limit=100)

    def test_reads_every_parameter(self) -> None:
        query = {"date_from": "2026-10-01T08:00:00Z", "date_to": "2026-10-01T08:00:00", "offset": "5", "limit": "7", "party": "de-alf"}
        asked = PageRequest(date_from=MORNING, date_to=MORNING, offset=5, limit=7, party=PartyId("DE", "ALF"))
        assert read_page_request(query) == asked

    def test_reads_a_plus_that_became_a_blank(self) -> None:
        assert read_page_request({"date_from": "2026-10-01T08:00:00 00:00"}).date_from == MORNING

    def test_gives_at_most_two_hundred(self) -> None:
        assert [read_page_request({"limit": limit}).limit for limit in ("200", "201", "1000")] == [200, 200, 200]

    def test_names_every_bad_parameter(self) -> None:
        with pytest.raises(BadFields) as refusal:
            read_page_request({"date_to": "x", "offset": "-1", "limit": "0", "party": "ALF"}, needs_date_from=True)
        assert sorted(path for path, _ in refusal.value.problems) == ["date_from", "date_to", "limit", "offset", "party"]


class TestPageHeaders:
    def test_name_the_next_page_with_all_filters(self) -> None:
        page = PageRequest(date_from=MORNING, offset=10, limit=5)
        headers = page_headers(url="https://hub.example/list", page=page, total=30, cursor="1-2")
        assert headers["Link"] == ('<https://hub.example/list?limit=5&date_from=2026-10-01T08%3A00%3A00Z&offset=15&cursor=1-2>; rel="next"')
        assert (headers["X-Total-Count"], headers["X-Limit"]) == ("30", "200")

    def test_name_none_after_the_last(self) -> None:
        assert "Link" not in page_headers(url="https://hub.example/list", page=PageRequest(), total=3, cursor=None)


class TestNextQuery:
    @pytest.mark.parametrize(
        ("link", "offset"),
        [
            ('<https://alfa.example/list?offset=50&limit=50>; rel="next"', "50"),
            ("<https://alfa.example/list?offset=50&limit=50>;rel=next", "50"),
            ('<https://alfa.example/list?offset=0>; rel="first", <https://alfa.example/list?offset=50>; rel="next"', "50"),
            ('<?offset=50&limit=50>; rel="next"', "50"),
            ('<https://else.example/other?offset=50>; rel="next"', "50"),
            ("LinkRelation.NEXT", "20"),
            ("<http://[bad>; rel=next", "20"),
            (None, "20"),
            ('<https://alfa.example/list?offset=0>; rel="next"', "20"),
        ],
    )
    def test_believes_the_query_of_a_link_and_counts_by_itself_otherwise(self, link: str | None, offset: str) -> None:
        query = next_query(link=link, request_url="https://alfa.example/list?offset=0", page=PageRequest(limit=50), count=20, total=90)
        assert query is not None
        assert query["offset"] == offset

    def test_keeps_a_partners_own_parameters(self) -> None:
        link = '<https://alfa.example/list?page=abc%2Fdef>; rel="next"'
        query = next_query(link=link, request_url="https://alfa.example/list", page=PageRequest(limit=50), count=50, total=None)
        assert query == {"limit": "50", "page": "abc/def"}

    @pytest.mark.parametrize(("count", "total"), [(20, 20), (20, None), (0, 90)])
    def test_ends(self, count: int, total: int | None) -> None:
        assert next_query(link=None, request_url="https://alfa.example", page=PageRequest(), count=count, total=total) is None
