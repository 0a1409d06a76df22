"""The timetable of recurring work (Celery beat). Every task is safe to run twice and safe to miss once."""

from typing import Any

from celery.schedules import crontab

# Sorted by name. A number is a period in seconds; an entry that was not started before its next turn expires. Hours are UTC.
TIMETABLE: dict[str, dict[str, Any]] = {
    "settlement: clear what was sealed": {
        "task": "settlement.tasks.clear_cdrs",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "settlement: render files of issued statements": {
        "task": "settlement.tasks.render_documents",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "settlement: roll up the days": {
        "task": "settlement.tasks.roll_up_days",
        "schedule": crontab(hour="1", minute="30"),
    },
    "settlement: verify the books": {
        "task": "settlement.tasks.verify_books",
        "schedule": crontab(hour="3", minute="10"),
    },
}
