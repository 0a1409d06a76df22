"""Notes on a row, and its history: both are lines of the audit trail, so a note is never edited and says who wrote it."""

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
    changes = (
        (name.replace("_", " "), (before or {}).get(name), (after or {}).get(name)) for name in sorted({*(before or {}), *(after or {})})
    )
    if before is None:
        return ""
    return "; ".join(f"{name}: {'–' if was in (None, '') else was} → {'–' if now in (None, '') else now}" for name, was, now in changes)[
        :300
    ]
