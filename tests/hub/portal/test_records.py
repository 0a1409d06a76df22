"""A partner's CDRs: the month, the filters, pages that never count, and a page per CDR with its reasons."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from hub.portal import records
from hub.portal.cdr_filters import read_cursor
from roaming.models import Cdr
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


class TestRecords(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=8)

    def shown(self, query: str, *, by: str = "beta") -> list[str]:
        page = someone_of(getattr(self.network, by)).get(f"/portal/cdrs/?{query}").content.decode()
        ids = Cdr.objects.order_by("-ended_at", "-id").values_list("cdr_id", flat=True)
        return [cdr_id for cdr_id in ids if f">{cdr_id}<" in page]

    def test_lists_a_month_newest_first(self) -> None:
        # September: numbers 0, 2, 3, 4, 6, 7 are Beta's (1 and 5 Gamma's), then the credited one with its credit, then the held one.
        own = ["CDR-007", "CDR-006", "CDR-004", "CDR-003", "CDR-002", "CDR-000"]
        assert self.shown("month=2026-09") == ["CDR-TOO-MUCH", "CDR-CREDITED-C", "CDR-CREDITED", *own]

    def test_narrows_by_counterparty_and_state(self) -> None:
        assert self.shown(f"month=2026-09&party={self.network.charpente.pk}") == ["CDR-006", "CDR-003", "CDR-000"]
        assert self.shown("month=2026-09&state=held") == ["CDR-TOO-MUCH"]
        assert self.shown("month=2026-09&state=credit") == ["CDR-CREDITED-C"]
        assert "CDR-TOO-MUCH" not in self.shown("month=2026-09&state=cleared")
        assert self.shown("month=2026-09&state=waiting") == []

    def test_reads_nonsense_in_the_address_as_not_given(self) -> None:
        client = someone_of(self.network.beta)
        for query in ("month=yesterday", "month=2026-13", "party=x", "state=rich", "before=abc", "before=2026-09-01~x", "side=hub"):
            assert client.get(f"/portal/cdrs/?{query}").status_code == 200, query

    def test_shows_the_other_side_to_each(self) -> None:
        operators_page = someone_of(self.network.alfa).get("/portal/cdrs/?month=2026-09").content.decode()
        assert "Gamma Drive</td>" in operators_page
        providers_page = someone_of(self.network.gamma).get("/portal/cdrs/?month=2026-09").content.decode()
        assert "Alfa Laden</td>" in providers_page

    def test_turns_pages_without_losing_or_repeating_a_row(self) -> None:
        client = someone_of(self.network.beta)
        seen: list[str] = []
        address = "/portal/cdrs/?month=2026-09"
        with patch.object(records, "PAGE_SIZE", 4):
            for _ in range(3):
                context = client.get(address).context
                seen += [row["cdr"].cdr_id for row in context["rows"]]
                address = f"/portal/cdrs/?{context['older']}"
        assert context["older"] == ""
        assert seen == list(
            Cdr.objects.filter(provider=self.network.beta, ended_at__lt=datetime(2026, 10, 1, tzinfo=UTC))
            .order_by("-ended_at", "-id")
            .values_list("cdr_id", flat=True)
        )

    def test_costs_the_same_queries_however_long_the_page_and_never_counts(self) -> None:
        client = someone_of(self.network.beta)
        queries = []
        for size in (2, 50):
            with (
                patch.object(records, "PAGE_SIZE", size),
                CaptureQueriesContext(
                    connection,
                ) as captured,
            ):
                client.get("/portal/cdrs/?month=2026-09")
            queries.append([query["sql"] for query in captured])
        # One asks whether a company wants a second factor of those who have none.
        assert len(queries[0]) == len(queries[1]) <= 9
        assert not any("COUNT(" in sql for sql in queries[1])

    def test_tells_why_a_cdr_is_held(self) -> None:
        held = Cdr.objects.get(cdr_id=self.network.held)
        page = someone_of(self.network.beta).get(f"/portal/cdrs/{held.public_id}/").content.decode()
        assert "Held: not charged until somebody decides" in page
        assert "300 kWh in 120 min; 22 kW can give 44.00 kWh" in page

    def test_links_a_credit_and_its_original(self) -> None:
        original, credit = Cdr.objects.get(cdr_id="CDR-CREDITED"), Cdr.objects.get(cdr_id="CDR-CREDITED-C")
        client = someone_of(self.network.beta)
        assert f"/portal/cdrs/{credit.public_id}/" in client.get(f"/portal/cdrs/{original.public_id}/").content.decode()
        page = client.get(f"/portal/cdrs/{credit.public_id}/").content.decode()
        assert f"/portal/cdrs/{original.public_id}/" in page
        assert "\u22127.80 EUR" in page

    def test_shows_the_contract_to_its_provider_and_hides_it_from_the_operator(self) -> None:
        cdr = Cdr.objects.get(cdr_id="CDR-002")
        assert cdr.contract_id in someone_of(self.network.beta).get(f"/portal/cdrs/{cdr.public_id}/").content.decode()
        assert cdr.contract_id not in someone_of(self.network.alfa).get(f"/portal/cdrs/{cdr.public_id}/").content.decode()


class TestMonths:
    def test_offers_thirteen_months_and_the_chosen_one(self) -> None:
        offered = records._months(date(2026, 1, 20), date(2024, 5, 1))
        assert offered[0] == date(2026, 1, 1)
        assert offered[1] == date(2025, 12, 1)
        assert len(offered) == 14
        assert offered[-1] == date(2024, 5, 1)

    def test_reads_its_own_cursor_and_no_other(self) -> None:
        at = datetime(2026, 9, 3, 10, 0, 0, 123456, tzinfo=UTC)
        assert read_cursor(f"{at.isoformat()}~17") == (at, 17)
        assert read_cursor(f"{(at + timedelta(hours=1)).replace(tzinfo=None).isoformat()}~17") is None
