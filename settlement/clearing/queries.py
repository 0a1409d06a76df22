"""Read charges and holds."""

from django.db.models import QuerySet

from roaming import canonical
from roaming.models import Cdr
from settlement.clearing.clear import NoSuchCdr
from settlement.clearing.models import Hold


def get_cdr(*, name: str) -> Cdr:
    """This function will return the sealed CDR written `CC-PID/ID`; it raises NoSuchCdr."""
    owner, slash, cdr_id = name.partition("/")
    if not slash or not cdr_id.strip() or not name.isprintable():
        raise NoSuchCdr(f"{name!r} is not CC-PID/ID of a CDR, like DE-ALF/4711")
    try:
        key = canonical.PartyId.parse(owner)
    except canonical.NotAPartyId as wrong:
        raise NoSuchCdr(f"{name!r} is not CC-PID/ID of a CDR, like DE-ALF/4711: {wrong}") from wrong
    # Ids of CDRs compare without case.
    found = Cdr.objects.filter(owner__country_code=key.country_code, owner__party_id=key.party_id, cdr_key=cdr_id.strip().upper()).first()
    if found is None:
        raise NoSuchCdr(f"there is no CDR {name}")
    return found


def list_holds() -> QuerySet[Hold]:
    """This function will list every open hold with its CDR, oldest first."""
    return Hold.objects.filter(state=Hold.State.HELD).select_related("cdr__owner", "cdr__provider").order_by("held_at", "id")


def name_of(cdr: Cdr) -> str:
    """This function will return how people write a CDR: CC-PID/ID."""
    return f"{cdr.owner.country_code}-{cdr.owner.party_id}/{cdr.cdr_id}"
