"""Every phrase of the pages has its German, with the same values in it, and the compiled catalogue is what the text says."""

import re

from hub.phrases import catalogue_path, collect, compile_catalogue, read_german

VALUES = re.compile(r"%\((\w+)\)s")


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple | list) else [str(value or "")]


def test_every_phrase_has_its_german_and_no_german_has_lost_its_phrase() -> None:
    said = {message.id for message in collect() if message.id}
    kept = {message.id for message in read_german() if message.id and all(_strings(message.string))}
    assert said - kept == set(), "say them in German in templates/locale, after `manage.py write_phrases`"
    assert kept - said == set(), "`manage.py write_phrases` drops what no page says any more"


def test_german_names_the_same_values() -> None:
    wrong = [
        message.id
        for message in read_german()
        if message.id
        and {name for one in _strings(message.id) for name in VALUES.findall(one)}
        != {name for one in _strings(message.string) for name in VALUES.findall(one)}
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_what_the_text_says() -> None:
    assert catalogue_path().with_suffix(".mo").read_bytes() == compile_catalogue(read_german())
