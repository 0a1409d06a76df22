"""A party's month so far, in few queries: what it earned and owes, what is held, day by day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from roaming.models import Party
from settlement.models import Charge, Hold

ZERO = Decimal(0)


@dataclass
class SideSum:
    """Charges of one currency on one side."""

    currency: str
    count: int = 0
    energy_kwh: Decimal = ZERO
    gross: Decimal = ZERO
    fees: Decimal = ZERO


@dataclass(frozen=True)
class Held:
    """CDRs of one currency that wait for a decision."""

    currency: str
    count: int
    net: Decimal


@dataclass(frozen=True)
class Bar:
    """One day of the chart: heights in per cent of the highest day."""

    on: date
    left: float
    height: float
    energy_kwh: Decimal
    count: int

    @property
    def is_marked(self) -> bool:
        """Whether the axis names this day: 1, 5, 10, … 30."""
        return self.on.day == 1 or self.on.day % 5 == 0


@dataclass
class Month:
    """What a page shows of a month. Sessions and energy count both sides; money is per currency and side."""

    name: str
    earned: list[SideSum] = field(default_factory=list)
    owed: list[SideSum] = field(default_factory=list)
    fees: dict[str, Decimal] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)

    @property
    def count(self) -> int:
        """CDRs charged."""
        return sum(one.count for one in [*self.earned, *self.owed])

    @property
    def energy_kwh(self) -> Decimal:
        """Energy charged, in kWh."""
        return sum((one.energy_kwh for one in [*self.earned, *self.owed]), ZERO)

    @property
    def held_count(self) -> int:
        """CDRs held."""
        return sum(one.count for one in self.held)


def bounds_of(month: date) -> tuple[datetime, datetime]:
    """This function will return first and last instant of a UTC month, the last not included."""
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    return first, (first + timedelta(days=32)).replace(day=1)


def month_of(*, party: Party, at: datetime) -> Month:
    """This function will sum the charges booked in the UTC month of `at`, and the holds of sessions that ended in it."""
    name = f"{at.astimezone(UTC):%Y-%m}"
    starts_at, ends_at = bounds_of(at.astimezone(UTC).date())
    result = Month(name=name)
    days: dict[date, list[tuple[int, Decimal]]] = defaultdict(list)
    for side, fee, sums in (("operator", "operator_fee", result.earned), ("provider", "provider_fee", result.owed)):
        by_currency: dict[str, SideSum] = {}
        rows = (
            Charge.objects.filter(**{side: party}, period__in=_periods(starts_at, ends_at))
            .filter(Q(period=name) | Q(ended_on__gte=starts_at.date(), ended_on__lt=ends_at.date()))
            .values_list("ended_on", "currency", "fee_currency")
            .annotate(count=Count("pk"), energy=Sum("energy_kwh"), gross=Sum("gross"), fees=Sum(fee))
        )
        for ended_on, currency, fee_currency, count, energy_kwh, gross, fees in rows:
            one = by_currency.setdefault(currency, SideSum(currency))
            one.count, one.energy_kwh, one.gross = one.count + count, one.energy_kwh + energy_kwh, one.gross + gross
            if fees:
                result.fees[fee_currency] = result.fees.get(fee_currency, ZERO) + fees
            days[ended_on].append((count, energy_kwh))
        sums.extend(by_currency[currency] for currency in sorted(by_currency))
    result.held = [
        Held(currency, count, net)
        for currency, count, net in Hold.objects.filter(
            Q(cdr__owner=party) | Q(cdr__provider=party), state=Hold.State.HELD, cdr__ended_at__gte=starts_at, cdr__ended_at__lt=ends_at
        )
        .values_list("cdr__currency")
        .annotate(count=Count("pk"), net=Sum("cdr__net"))
        .order_by("cdr__currency")
    ]
    result.bars = _bars(days, starts_at.date(), ends_at.date())
    return result


def _periods(starts_at: datetime, ends_at: datetime) -> list[str]:
    # The month itself, and for weekly netting sets the weeks that touch it.
    every_day = [starts_at.date() + timedelta(days=offset) for offset in range((ends_at - starts_at).days)]
    return [f"{starts_at:%Y-%m}", *sorted({f"{day.isocalendar().year}-W{day.isocalendar().week:02d}" for day in every_day})]


def _bars(days: dict[date, list[tuple[int, Decimal]]], starts_on: date, ends_on: date) -> list[Bar]:
    length = (ends_on - starts_on).days
    inside = [starts_on + timedelta(days=offset) for offset in range(length)]
    energies: Sequence[Decimal] = [max(sum((kwh for _, kwh in days.get(day, ())), ZERO), ZERO) for day in inside]
    highest = max(energies)
    return [
        Bar(
            on=day,
            left=round(index * 100 / length, 3),
            height=round(float(energy_kwh / highest * 100), 2) if highest else 0.0,
            energy_kwh=energy_kwh,
            count=sum(count for count, _ in days.get(day, ())),
        )
        for index, (day, energy_kwh) in enumerate(zip(inside, energies, strict=True))
    ]
