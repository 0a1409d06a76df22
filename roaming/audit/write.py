"""Writing the trail: a record by hand, and saying who is at work so that the database's own records name them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Model

from roaming.audit.models import AuditRecord

_SECRET = ("token", "password", "secret")
_PARTLY = ("iban", "uid", "contract")


def write_audit(
    *,
    action: str,
    by: str,
    subject: Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    address: str | None = None,
) -> AuditRecord:
    """This function will add a record in the caller's transaction: `by` (an e-mail, empty for the hub) did `action` to `subject`."""
    return AuditRecord.objects.create(
        actor=by[:254],
        action=action[:40],
        subject_type="" if subject is None else subject._meta.db_table,
        subject_id="" if subject is None else str(subject.pk)[:40],
        subject="" if subject is None else str(subject)[:200],
        before=_masked(before),
        after=_masked(after),
        reason=reason[:300],
        address=address,
    )


@contextmanager
def acting(*, by: str, address: str = "") -> Iterator[None]:
    """This function will name `by` in every record that the database writes about changes made inside the block."""
    _set_actor(by, address)
    try:
        yield
    finally:
        # Inside a failed transaction nothing can be set any more, and nothing need: its end takes the name back.
        with suppress(DatabaseError):
            _set_actor("", "")


def _set_actor(by: str, address: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('roamhouse.actor', %s, false), set_config('roamhouse.address', %s, false)", [by, address])


def _masked(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {name: _mask(name, value) for name, value in values.items()}


def _mask(name: str, value: Any) -> Any:
    if any(word in name for word in _SECRET):
        return "••••"
    if any(word in name for word in _PARTLY) and isinstance(value, str):
        return f"•••• {value[-4:]}" if len(value) > 7 else "••••"
    return value
