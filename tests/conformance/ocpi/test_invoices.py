"""Case 125: which CDRs each invoice is about, told to whoever receives it (OCPI 2.3.0, edition 2)."""

from io import StringIO

import pytest
from django.core.management import call_command

from roaming.deliveries.drain import drain
from roaming.deliveries.models import Delivery
from roaming.parties import directory
from roaming.parties.models import Endpoint, Platform
from settlement.documents.reconcile import keep_missing_records
from tests.builders.charges import some_terms
from tests.builders.months import charge, close, issue
from tests.wire import caller
from tests.wire.stub_partner import StubPartner

INVOICES = "/MMM/invoicereconciliation"


@pytest.mark.django_db(transaction=True)
def test_125_each_pair_hears_which_cdrs_an_issued_invoice_is_about_and_again_under_the_same_id(stub: StubPartner) -> None:
    partner = caller.provider("DE-MMM", at=stub.host)
    Platform.objects.filter(id=partner.platform.id).update(version="2.3.0")
    Endpoint.objects.create(platform=partner.platform, module="invoicereconciliation", interface="RECEIVER", url=f"{stub.url}{INVOICES}")
    directory.changed()
    some_terms()
    of_p = [charge("M", "P", "19.1266").cdr_id, charge("M", "P", "7.00").cdr_id]
    of_q = [charge("M", "Q", "1.00").cdr_id]
    charge("P", "M", "2.00")  # DE-PPP's software knows no such module
    month = issue(close())
    stub.answer("POST", INVOICES, status=201)
    assert keep_missing_records() == 3
    drain()
    first = {heard.json["party_id"]: heard.json for heard in stub.heard_at("POST", INVOICES)}
    assert {owner: record["cdrs"] for owner, record in first.items()} == {"PPP": of_p, "QQQ": of_q}
    assert first["PPP"]["invoice_id"] == f"{month.statement('P').number}-DE-MMM"
    assert keep_missing_records() == 0

    place = {owner: f"{INVOICES}/DE/{owner}/{record['id']}" for owner, record in first.items()}
    stub.answer("PUT", place["PPP"])
    stub.answer("PUT", place["QQQ"], status=404)  # it lost that one
    call_command("push_reconciliations", "--party", "DE-MMM", stdout=StringIO())
    drain()
    Delivery.objects.filter(state="waiting").update(not_before="2026-01-01T00:00:00Z")
    drain()
    [again] = stub.heard_at("PUT", place["PPP"])
    assert (again.json, again.headers["ocpi-from-party-id"]) == (first["PPP"], "HUB")
    assert [heard.json["party_id"] for heard in stub.heard_at("POST", INVOICES)][2:] == ["QQQ"]
