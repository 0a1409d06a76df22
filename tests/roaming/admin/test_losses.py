"""Crossing losses are seen by operations in the admin, and by both partners in the portal."""

from datetime import UTC, datetime

from django.test import TestCase

from roaming.canonical import PartyId
from roaming.exchanges.losses import LostField, flush_losses, list_losses, note_losses
from roaming.models import CrossingLoss
from tests.builders.people import staff

AT = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def note(field: str, *, module: str = "tariffs", count: int = 1) -> None:
    for _ in range(count):
        note_losses(
            owner=PartyId("DE", "ALF"),
            receiver=PartyId("NL", "BET"),
            module=module,
            version="2.1.1",
            object_id="T-1",
            losses=[LostField(field, "dropped", "price", "5.00", "")],
            is_blocked=True,
            at=AT,
        )


class TestLosses(TestCase):
    def setUp(self) -> None:
        flush_losses()
        CrossingLoss.objects.all().delete()

    def test_are_counted_per_pair_and_field_whatever_the_object(self) -> None:
        note("elements[0].TIME", count=2)
        flush_losses()
        note("elements[7].TIME")
        flush_losses()
        row = CrossingLoss.objects.get()
        assert (row.field, row.count, row.was) == ("elements[].TIME", 3, "5.00")
        assert list(list_losses(party=PartyId("NL", "BET"))) == [row]
        assert list(list_losses(party=PartyId("FR", "GAM"))) == []

    def test_hold_no_value_of_a_driver(self) -> None:
        note("group_id", module="tokens")
        flush_losses()
        row = CrossingLoss.objects.get()
        assert (row.was, row.now, row.object_id) == ("", "", "")

    def test_are_listed_in_the_admin(self) -> None:
        note("min_price")
        flush_losses()
        page = staff("operations").get("/admin/roaming/crossingloss/")
        assert page.status_code == 200
        assert "min_price" in page.content.decode()
        row = CrossingLoss.objects.get()
        assert staff("operations").get(f"/admin/roaming/crossingloss/{row.pk}/change/").status_code == 200
