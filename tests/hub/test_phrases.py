"""Every phrase of the pages has its German, with the same values in it, and the compiled catalogue is what the text says."""

import re

from django.utils import translation

from hub.phrases import catalogue_path, collect, compile_catalogue, read_german
from hub.portal.check_words import SENTENCES, say_remark
from settlement.control.catalogue import CHECKS

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


def test_every_check_is_said_in_german_with_its_particulars_behind() -> None:
    assert set(SENTENCES) == {check.asks for check in CHECKS.values()}
    told = {"code": "ENERGY_ABOVE_POWER", "message": "300 kWh in 120 min; 22 kW can give 44 kWh <b>"}
    assert say_remark(**told) == told["message"]
    with translation.override("de"):
        assert say_remark(**told) == (
            'Mehr, als der Ladepunkt in der ganzen Zeit leisten kann. <small lang="en">300 kWh in 120 min; 22 kW can give 44 kWh '
            "&lt;b&gt;</small>"
        )
        assert say_remark(code="OF_TOMORROW", message="new") == "new"
