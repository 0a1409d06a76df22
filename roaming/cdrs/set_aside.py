"""A credit that is refused is kept to be seen: money was to be given back, and somebody must find out why it was not (ocpi §9 case 101)."""

from datetime import datetime
from typing import TypeVar

from roaming import canonical
from roaming.exchanges.quarantine import BadItem, quarantine
from roaming.parties import directory

E = TypeVar("E", bound=Exception)


def set_aside(refusal: E, cdr: canonical.Cdr, correlation_id: str, at: datetime) -> E:
    """This function will keep a credit CDR with the reason why it was refused, and return that reason; other CDRs are only refused."""
    platform = directory.current().platform_of(cdr.owner, canonical.Role.CPO)
    if platform is not None and (cdr.credit or cdr.credit_reference_id):
        item = BadItem(canonical.to_builtins(cdr), str(refusal))
        quarantine(platform_id=platform.id, owner=cdr.owner, module="cdrs", items=[item], correlation_id=correlation_id, at=at)
    return refusal
