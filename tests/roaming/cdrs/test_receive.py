"""A CDR is sealed once, refused for good reasons, and on its way to the provider in the same transaction."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from roaming import canonical
from roaming.cdrs.checks import ContradictingAmounts, ImpossibleTimes
from roaming.cdrs.models import Cdr
from roaming.cdrs.receive import (
    CdrAlreadySealed,
    EvseOfAnother,
    TokenOfAnother,
    seal_of,
)
from roaming.deliveries.models import Delivery
from roaming.locations.receive import put_location
from roaming.objects.announce import NoAgreement, UnknownParty, UnknownProvider
from roaming.objects.limits import DoesNotFit
from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.revisions import StampInFuture, Verdict
from roaming.tokens.receive import put_token
from tests.builders.canonical_messages import (
    ENDED_AT,
    NOW,
    STARTED_AT,
    a_cdr,
    a_cdr_location,
    a_cdr_token,
    a_location,
    a_price,
    a_tariff,
    a_token,
)
from tests.builders.deliveries import waiting
from tests.builders.intake import BODY, receive
from tests.builders.parties import a_provider, an_agreement, an_operator, platform_of, roaming_partners

VLOT = canonical.PartyId("BE", "VLO")
CHARGIE = canonical.PartyId("FR", "CHA")


@pytest.mark.django_db
class TestSealing:
    def test_keeps_the_bytes_the_stored_form_and_the_seal_over_both(self) -> None:
        roaming_partners()
        receipt = receive(a_cdr())
        row = Cdr.objects.get()
        assert receipt.created
        assert (receipt.row, receipt.public_id) == (row.id, row.public_id)
        assert bytes(row.received) == BODY
        assert bytes(row.body) == canonical.encode(a_cdr())
        assert bytes(row.seal) == seal_of(received=BODY, body=canonical.encode(a_cdr()))
        assert (row.protocol, row.priced_by) == ("ocpi-2.2.1", "operator")

    def test_keeps_the_columns_that_money_is_made_of(self) -> None:
        operator, provider = roaming_partners()
        receive(a_cdr(authorization_reference="REF-1"))
        row = Cdr.objects.get()
        assert (row.owner, row.provider, row.cdr_id, row.session_id) == (operator, provider, "CDR-0001", "SESSION-1")
        assert (row.net, row.vat, row.currency) == (Decimal("7.80"), Decimal("1.48"), "EUR")
        assert (row.energy_kwh, row.duration_hours) == (Decimal(20), Decimal(1))
        assert (row.started_at, row.ended_at) == (STARTED_AT, ENDED_AT)
        assert (row.token_uid, row.contract_id) == ("04A2B3C4D5E6F7", "NL-BET-C00123456-X")
        assert (row.location_id, row.evse_id, row.country) == ("LOC-1", "DE*ALF*E0001*1", "DEU")
        assert (row.authorization_reference, row.auth_method, row.is_credit) == ("REF-1", "AUTH_REQUEST", False)

    def test_taxes_that_were_not_told_are_unknown_and_not_nothing(self) -> None:
        roaming_partners()
        receive(a_cdr(vat=None))
        assert Cdr.objects.get().vat is None

    def test_queues_it_for_the_provider_and_for_nobody_else(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        receipt = receive(a_cdr())
        assert waiting() == ["post cdr to NL-BET from DE-ALF"]
        delivery = Delivery.objects.get()
        assert (delivery.object_row, delivery.correlation_id, delivery.receiver_role) == (receipt.row, "c-1", "EMSP")

    def test_the_same_again_is_the_same_row_and_address(self) -> None:
        roaming_partners()
        first = receive(a_cdr())
        again = receive(a_cdr(), received=b"written otherwise")
        assert (again.verdict, again.row, again.public_id) == (Verdict.SAME, first.row, first.public_id)
        assert (Cdr.objects.count(), len(waiting())) == (1, 1)

    def test_numbers_written_with_other_zeros_are_the_same(self) -> None:
        roaming_partners()
        receive(a_cdr())
        assert receive(a_cdr(total_energy=Decimal("20.0000"), net="7.8")).verdict is Verdict.SAME

    @pytest.mark.parametrize("over", [{"net": "7.81"}, {"remark": "corrected"}, {"id": "cdr-0001"}])
    def test_other_content_under_its_id_is_refused_and_the_first_stays(self, over: dict[str, Any]) -> None:
        roaming_partners()
        receive(a_cdr())
        with pytest.raises(CdrAlreadySealed, match="credit CDR"):
            receive(a_cdr(**over))
        assert Cdr.objects.get().net == Decimal("7.80")

    def test_a_repeat_is_answered_like_the_first_even_when_the_agreement_has_ended(self) -> None:
        operator, provider = an_operator("DE-ALF"), a_provider("NL-BET")
        agreement = an_agreement(operator=operator, provider=provider)
        first = receive(a_cdr())
        agreement.delete()
        directory.changed()
        assert receive(a_cdr()).row == first.row

    def test_the_database_refuses_to_change_it(self) -> None:
        roaming_partners()
        receive(a_cdr())
        connection.check_constraints()
        for statement in ("UPDATE roaming_cdr SET net = 1", "DELETE FROM roaming_cdr", "TRUNCATE roaming_cdr CASCADE"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_takes_four_statements(self) -> None:
        roaming_partners()
        receive(a_cdr(id="CDR-0000", session_id=None))
        with CaptureQueriesContext(connection) as captured:
            receive(a_cdr())
        written = [query["sql"] for query in captured if "directorystamp" not in query["sql"] and "SAVEPOINT" not in query["sql"]]
        assert len(written) == 1  # outbox; beside it the prepared locks, look and seal


@pytest.mark.django_db
class TestRefusals:
    def test_an_unknown_provider_and_an_unknown_operator(self) -> None:
        roaming_partners()
        with pytest.raises(UnknownProvider, match="BE-VLO"):
            receive(a_cdr(provider=VLOT))
        with pytest.raises(UnknownParty, match="FR-CHA"):
            receive(a_cdr(operator=CHARGIE))

    def test_no_agreement_when_the_session_started(self) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), starts=datetime(2026, 10, 6, tzinfo=UTC).date())
        with pytest.raises(NoAgreement):
            receive(a_cdr())

    def test_an_agreement_that_ended_since_still_covers_the_session(self) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), ends=datetime(2026, 10, 6, tzinfo=UTC).date())
        assert receive(a_cdr(), at=datetime(2026, 10, 20, tzinfo=UTC)).created

    def test_an_agreement_for_other_modules(self) -> None:
        an_agreement(operator=an_operator("DE-ALF"), provider=a_provider("NL-BET"), modules=["tokens", "locations"])
        with pytest.raises(NoAgreement):
            receive(a_cdr())

    def test_a_locked_provider(self) -> None:
        _, provider = roaming_partners()
        Platform.objects.filter(id=platform_of(provider).id).update(is_locked=True)
        directory.changed()
        with pytest.raises(NoAgreement):
            receive(a_cdr())

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (STARTED_AT, STARTED_AT),
            (ENDED_AT, STARTED_AT),
            (STARTED_AT, NOW + timedelta(minutes=5, seconds=1)),
            (NOW - timedelta(days=7, seconds=1), NOW),
        ],
    )
    def test_impossible_times(self, start: datetime, end: datetime) -> None:
        roaming_partners()
        with pytest.raises(ImpossibleTimes, match="end_date_time"):
            receive(a_cdr(start_date_time=start, end_date_time=end))

    @pytest.mark.parametrize(
        ("start", "end"),
        [(STARTED_AT, NOW + timedelta(minutes=5)), (NOW - timedelta(days=7), NOW), (STARTED_AT, STARTED_AT.replace(second=1))],
    )
    def test_times_at_the_limits_are_possible(self, start: datetime, end: datetime) -> None:
        roaming_partners()
        assert receive(a_cdr(start_date_time=start, end_date_time=end)).created

    @pytest.mark.parametrize(
        "over",
        [
            {"net": "-7.80", "vat": None},
            {"net": "7.80", "vat": "-1.48"},
            {"total_energy": Decimal("-0.1")},
            {"total_time": Decimal(-1)},
            {"total_energy_cost": a_price("7.80"), "total_fixed_cost": a_price("0.50")},
            {"total_energy_cost": a_price("9.80")},
            {
                "total_cost": canonical.Price(
                    before_taxes=Decimal("7.80"), taxes=(canonical.TaxAmount(name="VAT", amount=Decimal("0.78"), percentage=Decimal(19)),)
                )
            },
        ],
    )
    def test_contradicting_amounts(self, over: dict[str, Any]) -> None:
        roaming_partners()
        with pytest.raises(ContradictingAmounts):
            receive(a_cdr(**over))
        assert not Cdr.objects.exists()

    @pytest.mark.parametrize(
        "over",
        [
            {"net": "0", "vat": None},
            {"net": "0", "vat": "0"},
            {"total_energy_cost": a_price("7.30"), "total_fixed_cost": a_price("0.50")},
            {"total_energy_cost": a_price("7.304"), "total_fixed_cost": a_price("0.505")},
            {"total_energy_cost": a_price("6.80")},  # one part does not claim to be the whole
            {
                "total_energy_cost": a_price("9.80"),
                "total_fixed_cost": a_price("0.50"),
                "tariffs": (a_tariff(max_price=canonical.PriceLimit(before_taxes=Decimal("7.80"))),),
            },
        ],
    )
    def test_amounts_that_fit_each_other_are_taken(self, over: dict[str, Any]) -> None:
        roaming_partners()
        assert receive(a_cdr(**over)).created

    @pytest.mark.parametrize(
        ("over", "field"),
        [
            ({"id": "C" * 40}, "id"),
            ({"total_energy": Decimal("1e8")}, "total_energy"),
            ({"net": "1e10"}, "total_cost"),
            ({"cdr_token": a_cdr_token(contract_id="N" * 37)}, "cdr_token.contract_id"),
            ({"cdr_location": a_cdr_location(evse_id="E" * 49)}, "cdr_location.evse_id"),
        ],
    )
    def test_what_cannot_be_kept_is_refused_by_its_fields_name(self, over: dict[str, Any], field: str) -> None:
        roaming_partners()
        with pytest.raises(DoesNotFit, match=f"^{field}: "):
            receive(a_cdr(**over))

    def test_a_stamp_two_days_ahead(self) -> None:
        roaming_partners()
        with pytest.raises(StampInFuture):
            receive(a_cdr(last_updated=NOW + timedelta(days=2)))

    def test_a_card_that_belongs_to_another_provider(self) -> None:
        operator, _ = roaming_partners()
        an_agreement(operator=operator, provider=a_provider("BE-VLO"))
        theirs = a_token(provider=VLOT, contract_id="BE-VLO-C00999999-X")
        put_token(token=theirs, audience=None, at=NOW, correlation_id="c")
        with pytest.raises(TokenOfAnother):
            receive(a_cdr(cdr_token=a_cdr_token(contract_id="be-vlo-c00999999-x")))
        # The same uid under a contract of its own is another card: uids are unique only inside one provider.
        assert receive(a_cdr()).created

    def test_an_evse_that_belongs_to_another_operator(self) -> None:
        roaming_partners()
        an_operator("FR-CHA")
        theirs = a_location(operator=CHARGIE)
        put_location(location=theirs, audience=None, at=NOW, correlation_id="c")
        with pytest.raises(EvseOfAnother):
            receive(a_cdr(cdr_location=a_cdr_location(operator=CHARGIE)))
        # The same ids at another EVSE are a private charger nobody told the hub about.
        assert receive(a_cdr()).created
