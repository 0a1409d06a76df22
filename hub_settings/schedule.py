"""The timetable of recurring work (Celery beat). Every task is safe to run twice and safe to miss once."""

from typing import Any

TIMETABLE: dict[str, dict[str, Any]] = {}
