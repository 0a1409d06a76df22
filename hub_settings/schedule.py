"""The timetable of recurring work (Celery beat). Every task is safe to run twice and safe to miss once."""

from typing import Any


def every(seconds: float, task: str) -> dict[str, Any]:
    """This function will return a line of the timetable. A run that nobody took before the next is due is forgotten."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

TIMETABLE: dict[str, dict[str, Any]] = {
    "take back leases": every(15.0, "roaming.tasks.sweep_leases"),
    # LIVENESS_SECONDS says how long a partner may be silent; this only says how often the hub looks who was.
    "ask silent partners": every(20.0, "roaming.tasks.check_liveness"),
    "seal blocks": every(_MINUTE, "roaming.tasks.seal_blocks"),
    "days of exchanges": every(_HOUR, "roaming.tasks.keep_exchange_partitions"),
    "purge deliveries": every(_DAY, "roaming.tasks.purge_deliveries"),
}
