"""A partner's wire: its own platform, its own backlog, its own messages, also where a platform hosts several companies."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.portal.connection import backlog_of, exchanges_of
from roaming.models import Delivery, Exchange
from tests.builders.parties import a_platform, a_provider
from tests.builders.people import someone_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def an_exchange(platform: int, sender: str, receiver: str, *, path: str, module: str = "cdrs") -> Exchange:
    return Exchange.objects.create(
        at=AT,
        direction="in",
        platform_id=platform,
        method="POST",
        path=path,
        module=module,
        sender=sender,
        receiver=receiver,
        http_status=200,
    )


class TestExchanges:
    def test_shows_a_party_its_own_messages_and_not_those_of_its_neighbour_on_the_same_platform(self) -> None:
        shared = a_platform("Shared backend")
        beta, gamma = a_provider("NL-BET", platform=shared), a_provider("DE-GAM", platform=shared)
        own = an_exchange(shared.pk, "DE-ALF", "NL-BET", path="/own")
        handshake = an_exchange(shared.pk, "", "", path="/ocpi/2.2.1/credentials", module="credentials")
        an_exchange(shared.pk, "DE-ALF", "DE-GAM", path="/neighbour")
        an_exchange(a_platform("Elsewhere").pk, "DE-ALF", "NL-BET", path="/other-leg")
        assert {exchange.path for exchange in exchanges_of(beta)} == {own.path, handshake.path}
        page = someone_of(gamma).get("/portal/connection/").content.decode()
        assert "/neighbour" in page
        assert "/own" not in page


class TestBacklog:
    def test_counts_what_waits_and_what_was_given_up(self) -> None:
        beta, gamma = a_provider("NL-BET"), a_provider("DE-GAM")
        for receiver, state in ((beta, "waiting"), (beta, "waiting"), (beta, "parked"), (beta, "delivered"), (gamma, "waiting")):
            Delivery.objects.create(
                platform=receiver.roles.get().platform,
                receiver=receiver,
                receiver_role="EMSP",
                module="cdrs",
                verb="post",
                object_type="cdr",
                object_row=1,
                state=state,
                created_at=AT - timedelta(hours=2),
            )
        backlog = backlog_of(beta)
        assert (backlog.count, backlog.parked, backlog.oldest_at, backlog.is_cut) == (2, 1, AT - timedelta(hours=2), False)

    def test_says_so_when_nothing_waits(self) -> None:
        page = someone_of(a_provider("NL-BET")).get("/portal/connection/").content.decode()
        assert "you have heard everything" in page
        assert "Nothing was said yet" in page
