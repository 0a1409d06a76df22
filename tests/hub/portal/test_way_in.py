"""What a partner's engineer does alone: search messages, change tokens and certificates, have the server asked, set a webhook."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.core import mail
from django.utils import timezone

from hub.portal.models import SelfTest, StatementNotice, Webhook
from hub.portal.notify import note_statements, tell_due
from hub.portal.self_test_run import run_next
from roaming.models import Exchange, Platform
from roaming.parties import directory
from settlement.models import Statement
from settlement.statements.approve import approve_run
from settlement.statements.issue import issue_run
from tests.builders.network import build_network
from tests.builders.parties import a_platform, a_provider, an_operator
from tests.builders.people import someone_of
from tests.wire.stub_partner import StubPartner, Told, stub_partner

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def stub() -> Iterator[StubPartner]:
    """A partner's server."""
    with stub_partner() as partner:
        yield partner


def a_certificate(*, until: datetime) -> tuple[str, str]:
    """This function will return a certificate in PEM, and its SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator.example")])
    built = x509.CertificateBuilder(name, name, key.public_key(), 7, datetime(2026, 1, 1, tzinfo=UTC), until)
    signed = built.sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode(), signed.fingerprint(hashes.SHA256()).hex()


class TestMessages:
    def test_finds_a_message_by_its_id_and_shows_both_bodies_and_none_of_a_neighbour(self) -> None:
        beta, gamma = a_provider("NL-BET"), a_provider("DE-GAM")
        rows = [
            Exchange.objects.create(
                at=AT + timedelta(seconds=number),
                direction="out",
                platform_id=party.roles.get().platform_id,
                method="POST",
                path="/ocpi/cdrs",
                module="cdrs",
                object_id=f"CDR-{number}",
                sender="DE-ALF",
                receiver=str(party.key),
                correlation_id=f"corr-{number}",
                http_status=200,
                request_body='{"id": "CDR", "total_energy": 9}',
                response_body='{"status_code": 1000}',
            )
            for number, party in enumerate((beta, beta, gamma))
        ]
        client = someone_of(beta)
        found = client.get("/portal/connection/messages/?q=CDR-1").content.decode()
        assert "corr-1" in found
        assert "corr-0" not in found
        address = f"/portal/connection/messages/{int(rows[1].at.timestamp())}/{rows[1].pk}/"
        assert address in found
        page = client.get(address).content.decode()
        assert "total_energy" in page
        assert "1000" in page
        assert client.get(f"/portal/connection/messages/{int(rows[2].at.timestamp())}/{rows[2].pk}/").status_code == 404
        assert client.get("/portal/connection/messages/?after=garbage&module=x").status_code == 200


class TestAccess:
    def test_shows_a_new_token_once_and_it_opens_the_hub(self) -> None:
        beta = a_provider("NL-BET")
        platform = beta.roles.get().platform
        engineer = someone_of(beta, role="partner-technical")
        page = engineer.post(f"/portal/connection/access/{platform.pk}/token/")
        token = page.context["new_token"]
        assert token in page.content.decode()
        caller = directory.current().authenticate(token)
        assert caller is not None
        assert caller.platform.id == platform.pk
        assert token not in engineer.get("/portal/connection/access/").content.decode()
        assert someone_of(beta).post(f"/portal/connection/access/{platform.pk}/token/").status_code == 403

    def test_leaves_a_shared_platform_to_the_hub(self) -> None:
        shared = a_platform("Shared backend")
        beta, _ = a_provider("NL-BET", platform=shared), a_provider("DE-GAM", platform=shared)
        engineer = someone_of(beta, role="partner-technical")
        page = engineer.post(f"/portal/connection/access/{shared.pk}/token/", follow=True)
        assert "of your companies alone" in page.content.decode()
        assert engineer.post(f"/portal/connection/access/{a_platform('Elsewhere').pk}/token/").status_code == 404

    def test_pins_the_next_certificate_before_the_former_is_ended(self) -> None:
        alfa = an_operator("DE-ALF", platform=a_platform("Alfa OICP", protocol="oicp", version="2.3"))
        platform, engineer = alfa.roles.get().platform, someone_of(alfa, role="partner-technical")
        address, ends = f"/portal/connection/access/{platform.pk}/certificate/", timezone.now() + timedelta(days=90)
        assert "no certificate in PEM form" in engineer.post(address, {"pem": "garbage"}).content.decode()
        expired, _ = a_certificate(until=datetime(2026, 2, 1, tzinfo=UTC))
        assert "has expired" in engineer.post(address, {"pem": expired}).content.decode()
        for _ in range(2):
            pem, sha256 = a_certificate(until=ends)
            engineer.post(address, {"pem": pem})
            assert platform.certificates.get(sha256=sha256).not_after is not None
        first, second = platform.certificates.order_by("pk")
        engineer.post(f"/portal/connection/access/certificates/{first.pk}/end/")
        engineer.post(f"/portal/connection/access/certificates/{second.pk}/end/")
        assert list(platform.certificates.filter(revoked_at=None)) == [second]  # the only one stays


class TestSelfTest:
    def test_keeps_a_report_that_names_what_is_wrong(self, stub: StubPartner) -> None:
        alfa = an_operator("DE-ALF", base_url=f"{stub.url}/ocpi/2.2.1")
        platform = alfa.roles.get().platform
        Platform.objects.filter(pk=platform.pk).update(versions_url=f"{stub.url}/ocpi/versions", allowed_hosts=[stub.host])
        directory.changed()
        engineer = someone_of(alfa, role="partner-technical")
        asked = engineer.post(f"/portal/connection/self-tests/run/{platform.pk}/")
        assert "Your server is being asked" in engineer.get(asked["Location"]).content.decode()
        assert "asked already" in engineer.post(f"/portal/connection/self-tests/run/{platform.pk}/", follow=True).content.decode()
        assert run_next(at=timezone.now()) is not None
        assert run_next(at=timezone.now()) is None
        test = SelfTest.objects.get()
        assert test.problem or any(check["problem"] for check in test.report)  # the stub answers 404
        assert engineer.get(f"{asked['Location']}?as=json").json()["platform"] == platform.name
        assert someone_of(a_provider("NL-BET")).get(asked["Location"]).status_code == 404


class TestNotices:
    def test_tells_people_by_mail_and_software_by_a_signed_call_once(self, stub: StubPartner) -> None:
        now = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
        network = build_network(now=now, sessions=4)
        Platform.objects.filter(name="Beta Mobility platform").update(allowed_hosts=[stub.host])
        directory.changed()
        someone_of(network.beta)
        engineer = someone_of(network.beta, role="partner-technical")
        assert "approved" in engineer.post("/portal/connection/webhook/", {"url": "http://127.0.0.2:9/x"}).content.decode()
        secret = engineer.post("/portal/connection/webhook/", {"url": f"{stub.url}/statements"}).context["secret"]
        assert secret
        assert secret.encode() not in bytes(Webhook.objects.get().sealed_secret)
        approve_run(run=network.run, by="checker@hub.example", by_role="checker", at=now)
        issue_run(run=network.run, by="checker@hub.example", by_role="checker", at=now)
        stub.answer_by("POST", "/statements", lambda _: Told(status=500))
        assert note_statements(at=now) == 2
        assert note_statements(at=now) == 0
        assert tell_due(at=now) == 1
        number = str(Statement.objects.get(party=network.beta).number)
        assert [(letter.to, number in letter.body) for letter in mail.outbox] == [(["partner-finance.nl-bet@example.org"], True)]
        assert StatementNotice.objects.get(way="webhook").problem == "answered with HTTP 500"
        stub.answer_by("POST", "/statements", lambda _: Told(status=204))
        assert tell_due(at=now + timedelta(seconds=59)) == 0
        assert tell_due(at=now + timedelta(seconds=61)) == 1
        heard = stub.heard[-1]
        assert (heard.json["event"], heard.json["statement"]) == ("statement.ready", number)
        signed = f"{heard.headers['roamhouse-timestamp']}.".encode() + heard.body
        assert heard.headers["roamhouse-signature"] == f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
        assert tell_due(at=now + timedelta(days=1)) == 0
