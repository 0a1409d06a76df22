"""The audit trail: the database itself writes what changed, by whom, with secrets masked; nobody edits it afterwards."""

import pytest
from django.db import IntegrityError, connection, transaction

from roaming.audit.queries import list_audit
from roaming.audit.write import acting, write_audit
from roaming.models import AuditRecord, Credential
from settlement.models import PaymentDetails
from tests.builders.parties import a_party, an_operator
from tests.builders.people import staff

pytestmark = pytest.mark.django_db


def test_tells_what_was_and_what_is_and_who_did_it() -> None:
    details = PaymentDetails.objects.create(party=a_party("DE-ALF"), legal_name="Alfa GmbH", iban="DE02120300000000202051")
    with acting(by="max@hub.example", address="203.0.113.9"):
        details.city, details.iban = "Bremen", "DE02500105170137075030"
        details.save()
    latest, first = list_audit(subject=details)
    assert (latest.actor, latest.address, latest.action) == ("max@hub.example", "203.0.113.9", "changed")
    assert latest.before == {"city": "", "iban": "•••• 2051"}
    assert latest.after == {"city": "Bremen", "iban": "•••• 5030"}
    assert (first.actor, first.action, first.before) == ("", "added", None)


def test_names_nobody_after_the_work_is_done_and_keeps_no_secret() -> None:
    platform = an_operator("DE-ALF").roles.get().platform
    with acting(by="max@hub.example"):
        pass
    Credential.objects.create(platform=platform, direction="in", token_hash="f" * 64, row_key="00000000-0000-0000-0000-000000000001")
    record = AuditRecord.objects.filter(subject_type="roaming_credential").latest("id")
    assert record.actor == ""
    assert record.after is not None
    assert record.after["token_hash"] == "••••"
    assert "f" * 64 not in str(record.after)


def test_is_silent_about_what_moves_all_the_time() -> None:
    platform = an_operator("DE-ALF").roles.get().platform
    count = AuditRecord.objects.count()
    type(platform).objects.filter(pk=platform.pk).update(last_seen_at="2026-11-01T00:00:00Z", status="OFFLINE")
    assert AuditRecord.objects.count() == count


def test_masks_what_is_written_by_hand() -> None:
    record = write_audit(action="looked at", by="eve@hub.example", after={"password": "x" * 20, "iban": "DE02120300000000202051", "n": 1})
    assert record.after == {"password": "••••", "iban": "•••• 2051", "n": 1}


@pytest.mark.parametrize(
    "statement", ["UPDATE roaming_auditrecord SET actor = ''", "DELETE FROM roaming_auditrecord", "TRUNCATE roaming_auditrecord"]
)
def test_refuses_to_be_changed(statement: str) -> None:
    write_audit(action="looked at", by="eve@hub.example")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_shows_before_and_after_side_by_side_and_finds_a_row() -> None:
    details = PaymentDetails.objects.create(party=a_party("DE-ALF"), legal_name="Alfa GmbH", city="Kiel")
    with acting(by="max@hub.example"):
        details.city = "Bremen"
        details.save()
    auditor = staff("auditor")
    listed = auditor.get("/admin/roaming/auditrecord/", {"q": f"settlement_paymentdetails/{details.pk}"})
    record = listed.context["cl"].result_list[0]
    assert len(listed.context["cl"].result_list) == 2
    page = auditor.get(f"/admin/roaming/auditrecord/{record.pk}/change/").content.decode()
    assert "<tr><th>city</th><td>Kiel</td><td>Bremen</td></tr>" in page
