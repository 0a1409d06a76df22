"""Notes on a row, and its history: both are lines of the audit trail, so a note is never edited and says who wrote it."""

import re

from django.contrib.admin import display
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roaming.admin.pages import page_link
from roaming.admin.steps import Step
from roaming.audit.queries import list_audit
from roaming.audit.write import write_audit
from roaming.figures import instant

_MOST = 30
_DIGEST = re.compile(r"[0-9a-f]{40,}")


def _note(request: HttpRequest, row: Model, reason: str) -> str:
    write_audit(action="noted", by=str(request.user.get_username()), subject=row, reason=reason)
    return "The note is kept."


NOTE = Step(
    name="note",
    label="Add a note",
    permission="roaming.write_note",
    explains=lambda row: (
        "A note stays with this row for everybody inside the hub. It cannot be changed or taken back. Partners do not see it."
    ),
    offered=lambda row: True,
    run=_note,
    asks_reason=True,
)


class Noted:
    """A page whose rows carry notes and a history: put `trail` among its fields and NOTE among its steps."""

    @display(description="notes and changes")
    def trail(self, row: Model) -> SafeString | str:
        """This function will show notes and changes, the newest first."""
        return history_of(row)


def history_of(row: Model) -> SafeString | str:
    """This function will render notes and changes of a row, the newest first, each linked to its before and after."""
    lines = list_audit(subject=row).exclude(action="looked at")[:_MOST]
    told = [
        (instant(line.at), line.actor or "the hub itself", page_link(line, line.action), line.reason or _columns(line.before, line.after))
        for line in lines
    ]
    if not told:
        return "no note and no change yet"
    rows = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", told)
    return format_html('<table class="small-table beside">{}</table>', rows)


def _columns(before: dict[str, object] | None, after: dict[str, object] | None) -> str:
    if before is None:
        return ""
    names = sorted({*before, *(after or {})})
    changes = (f"{name.replace('_', ' ')}: {_told(before.get(name))} → {_told((after or {}).get(name))}" for name in names)
    return "; ".join(changes)[:300]


def _told(value: object) -> object:
    if value in (None, ""):
        return "–"
    # The whole digest stands on the page that the line links to.
    return f"{value[:12]}…" if isinstance(value, str) and _DIGEST.fullmatch(value) else value
