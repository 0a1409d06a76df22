"""A period is closed from the board: asked for by a maker, done by a worker, stopped between two pieces, compared with its former draft."""

from datetime import UTC, datetime
from typing import Any

from django.test import TestCase

from hub.board import read_board
from hub.closing.models import CloseRequest
from hub.closing.work import close_next
from settlement.models import CloseStep, Hold, NettingRun, NettingSet
from tests.builders.network import Network, build_network
from tests.builders.people import staff

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def said(answer: Any) -> str:
    return " ".join(map(str, answer.context["messages"]))


class TestBoard(TestCase):
    network: Network

    @classmethod
    def setUpTestData(cls) -> None:
        cls.network = build_network(now=NOW, sessions=2)

    def test_closes_a_period_again_and_shows_what_became_of_its_draft(self) -> None:
        maker, auditor, former = staff("maker"), staff("auditor"), NettingRun.objects.get()
        void = f"/admin/settlement/nettingrun/{former.pk}/void/"
        assert auditor.post(void, {"reason": "because", "seen": former.digest}).status_code == 403
        maker.post(void, {"reason": "one lorry was held by mistake", "seen": former.digest})
        assert NettingRun.objects.get().state == "void"
        _, ended = read_board(at=NOW)
        assert [stage.state for stage in ended.stages[:3]] == ["done", "now", "ahead"]
        assert ended.close_url == f"/admin/close/{NettingSet.objects.get().pk}/2026-09/"

        assert auditor.get(ended.close_url).status_code == 403
        assert "Close it" in maker.get(ended.close_url).content.decode()
        maker.post(ended.close_url)
        request = CloseRequest.objects.get()
        assert (request.state, request.asked_by) == ("waiting", "maker@hub.example")
        assert "being closed" in said(maker.post(ended.close_url, follow=True))
        _, waiting = read_board(at=NOW)
        assert (waiting.close_url, waiting.stop_url) == ("", f"/admin/close/{request.pk}/stop/")
        assert "Stop" in maker.get("/admin/board/").content.decode()
        assert "Stop" not in auditor.get("/admin/board/").content.decode()
        assert auditor.post(waiting.stop_url).status_code == 403
        maker.post(waiting.stop_url)
        assert close_next(at=NOW) is None

        maker.post(f"/admin/settlement/hold/{Hold.objects.get().pk}/release/", {"reason": "a lorry", "seen": ""})
        maker.post(ended.close_url)
        done = close_next(at=NOW)
        run = NettingRun.objects.exclude(state="void").get()
        assert done is not None
        assert (done.state, done.run, run.closed_by, run.state) == ("done", run, "maker@hub.example", "draft")
        assert run.held_count == former.held_count - 1
        page = staff("checker").get(f"/admin/settlement/nettingrun/{run.pk}/change/").content.decode()
        assert "one lorry was held by mistake. CDRs +1, held -1 since." in page
        assert "closed already" in said(maker.post(ended.close_url, follow=True))
        assert maker.post(f"/admin/close/{done.pk}/stop/", follow=True).status_code == 200
        assert NettingRun.objects.exclude(state="void").get() == run

    def test_lets_a_close_be_stopped_between_two_pieces_and_taken_up_after_its_worker_died(self) -> None:
        maker, former = staff("maker"), NettingRun.objects.get()
        maker.post(f"/admin/settlement/nettingrun/{former.pk}/void/", {"reason": "again", "seen": former.digest})
        request = CloseRequest.objects.create(
            netting_set=former.netting_set, period="2026-09", asked_by="maker@hub.example", asked_at=NOW, state="running", beat_at=NOW
        )
        for step in ("clear", "net"):
            CloseStep.objects.create(netting_set=former.netting_set, period="2026-09", attempt=2, step=step)
        assert close_next(at=NOW) is None  # its worker was heard a moment ago
        _, running = read_board(at=NOW)
        assert running.stop_url == f"/admin/close/{request.pk}/stop/"
        assert maker.post(running.stop_url).status_code == 302
        assert not CloseStep.objects.filter(attempt=2).exists()
        request.refresh_from_db()
        assert (request.state, request.cancelled_by) == ("cancelled", "maker@hub.example")
        CloseRequest.objects.update(state="running", beat_at=datetime(2026, 10, 20, 11, 0, tzinfo=UTC))
        taken_up = close_next(at=NOW)
        assert taken_up is not None
        assert taken_up.state == "done"
