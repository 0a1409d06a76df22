"""A planned month is possible: nobody charges twice at once, and nothing is beyond the charger."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from hub.sandbox.day import Visit, plan_month
from hub.sandbox.demonstration import demonstration_world, month_bounds
from hub.sandbox.story import Story, tell_story

_STARTS_AT, _ENDS_AT = month_bounds("2026-10")


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    return plan_month(world=demonstration_world(seed=3, valid_from=_STARTS_AT), starts_at=_STARTS_AT, ends_at=_ENDS_AT, count=300, seed=3)


@pytest.fixture(scope="module")
def story(visits: list[Visit]) -> Story:
    return tell_story(world=demonstration_world(seed=3, valid_from=_STARTS_AT), visits=visits, seed=3, asked_share=0.3)


class TestPlanMonth:
    def test_plans_as_many_visits_as_were_asked_for_inside_the_month(self, visits: list[Visit]) -> None:
        assert len(visits) == 300
        assert min(visit.starts_at for visit in visits) >= _STARTS_AT
        assert max(visit.ends_at for visit in visits) < _ENDS_AT

    @pytest.mark.parametrize("key", [lambda visit: (visit.company.id, visit.charger.uid), lambda visit: visit.card.uid])
    def test_lets_no_charger_and_no_card_be_in_use_twice_at_once(self, visits: list[Visit], key: Callable[[Visit], object]) -> None:
        by_key = defaultdict(list)
        for visit in visits:
            by_key[key(visit)].append(visit)

        for taken in by_key.values():
            for earlier, later in pairwise(sorted(taken, key=lambda visit: visit.starts_at)):
                assert earlier.ends_at < later.starts_at

    def test_asks_no_charger_for_more_than_it_can_give(self, visits: list[Visit]) -> None:
        for visit in visits:
            assert Decimal(0) < visit.energy_kwh <= visit.charger.power_kw * visit.charging_hours
            assert visit.total_hours <= (6 if visit.charger.is_dc else 24)

    def test_is_the_same_month_for_the_same_seed(self, visits: list[Visit]) -> None:
        world = demonstration_world(seed=3, valid_from=_STARTS_AT)

        assert plan_month(world=world, starts_at=_STARTS_AT, ends_at=_ENDS_AT, count=300, seed=3) == visits

    def test_charges_only_where_an_agreement_was_signed(self, visits: list[Visit]) -> None:
        signed = {(a.id, b.id) for a, b in demonstration_world(seed=3, valid_from=_STARTS_AT).agreements}

        assert {(visit.company.id, visit.provider.company.id) for visit in visits} <= signed
        assert not {("FR-GRC", "SE-NRS"), ("NL-PSM", "NL-PSM")} & signed


class TestTellStory:
    def test_chooses_one_of_each_kind_at_least(self, story: Story) -> None:
        assert (len(story.credited), len(story.repeated), len(story.late)) == (1, 4, 1)
        assert not story.credited & (story.repeated | story.late)

    def test_makes_one_charge_more_than_its_charger_can_give_but_less_than_twice_that(self, story: Story) -> None:
        possible = {visit.id: visit.charger.power_kw * visit.total_hours for visit in story.visits}
        beyond = [visit for visit in story.visits if visit.energy_kwh > possible[visit.id]]

        assert len(beyond) == 1
        assert beyond[0].energy_kwh < 2 * possible[beyond[0].id]

    def test_holds_refused_and_unknown_cards_to_chargers(self, story: Story) -> None:
        assert {"UNKNOWN", "BLOCKED", "EXPIRED", "NO_CREDIT"} == {attempt.card.verdict for attempt in story.attempts}


def test_month_bounds_are_the_first_instants_of_two_months() -> None:
    assert month_bounds("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
