"""What every list of the admin can do: read on without counting, become a file, be kept under a name; and notes on its rows."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from roaming.models import AuditRecord, Cdr, Delivery, Exchange
from settlement.models import NettingRun
from tests.builders.network import build_network
from tests.builders.people import staff

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def further(client: Client, address: str) -> str:
    found = re.findall(r'href="([^"]+)" rel="next"', client.get(address).content.decode())
    return f"{address.partition('?')[0]}{unescape(found[0])}" if found else ""


class TestLists(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        build_network(now=NOW, sessions=24)
        hour_ago = NOW - timedelta(hours=1)
        said = ({"at": NOW if number < 60 else hour_ago, "direction": "in", "method": "GET", "path": f"/{number}"} for number in range(70))
        Exchange.objects.bulk_create(Exchange(**one) for one in said)

    def test_read_on_where_a_page_ended_and_show_each_row_once(self) -> None:
        auditor, seen = staff("auditor"), []
        address = "/admin/roaming/exchange/"
        while address:
            seen += [row.pk for row in auditor.get(address).context["cl"].result_list]
            address = further(auditor, address)
        assert len(seen) == len(set(seen)) == Exchange.objects.count()
        assert seen == list(Exchange.objects.order_by("-at", "-id").values_list("pk", flat=True))

    def test_count_nothing_and_ask_as_often_however_long_they_are(self) -> None:
        auditor = staff("auditor")
        for name in ("authorization", "cdr", "exchange", "session", "delivery"):
            auditor.get(f"/admin/roaming/{name}/")  # what is read once per process is read now
            with CaptureQueriesContext(connection) as captured:
                page = auditor.get(f"/admin/roaming/{name}/")
            asked = [query["sql"] for query in captured]
            assert not any("COUNT(" in sql for sql in asked), name
            assert not any(" OFFSET " in sql for sql in asked), name
            assert not any("SELECT DISTINCT" in sql for sql in asked), name
            assert len(asked) <= 12, (name, len(page.context["cl"].result_list), asked)

    def test_begin_at_the_front_for_a_place_that_is_none(self) -> None:
        auditor = staff("auditor")
        for told in ("nonsense", "2026-13-01T00:00:00~7", "~", "9" * 400, "2026-10-01T00:00:00+00:00~'"):
            answer = auditor.get("/admin/roaming/exchange/", {"before": told})
            assert answer.status_code == 200, told
            assert len(answer.context["cl"].result_list) == 50, told

    def test_become_a_file_of_what_is_filtered_with_masks_and_without_formulas(self) -> None:
        auditor = staff("auditor")
        rows = list(csv.reader(io.StringIO(auditor.get("/admin/roaming/cdr/export/", {"clearing": "held"}).getvalue().decode("utf-8-sig"))))
        assert rows[0][:4] == ["CDR", "state", "operator", "provider"]
        assert [row[0] for row in rows[1:]] == ["CDR-TOO-MUCH"]
        assert rows[1][2:4] == ["Alfa Laden DE-ALF", "Beta Mobility NL-BET"]
        assert AuditRecord.objects.get(action="exported").after == {"list": "roaming_cdr", "filter": "clearing=held"}
        Exchange.objects.all().delete()
        assert len(auditor.get("/admin/roaming/exchange/export/").getvalue().splitlines()) == 1
        assert Client().get("/admin/roaming/cdr/export/").status_code == 302

    def test_are_kept_under_a_name_and_found_on_the_first_page(self) -> None:
        maker = staff("maker")
        told = {"path": "/admin/settlement/hold/", "query": "state__exact=held", "name": "my <b>holds"}
        assert maker.post("/account/bookmarks/", told)["Location"] == "/admin/settlement/hold/?state__exact=held"
        first = maker.get("/admin/").content.decode()
        assert '<a class="list-tool" href="/admin/settlement/hold/?state__exact=held">my &lt;b&gt;holds</a>' in first
        assert "my &lt;b&gt;holds" not in staff("checker").get("/admin/").content.decode()
        for path in ("https://evil.example/", "/portal/", "/admin/settlement/hold/1/release/", ""):
            maker.post("/account/bookmarks/", {**told, "path": path, "name": "other"})
        assert "other</a>" not in maker.get("/admin/").content.decode()

    def test_keep_who_looked_at_a_drivers_charge(self) -> None:
        auditor, cdr = staff("auditor"), Cdr.objects.earliest("id")
        auditor.get(f"/admin/roaming/cdr/{cdr.pk}/change/")
        record = AuditRecord.objects.get(action="looked at")
        assert (record.actor, record.subject_type, record.subject_id) == ("auditor@hub.example", "roaming_cdr", str(cdr.pk))
        auditor.get(f"/admin/roaming/delivery/{Delivery.objects.earliest('id').pk}/change/")
        assert AuditRecord.objects.filter(action="looked at").count() == 1

    def test_carry_notes_that_stay(self) -> None:
        auditor, run = staff("auditor"), NettingRun.objects.get()
        page = f"/admin/settlement/nettingrun/{run.pk}"
        assert auditor.post(f"{page}/note/", {"seen": "", "reason": " "}).status_code == 400
        auditor.post(f"{page}/note/", {"seen": "", "reason": "Beta pays late <again>"})
        shown = staff("maker").get(f"{page}/change/").content.decode()
        assert "Beta pays late &lt;again&gt;" in shown
        assert "auditor@hub.example" in shown
