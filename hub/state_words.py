"""What states are called on pages for partners and the public: one word each, so that the same thing is never called two names."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATE_WORDS: Mapping[str, Promise] = {
    # CDRs, statements, exports
    "cleared": _("charged"),
    "held": _("held"),
    "hold": _("hold"),
    "flag": _("flag"),
    "normalize": _("normalize"),
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
    # roles of a partner's people
    "finance": _("finance"),
    "finance, reading only": _("finance, reading only"),
    "technical": _("technical"),
    "administrator": _("administrator"),
    "data protection": _("data protection"),
    # live states of a charge point
    "AVAILABLE": _("free"),
    "CHARGING": _("occupied"),
    "OUTOFORDER": _("out of order"),
}

# What each file of a statement is for: the words of settlement's list of formats, so that they have their German.
FORMAT_WORDS: tuple[Promise, ...] = (
    _("the document to read and to file"),
    _("a workbook with every CDR"),
    _("one row per CDR"),
    _("for machines, with its schema"),
    _("the e-invoices, as UBL"),
    _("the e-invoices, as CII"),
    _("the invoices as PDF, with their e-invoices inside"),
    _("everything, with the proof to check it offline"),
)
