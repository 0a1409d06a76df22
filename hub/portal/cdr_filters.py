"""What a person asked to see of their CDRs: read from the address, and turned into one query for list and export alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hub.directory.presence import present_parties
from hub.portal.month import bounds_of
from roaming.models import Cdr, Party
from settlement.models import Dispute, Hold

STATES = {
    "cleared": _("charged"),
    "held": _("held"),
    "credit": _("credit"),
    "disputed": _("in dispute"),
    "waiting": _("not looked at yet"),
}
_LONGEST_SEARCH = 64


@dataclass(frozen=True)
class Filters:
    """Wrong values in the address are read as not given. `search` finds ids in every month and overrules the other filters."""

    month: date
    side: str  # "operator" or "provider": which of its roles the party looks from
    counterparty: Party | None
    state: str
    before: tuple[datetime, int] | None
    search: str = ""

    def told(self, **changes: Any) -> dict[str, Any]:
        """This function will return the filters as the address writes them, with some changed."""
        told = {
            "month": f"{self.month:%Y-%m}",
            "side": self.side,
            "party": self.counterparty.pk if self.counterparty else "",
            "state": self.state,
            "q": self.search,
            **changes,
        }
        return {name: value for name, value in told.items() if value}

    def address(self, **changes: Any) -> str:
        """This function will return the query string of these filters with some changed."""
        return urlencode(self.told(**changes))


def read_filters(*, given: Mapping[str, Any], sides: list[str], counterparties: list[Party], today: date) -> Filters:
    """This function will read the filters of an address, or of an export that kept them; `sides` are the party's own, or none."""
    try:
        month = datetime.strptime(given.get("month", ""), "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        month = today.replace(day=1)
    sides = sides or ["operator"]
    return Filters(
        month=month,
        side=given["side"] if given.get("side") in sides else sides[0],
        counterparty=next((party for party in counterparties if str(party.pk) == str(given.get("party"))), None),
        state=given["state"] if given.get("state") in STATES else "",
        before=read_cursor(given.get("before", "")),
        search=str(given.get("q", "")).strip().replace("\x00", "")[:_LONGEST_SEARCH],
    )


def cdrs_of(party: Party, filters: Filters) -> QuerySet[Cdr]:
    """This function will return the party's CDRs of a month on one side, newest first, narrowed by the filters."""
    own, other = ("owner", "provider") if filters.side == "operator" else ("provider", "owner")
    rows = Cdr.objects.filter(**{own: party})
    if filters.search:
        # Owners are named one by one, so that the unique index on (owner, id) answers however many CDRs the provider has.
        owners = [party] if filters.side == "operator" else list(Party.objects.filter(roles__role="CPO"))
        key = filters.search.upper()
        rows = rows.filter(Q(cdr_key=key) | Q(session_key=key), owner__in=owners)
    else:
        rows = _narrow(rows, filters, other)
    if filters.before is not None:
        at, row = filters.before
        rows = rows.filter(Q(ended_at__lt=at) | Q(ended_at=at, pk__lt=row))
    return rows.select_related("owner", "provider", "charge", "hold").defer("received").order_by("-ended_at", "-pk")


def _narrow(rows: QuerySet[Cdr], filters: Filters, other: str) -> QuerySet[Cdr]:
    starts_at, ends_at = bounds_of(filters.month)
    rows = rows.filter(ended_at__gte=starts_at, ended_at__lt=ends_at)
    if filters.counterparty is not None:
        rows = rows.filter(**{other: filters.counterparty})
    match filters.state:
        case "held":
            return rows.filter(hold__state=Hold.State.HELD)
        case "cleared":
            return rows.filter(charge__isnull=False)
        case "credit":
            return rows.filter(is_credit=True)
        case "disputed":
            return rows.filter(Exists(Dispute.objects.filter(cdr=OuterRef("pk"), resolved_at=None)))
        case "waiting":
            return rows.filter(charge__isnull=True, hold__isnull=True)
    return rows


def counterparties_of(party: Party) -> list[Party]:
    """This function will list those a party may roam with and who are here; everybody where an offer to all is in force."""
    return list(present_parties().exclude(pk=party.pk).order_by("name", "country_code", "party_id"))


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """This function will read where a page begins, or return None for what is no place in the list."""
    at, _sign, row = text.rpartition("~")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, int(row)) if instant.tzinfo is not None else None
    except ValueError:
        return None


def cursor_of(cdr: Cdr) -> str:
    """This function will write where the page after this CDR begins."""
    return f"{cdr.ended_at.astimezone(UTC).isoformat()}~{cdr.pk}"
