"""Disputes in the portal: both sides, each with its own answers, and nobody else."""

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.utils import timezone

from roaming.models import Cdr
from settlement.models import Acceptance, Adjustment, Dispute
from tests.builders.network import Network, build_network
from tests.builders.people import someone_of


class TestDisputes(TestCase):
    network: Network
    cdr: Cdr

    @classmethod
    def setUpTestData(cls) -> None:
        # Of the running month, so that its period is open: the disputed part is withheld.
        cls.network = build_network(now=timezone.now().astimezone(UTC).replace(day=20), sessions=4)
        cls.cdr = Cdr.objects.filter(provider=cls.network.beta, charge__period=f"{cls.network.now:%Y-%m}").earliest("ended_at")

    def open(self) -> Dispute:
        # 9 kWh × 0.39 = 3.51 and 19 % VAT: 4.1769.
        told = {"reason": "wrong_energy", "amount": "4.00", "text": "The meter stood still."}
        answer = someone_of(self.network.beta).post(f"/portal/cdrs/{self.cdr.public_id}/dispute/", told)
        dispute = Dispute.objects.get()
        assert answer["Location"] == f"/portal/disputes/{dispute.pk}/"
        return dispute

    def test_withholds_what_is_disputed_and_ends_by_an_offer_that_is_agreed_to(self) -> None:
        dispute = self.open()
        assert Adjustment.objects.get(dispute=dispute).gross == Decimal("-4.0000")
        page = f"/portal/disputes/{dispute.pk}/"
        operator, provider = someone_of(self.network.alfa), someone_of(self.network.beta)
        seen = operator.get(page).content.decode()
        assert "Beta Mobility" in seen
        assert "partner-finance.nl-bet@example.org" not in seen  # the people of another company are not shown
        assert "The meter stood still." in seen
        assert "in dispute" in provider.get("/portal/cdrs/?state=disputed").content.decode()
        operator.post(page, {"answer": "offer", "offered": "1.50", "text": "Half of it?"})
        assert "agree to the offer" in provider.get(page).content.decode()
        provider.post(page, {"answer": "agree"})
        dispute.refresh_from_db()
        assert (dispute.state, dispute.upheld_amount) == ("split", Decimal("1.5000"))

    def test_gives_each_side_its_own_answers_and_says_no_in_words(self) -> None:
        dispute = self.open()
        page = f"/portal/disputes/{dispute.pk}/"
        provider, operator = someone_of(self.network.beta), someone_of(self.network.alfa)
        assert "Select a valid choice" in provider.post(page, {"answer": "accept"}).content.decode()
        assert "is above zero and below" in operator.post(page, {"answer": "offer", "offered": "9"}).content.decode()
        again = provider.post(f"/portal/cdrs/{self.cdr.public_id}/dispute/", {"reason": "late", "amount": "1"}).content.decode()
        assert "in dispute already" in again
        assert Dispute.objects.count() == 1

    def test_accepts_the_rest_of_what_is_disputed_or_all_of_it(self) -> None:
        provider, operator = someone_of(self.network.beta), someone_of(self.network.alfa)
        address = f"/portal/cdrs/{self.cdr.public_id}/"
        operator.post(f"{address}accept/")
        assert not Acceptance.objects.exists()  # who is paid does not accept
        provider.post(f"{address}dispute/", {"reason": "wrong_price", "amount": "1.00", "accepts_rest": "on"})
        assert Acceptance.objects.get().amount == Decimal("3.1769")  # of 4.1769
        assert Dispute.objects.get().amount == Decimal("1.0000")
        other = Cdr.objects.filter(provider=self.network.beta, charge__period=f"{self.network.now:%Y-%m}").latest("ended_at")
        assert "Accepted: the charge is right." in provider.post(f"/portal/cdrs/{other.public_id}/accept/", follow=True).content.decode()
        assert "accepted before" in provider.post(f"/portal/cdrs/{other.public_id}/accept/", follow=True).content.decode()

    def test_packs_the_file_that_was_shown_into_the_evidence_of_both_sides(self) -> None:
        dispute = self.open()
        photo = SimpleUploadedFile("meter.txt", b"12 345.6 kWh")
        someone_of(self.network.beta).post(f"/portal/disputes/{dispute.pk}/", {"file": photo})
        answer = someone_of(self.network.alfa).get(f"/portal/cdrs/{self.cdr.public_id}/evidence/")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
            assert any(pack.read(name) == b"12 345.6 kWh" for name in pack.namelist())

    def test_keeps_others_out(self) -> None:
        dispute = self.open()
        stranger, engineer = someone_of(self.network.gamma), someone_of(self.network.beta, role="partner-technical")
        for address in (f"disputes/{dispute.pk}/", f"cdrs/{self.cdr.public_id}/dispute/", f"cdrs/{self.cdr.public_id}/evidence/"):
            assert stranger.get(f"/portal/{address}").status_code == 404
            assert engineer.get(f"/portal/{address}").status_code == 403
        assert datetime.now(UTC) < dispute.answer_due_at
