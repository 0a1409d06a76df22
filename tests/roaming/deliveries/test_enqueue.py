"""Writing to the outbox: one statement for all receivers, in the caller's transaction."""

from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from roaming.canonical import PartyId, Role
from roaming.deliveries.enqueue import enqueue
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from roaming.parties.models import Endpoint, Platform
from tests.builders.parties import a_platform, a_provider, an_operator, platform_of

pytestmark = pytest.mark.django_db


def queue(*keys: str, **over: Any) -> int:
    known = directory.current()
    receivers = [party for key in keys if (party := known.party(PartyId.parse(key))) is not None]
    told: dict[str, Any] = {
        "receivers": receivers,
        "receiver_role": Role.EMSP,
        "module": "locations",
        "verb": "put",
        "object_type": "location",
        "object_row": 7,
        "sender": None,
        "correlation_id": "c-1",
    }
    return enqueue(**told | over)


class TestEnqueue:
    def test_writes_a_row_per_receiver_in_one_statement(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        bet, cle = a_provider("NL-BET"), a_provider("FR-CLE")
        directory.current()
        with django_assert_num_queries(3):  # two looks at the directory's stamp (this test's and enqueue's), one INSERT
            assert queue("NL-BET", "FR-CLE") == 2
        assert not Delivery.objects.exclude(sender=None, state="waiting", object_row=7).exists()
        assert list(Delivery.objects.order_by("id").values_list("receiver", "platform")) == [
            (bet.id, platform_of(bet).id),
            (cle.id, platform_of(cle).id),
        ]

    def test_keeps_sender_part_and_payload(self) -> None:
        alf = an_operator()
        a_provider("NL-BET")
        queue(
            "NL-BET",
            sender=PartyId("DE", "ALF"),
            verb="patch",
            object_type="evse",
            object_path="E-1",
            payload={"status": "CHARGING", "price": "0.30"},
        )
        row = Delivery.objects.get()
        assert (row.sender_id, row.verb, row.object_path, row.payload) == (
            alf.id,
            "patch",
            "E-1",
            {"status": "CHARGING", "price": "0.30"},
        )

    def test_goes_with_the_callers_transaction(self) -> None:
        a_provider("NL-BET")
        with transaction.atomic():
            queue("NL-BET")
            transaction.set_rollback(True)
        assert not Delivery.objects.exists()

    def test_leaves_out_whoever_cannot_be_told(self) -> None:
        bet = a_provider("NL-BET")
        Endpoint.objects.filter(platform=platform_of(bet), module="locations").delete()
        a_provider("FR-CLE", platform=a_platform("New", status=Platform.Status.PLANNED, version=""))
        an_operator("DE-ALF")
        assert queue("NL-BET", "FR-CLE", "DE-ALF") == 0
        assert queue() == 0

    def test_a_cdr_waits_for_a_platform_that_did_not_register_yet(self) -> None:
        a_provider("FR-CLE", platform=a_platform("New", status=Platform.Status.PLANNED, version=""))
        assert queue("FR-CLE", module="cdrs", verb="post", object_type="cdr") == 1

    def test_a_platform_of_several_parties_hears_once_for_each(self) -> None:
        shared = a_platform("Shared")
        a_provider("NL-BET", platform=shared)
        a_provider("FR-CLE", platform=shared)
        assert queue("NL-BET", "FR-CLE") == 2
