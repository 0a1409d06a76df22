"""What charging costs at a site, before one charges: the operator's published tariffs in one short line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from hub.templatetags.figures import exact_money
from roaming import canonical
from roaming.models import Tariff


@dataclass(frozen=True)
class Offer:
    """A tariff in words, with its energy price to compare by (None: it charges by something else)."""

    words: str
    per_kwh: Decimal | None


def read_offers(*, wanted: Iterable[tuple[int, str]], at: datetime) -> dict[tuple[int, str], Offer]:
    """This function will describe the public tariffs of that (owner row, tariff key) that hold at `at`; others are left out."""
    keys = set(wanted)
    rows = Tariff.objects.filter(
        owner__in={owner for owner, _key in keys}, tariff_key__in={key for _owner, key in keys}, audience=None, deleted_at=None
    ).values_list("owner_id", "tariff_key", "document")
    offers = {}
    for owner, key, document in rows:
        tariff = canonical.from_builtins(document, canonical.Tariff)
        begins, ends = tariff.start_date_time, tariff.end_date_time
        if (owner, key) in keys and (begins is None or begins <= at) and (ends is None or at < ends):
            offers[owner, key] = describe(tariff)
    return offers


def describe(tariff: canonical.Tariff) -> Offer:
    """This function will say a tariff in one line: what always holds, or that it depends on time, power or energy."""
    always: dict[str, Decimal] = {}
    depends = False
    for element in tariff.elements:
        if element.restrictions is not None and element.restrictions.reservation is not None:
            continue
        # The first element that applies counts: after an unrestricted price of a dimension nothing else is asked.
        for component in element.price_components:
            if element.restrictions is not None:
                depends = depends or component.type not in always
            elif component.price:
                always.setdefault(component.type, component.price)
    parts = [_words(kind, price, tariff.currency) for kind, price in sorted(always.items(), key=_order)]
    if depends:
        parts.append(_("depends on time or amount"))
    if not parts:
        parts.append(_("free of charge"))
    elif tariff.tax_included == "YES":
        parts.append(_("VAT included"))
    elif tariff.tax_included != "N/A":
        parts.append(_("plus VAT"))
    return Offer(", ".join(parts), always.get("ENERGY"))


def best_offer(*, owner: int, tariff_ids: Iterable[str], offers: Mapping[tuple[int, str], Offer]) -> str:
    """This function will return the words of the cheapest of a site's tariffs by energy, or nothing where none is known."""
    found = [offers[owner, key.upper()] for key in dict.fromkeys(tariff_ids) if (owner, key.upper()) in offers]
    if not found:
        return ""
    cheapest = min(found, key=lambda offer: (offer.per_kwh is None, offer.per_kwh or Decimal(0), offer.words))
    return _("from %(price)s") % {"price": cheapest.words} if len({offer.words for offer in found}) > 1 else cheapest.words


def _words(kind: str, price: Decimal, currency: str) -> str:
    told = {"price": exact_money(price, currency)}
    match kind:
        case "ENERGY":
            return _("%(price)s per kWh") % told
        case "TIME":
            return _("%(price)s per hour") % told
        case "PARKING_TIME":
            return _("parked %(price)s per hour") % told
    return _("%(price)s at the start") % told


def _order(item: tuple[str, Decimal]) -> int:
    return ("ENERGY", "TIME", "FLAT", "PARKING_TIME").index(item[0]) if item[0] in ("ENERGY", "TIME", "FLAT", "PARKING_TIME") else 9
