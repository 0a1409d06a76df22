"""Where does a CDR stand on its way to a statement? One word, for people."""

from roaming.models import Cdr
from settlement.clearing.models import Charge, Hold

_BY_BUCKET = {Charge.Bucket.CURRENT: "cleared", Charge.Bucket.LATE: "late", Charge.Bucket.CREDIT: "credit"}


def standing_of(cdr: Cdr) -> str:
    """This function will return held, cleared, late, credit, or waiting; read `charge` and `hold` along with the CDR."""
    hold: Hold | None = getattr(cdr, "hold", None)
    if hold is not None and hold.state == Hold.State.HELD:
        return "held"
    charge: Charge | None = getattr(cdr, "charge", None)
    return _BY_BUCKET[Charge.Bucket(charge.bucket)] if charge is not None else "waiting"
