"""Signing and ending agreements."""

from datetime import UTC, date, datetime

import pytest

from roaming.canonical import PartyId
from roaming.parties import directory
from roaming.parties.agreements import (
    AlreadyAgreed,
    EndsBeforeStart,
    HalfAPair,
    UnknownModule,
    UnknownParty,
    end_agreement,
    sign_agreement,
)
from roaming.parties.models import RoamingAgreement
from tests.builders.parties import a_provider, an_operator

ALF, BET = PartyId("DE", "ALF"), PartyId("NL", "BET")
AT = datetime(2026, 10, 5, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def sign(
    operator: PartyId | None = ALF,
    provider: PartyId | None = BET,
    starts: date | None = None,
    ends: date | None = None,
    modules: tuple[str, ...] = (),
) -> RoamingAgreement:
    return sign_agreement(operator=operator, provider=provider, starts=starts, ends=ends, modules=modules, at=AT)


def may_roam(on: date, module: str = "cdrs") -> bool:
    return directory.current().may_roam(operator=ALF, provider=BET, module=module, on=on)


@pytest.fixture(autouse=True)
def partners() -> None:
    an_operator()
    a_provider()


class TestSignAgreement:
    def test_begins_today_and_stays_open_by_default(self) -> None:
        sign()
        assert [may_roam(on) for on in (date(2026, 10, 4), date(2026, 10, 5), date(2036, 1, 1))] == [False, True, True]

    def test_everyone_means_every_operator_with_every_provider(self) -> None:
        agreement = sign(operator=None, provider=None)
        assert (agreement.operator, agreement.provider) == (None, None)
        assert may_roam(AT.date())

    def test_refuses_what_makes_no_agreement(self) -> None:
        with pytest.raises(HalfAPair):
            sign(provider=None)
        with pytest.raises(UnknownParty, match="NL-BET is no operator"):
            sign(operator=BET)
        with pytest.raises(UnknownParty, match="FR-CLE is no provider"):
            sign(provider=PartyId("FR", "CLE"))
        with pytest.raises(UnknownModule, match="token"):
            sign(modules=("token",))
        with pytest.raises(EndsBeforeStart):
            sign(starts=date(2026, 10, 5), ends=date(2026, 10, 5))
        assert not RoamingAgreement.objects.exists()

    def test_takes_a_custom_module_by_its_owners_prefix(self) -> None:
        assert sign(modules=("nlbet-parking", "tokens", "tokens")).modules == ["nlbet-parking", "tokens"]

    def test_refuses_a_second_agreement_for_the_same_days_and_takes_the_next(self) -> None:
        sign(ends=date(2027, 1, 1))
        with pytest.raises(AlreadyAgreed, match="DE-ALF and NL-BET"):
            sign(starts=date(2026, 12, 31))
        sign(starts=date(2027, 1, 1))
        assert RoamingAgreement.objects.count() == 2


class TestEndAgreement:
    def test_ends_before_the_day(self) -> None:
        end_agreement(agreement=sign(), on=date(2026, 11, 1), at=AT)
        assert [may_roam(on) for on in (date(2026, 10, 31), date(2026, 11, 1))] == [True, False]

    def test_an_agreement_that_had_not_begun_never_comes_into_force(self) -> None:
        end_agreement(agreement=sign(starts=date(2027, 1, 1)), on=date(2026, 10, 5), at=AT)
        assert [may_roam(on) for on in (date(2026, 10, 5), date(2027, 1, 1), date(2027, 1, 2))] == [False, False, False]
        sign(starts=date(2027, 1, 1))
        assert may_roam(date(2027, 1, 1))
