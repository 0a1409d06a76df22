"""How the hub logs: one JSON line per event to the terminal, without secrets, token uids or contract ids."""

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_DATABASE_DETAIL = re.compile(r"^((?:DETAIL|CONTEXT):).*$", re.MULTILINE)
_SECRET_NAMES = ("token", "authorization", "password", "secret", "contract_id", "uid", "iban")


class JsonLine(logging.Formatter):
    """One event as one JSON object on one line; extra fields of the record are kept, secret-looking ones are masked."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for key, value in record.__dict__.items():
            if key not in _STANDARD:
                line[key] = "***" if any(name in key.lower() for name in _SECRET_NAMES) else value
        if record.exc_info:
            # PostgreSQL's detail lines repeat the key values of the row: token uids, contract ids.
            line["error"] = _DATABASE_DETAIL.sub(r"\1 ***", self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def logging_for(var_dir: Path, level: str = "INFO") -> dict[str, Any]:
    """This function will return Django's LOGGING dictionary: JSON lines on stderr (the supervisor keeps them below `var_dir/log`)."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLine}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
            "axes": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        },
    }
