"""Agreements in the portal: offered by one side, accepted by the other, ended with notice; and the team."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from hub.portal.models import AgreementOffer
from hub.portal.offers import NotSigned, OfferAnswered, OfferStands, WrongOffer, answer_offer, make_offer
from hub.users.models import Membership
from roaming.models import Party, RoamingAgreement
from roaming.parties import directory
from settlement.models import SettlementTerms
from tests.builders.parties import a_provider, an_operator
from tests.builders.people import someone_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def an_offer(operator: Party, provider: Party, *, starts_on: date = date(2026, 11, 1)) -> AgreementOffer:
    return make_offer(
        operator=operator,
        provider=provider,
        made_by=operator,
        person="ana@alfa.example",
        starts_on=starts_on,
        ends_on=None,
        due_days=10,
        dispute_days=20,
        text="",
        at=AT,
    )


class TestOffers:
    def test_signs_word_for_word_what_was_offered(self) -> None:
        alfa, beta = an_operator("DE-ALF"), a_provider("NL-BET")
        offer = an_offer(alfa, beta)
        with pytest.raises(OfferStands):
            an_offer(alfa, beta)
        answer_offer(offer=offer, accepts=True, person="bo@beta.example", at=AT)
        terms = SettlementTerms.objects.get()
        assert (terms.due_days, terms.dispute_days, terms.hub_fee_payer, terms.hub_fee) == (10, 20, "both", Decimal("0.1000"))
        known = directory.current()
        assert known.may_roam(operator=alfa.key, provider=beta.key, module="cdrs", on=date(2026, 11, 1))
        assert not known.may_roam(operator=alfa.key, provider=beta.key, module="cdrs", on=date(2026, 10, 31))
        with pytest.raises(OfferAnswered):
            answer_offer(offer=offer, accepts=False, person="bo@beta.example", at=AT)

    def test_refuses_a_day_that_is_over_or_taken(self) -> None:
        alfa, beta = an_operator("DE-ALF"), a_provider("NL-BET")
        with pytest.raises(WrongOffer):
            an_offer(alfa, beta, starts_on=date(2026, 10, 4))
        first = an_offer(alfa, beta)
        RoamingAgreement.objects.create(operator=alfa, provider=beta, validity=(date(2026, 12, 1), None))
        with pytest.raises(NotSigned):
            answer_offer(offer=first, accepts=True, person="bo@beta.example", at=AT)
        assert AgreementOffer.objects.get().state == "open"

    def test_is_answered_by_the_other_side_only(self) -> None:
        alfa, beta, gamma = an_operator("DE-ALF"), a_provider("NL-BET"), a_provider("DE-GAM")
        maker, other, stranger = someone_of(alfa), someone_of(beta), someone_of(gamma)
        tomorrow = timezone.now().date() + timedelta(days=1)
        told = {"side": "operator", "partner": beta.pk, "starts_on": tomorrow.isoformat(), "due_days": 14, "dispute_days": 30}
        assert maker.post("/portal/agreements/offer/", told).status_code == 302
        address = f"/portal/agreements/offers/{AgreementOffer.objects.get().pk}/"
        assert stranger.post(address, {"answer": "accept"}).status_code == 404
        maker.post(address, {"answer": "accept"})
        assert AgreementOffer.objects.get().state == "open"
        assert "Accept</button>" in other.get("/portal/agreements/").content.decode()
        other.post(address, {"answer": "accept"})
        agreement = RoamingAgreement.objects.get()
        assert agreement.validity.lower == tomorrow
        soon = other.post(f"/portal/agreements/{agreement.pk}/end/", {"on": (tomorrow + timedelta(days=3)).isoformat()})
        assert "days&#x27; notice" in soon.content.decode()
        ends_on = tomorrow + timedelta(days=40)
        other.post(f"/portal/agreements/{agreement.pk}/end/", {"on": ends_on.isoformat()})
        agreement.refresh_from_db()
        assert agreement.validity.upper == ends_on
        assert stranger.get(f"/portal/agreements/{agreement.pk}/end/").status_code == 404

    def test_does_not_offer_those_who_left(self) -> None:
        alfa, beta = an_operator("DE-ALF"), a_provider("NL-BET")
        platform = beta.roles.get().platform
        client = someone_of(alfa)
        assert "Company NL-BET" in client.get("/portal/agreements/offer/?side=operator").content.decode()
        platform.status = "PLANNED"
        platform.save()
        for page in ("/portal/agreements/offer/?side=operator", "/portal/cdrs/", "/portal/coverage/", "/partners/"):
            assert "Company NL-BET" not in client.get(page).content.decode(), page


class TestTeam:
    def test_invites_with_no_more_than_one_has_and_takes_access_away(self) -> None:
        beta = a_provider("NL-BET")
        engineer = someone_of(beta, role="partner-technical")
        refused = engineer.post("/portal/team/", {"email": "new@beta.example", "role": "partner-finance"}).content.decode()
        assert "Select a valid choice" in refused
        engineer.post("/portal/team/", {"email": "new@beta.example", "name": "Nea", "role": "partner-technical"})
        member = Membership.objects.get(user__email="new@beta.example")
        assert (member.role, len(mail.outbox), mail.outbox[0].to) == ("partner-technical", 1, ["new@beta.example"])
        own = Membership.objects.get(user__email="partner-technical.nl-bet@example.org")
        engineer.post(f"/portal/team/{own.pk}/", {"role": "remove"})
        assert Membership.objects.filter(pk=own.pk).exists()
        assert (
            someone_of(a_provider("DE-GAM"), role="partner-admin").post(f"/portal/team/{member.pk}/", {"role": "remove"}).status_code == 404
        )
        engineer.post(f"/portal/team/{member.pk}/", {"role": "remove"})
        assert not Membership.objects.filter(pk=member.pk).exists()
