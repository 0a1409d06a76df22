"""The price of a CDR in words: one sentence per line of the hub's own calculation, and what it came to beside what was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.templatetags.figures import exact_money, localized
from settlement.models import Repricing

_NAMES = {
    "energy": gettext_lazy("Energy"),
    "time": gettext_lazy("Charging time"),
    "parking": gettext_lazy("Parking after charging"),
    "fixed": gettext_lazy("Start fee"),
    "reservation": gettext_lazy("Reservation"),
}


@dataclass(frozen=True)
class Words:
    """One line: what it is, how it comes about, what it costs before VAT."""

    name: str
    how: str
    amount: str
    source: str


def explain(repricing: Repricing) -> list[Words]:
    """This function will say each line of the stored calculation in the language of the page."""
    return [_explain(line, repricing.currency) for line in repricing.trace]


def _explain(line: Mapping[str, Any], currency: str) -> Words:
    volume, price = Decimal(line["volume"]), exact_money(Decimal(line["price"]), currency)
    number = localized(f"{volume:f}")
    is_step = str(line.get("text", "")).startswith("step of")
    match line["unit"]:
        case "kWh":
            how = _("%(volume)s kWh at %(price)s per kWh") % {"volume": number, "price": price}
        case "h":
            minutes = localized(f"{(volume * 60).quantize(Decimal('0.01')).normalize():f}")
            how = _("%(minutes)s minutes at %(price)s per hour") % {"minutes": minutes, "price": price}
        case _:
            how = _("once %(price)s") % {"price": price}
    if is_step:
        how = _("rounded up to the tariff's step: %(what)s more") % {"what": how}
    before = line["before_taxes"]
    return Words(
        name=str(_NAMES.get(line["component"], line["component"])),
        how=how,
        amount=_("not known before VAT") if before is None else exact_money(Decimal(before), currency),
        source=_("tariff %(tariff)s, element %(element)s") % {"tariff": line["tariff"], "element": line["element"]},
    )
