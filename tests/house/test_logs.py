"""What the log may not say."""

import json
import logging
import sys

from hub_settings.log_format import JsonLine

UID = "04A2B3"


def line_of(message: str, **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"msg": message, "levelname": "ERROR", "name": "roaming", **extra})
    parsed: dict[str, object] = json.loads(JsonLine().format(record))
    return parsed


class TestLogLines:
    def test_fields_that_sound_like_secrets_are_masked(self) -> None:
        line = line_of("authorised", token_uid="04A2", contract_id="NL-BET-C1", party="NL-BET")
        assert (line["token_uid"], line["contract_id"], line["party"]) == ("***", "***", "NL-BET")

    def test_a_database_error_does_not_repeat_the_row(self) -> None:
        message = f'duplicate key value violates unique constraint "token_once"\nDETAIL:  Key (uid_key)=({UID}) already exists.'
        try:
            raise ValueError(message)
        except ValueError:
            line = line_of("failed", exc_info=sys.exc_info())
        assert "token_once" in str(line["error"])
        assert UID not in str(line["error"])
