"""What the log may not say."""

import json
import logging
import sys

from hub_settings.log_format import JsonLine


def line_of(message: str, **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"msg": message, "levelname": "ERROR", "name": "roaming", **extra})
    parsed: dict[str, object] = json.loads(JsonLine().format(record))
    return parsed


class TestLogLines:
    def test_fields_that_sound_like_secrets_are_masked(self) -> None:
        line = line_of("authorised", token_uid="04A2", contract_id="NL-BET-C1", party="NL-BET")
        assert (line["token_uid"], line["contract_id"], line["party"]) == ("***", "***", "NL-BET")

    def test_a_database_error_does_not_repeat_the_row(self) -> None:
        try:
            raise ValueError('duplicate key value violates unique constraint "token_once"\nDETAIL:  Key (uid_key)=(04A2B3) already exists.')
        except ValueError:
            line = line_of("failed", exc_info=sys.exc_info())
        assert "token_once" in str(line["error"])
        assert "04A2B3" not in str(line["error"])
