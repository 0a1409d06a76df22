"""Between whom the money of a month flows: a party's counterparties by what was charged, as bars."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from hub.portal.charts import Slice, slices
from roaming.models import Party
from settlement.models import Charge, Statement

_MOST = 6


@dataclass(frozen=True)
class Flow:
    """One side and currency: the largest counterparties, gross."""

    is_earned: bool
    currency: str
    bars: list[Slice]


def flows_of(*, party: Party, at: datetime) -> list[Flow]:
    """This function will return what is charged in the UTC month of `at` by counterparty, per side and currency, two queries in all."""
    period, flows = f"{at.astimezone(UTC):%Y-%m}", []
    for own, other, is_earned in (("operator", "provider", True), ("provider", "operator", False)):
        rows = (
            Charge.objects.filter(**{own: party}, period=period)
            .values("currency", f"{other}__name", f"{other}__country_code", f"{other}__party_id")
            .annotate(gross=Sum("gross"))
            .order_by("currency", "-gross")
        )
        by_currency: dict[str, list[tuple[str, Decimal]]] = {}
        for row in rows:
            name = row[f"{other}__name"] or f"{row[f'{other}__country_code']}-{row[f'{other}__party_id']}"
            by_currency.setdefault(row["currency"], []).append((name, row["gross"]))
        for currency, values in by_currency.items():
            shown = values[:_MOST]
            if rest := values[_MOST:]:
                shown.append((_("others"), sum((gross for _name, gross in rest), Decimal(0))))
            flows.append(Flow(is_earned, currency, slices(shown)))
    return flows


def netting_of(statement: Statement) -> list[Slice]:
    """This function will set what was charged both ways beside what moves in the end."""
    return slices(
        [
            (_("You get for your sites"), statement.receivable),
            (_("You pay for your drivers"), statement.payable),
            (_("Hub fees, with VAT"), statement.fees),
            (_("What moves"), abs(statement.net)),
        ]
    )
