"""What people leave in the portal: a dispute that was answered, an offer on the table, a self-test with its report, a written export."""

from datetime import timedelta
from decimal import Decimal

from hub.directory.levels import add_up
from hub.portal.cdr_filters import read_filters
from hub.portal.export_write import ask_export, write_next
from hub.portal.models import AgreementOffer, CdrExport, SelfTest
from hub.portal.offers import make_offer
from hub.users.models import User
from roaming.models import Cdr, Exchange
from settlement.disputes.answer import answer_dispute
from settlement.disputes.open import open_dispute
from settlement.models import Dispute
from tests.builders.network import Network


def furnish(network: Network, *, accountant: str) -> None:
    """This function will do what `accountant` of Beta, and others, did in the portal until now."""
    now, user = network.now, User.objects.get(email=accountant)
    doubted = Cdr.objects.filter(provider=network.beta, charge__isnull=False, credits=None, is_credit=False).latest("ended_at")
    dispute = open_dispute(
        cdr=doubted,
        reason="wrong_energy",
        amount=Decimal("2.50"),
        by=accountant,
        by_role="partner-finance",
        at=now,
        text="The driver’s own meter says less.",
        party=network.beta,
    )
    answer_dispute(
        dispute=dispute,
        by="ana@alfa.example",
        by_role="partner-finance",
        at=now,
        answer="offer",
        offered=Decimal("1.20"),
        text="We looked at the meter and offer a part.",
        party=network.alfa,
    )
    make_offer(
        operator=network.charpente,
        provider=network.beta,
        made_by=network.charpente,
        person="colette@charpente.example",
        starts_on=(now + timedelta(days=10)).date(),
        ends_on=None,
        due_days=14,
        dispute_days=30,
        text="Seven new sites on the way to the sea.",
        at=now,
    )
    SelfTest.objects.create(
        platform=network.beta.roles.get().platform,
        asked_by=accountant,
        asked_at=now,
        finished_at=now,
        report=[
            {"case": 1, "name": "GET versions with the hub's token", "problem": ""},
            {"case": 10, "name": "a method that is not offered is HTTP 405", "problem": "DELETE versions is HTTP 200"},
        ],
    )
    filters = read_filters(given={"month": network.last_month.name}, sides=["provider"], counterparties=[], today=now.date())
    ask_export(party=network.beta, by=user, filters=filters, at=now)
    write_next(at=now)
    add_up(at=now)


def portal_addresses(network: Network) -> dict[str, str]:
    """This function will return the portal's pages of what `furnish` left, by a short name."""
    doubted = Dispute.objects.get().cdr
    message = Exchange.objects.filter(receiver=str(network.beta.key)).latest("at")
    return {
        "dispute": f"/portal/disputes/{Dispute.objects.get().pk}/",
        "dispute_form": f"/portal/cdrs/{doubted.public_id}/dispute/",
        "message": f"/portal/connection/messages/{int(message.at.timestamp())}/{message.pk}/",
        "self_test": f"/portal/connection/self-tests/{SelfTest.objects.get().pk}/",
        "export": f"/portal/exports/{CdrExport.objects.get().pk}/",
        "offer": f"/portal/agreements/offers/{AgreementOffer.objects.get().pk}/",
    }
