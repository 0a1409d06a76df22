"""What states are called on pages for partners and the public: one word each, so that the same thing is never called two names."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATE_WORDS: Mapping[str, Promise] = {
    # CDRs, statements, exports
    "cleared": _("charged"),
    "held": _("held"),
    "late": _("late"),
    "credit": _("credit"),
    "waiting": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "cancelled": _("cancelled"),
    "failed": _("failed"),
    # disputes
    "open": _("open"),
    "answered by the other side": _("answered by the other side"),
    "with the arbiter": _("with the arbiter"),
    "upheld: the amount is not owed": _("upheld: the amount is not owed"),
    "rejected: the amount is owed": _("rejected: the amount is owed"),
    "split between the two": _("split between the two"),
    "the operator credited the CDR": _("the operator credited the CDR"),
    "the operator credited the CDR and sent a new one": _("the operator credited the CDR and sent a new one"),
    # agreements and offers
    "in force": _("in force"),
    "planned": _("planned"),
    "ended": _("ended"),
    "accepted": _("accepted"),
    "declined": _("declined"),
    "withdrawn": _("withdrawn"),
    # connections
    "Connected": _("Connected"),
    "CONNECTED": _("Connected"),
    "Offline": _("Offline"),
    "OFFLINE": _("Offline"),
    "Planned": _("Planned"),
    "PLANNED": _("Planned"),
    "Suspended": _("Suspended"),
    "SUSPENDED": _("Suspended"),
    # live states of a charge point
    "AVAILABLE": _("free"),
    "CHARGING": _("occupied"),
    "OUTOFORDER": _("out of order"),
}
