"""Rates come from the central bank's files as they are, are never changed, and are read by the day they were published."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, transaction

from settlement.terms.models import ExchangeRate
from settlement.terms.rates import NoRate, NotARateFile, RateContradicts, convert, load_rates, rate_for, read_rates

CSV = b"Date, USD, SEK, CHF, \n2026-10-30,1.1612,11.0525,0.9312,\n2026-10-29,1.1600,N/A,0.9320,\n"
DAILY_CSV = b"Date, SEK, \n30 October 2026, 11.0525, \n"
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.example.org/envelope" xmlns="http://www.example.org/rates"><e:subject>rates</e:subject>
<Cube><Cube time="2026-10-30"><Cube currency="SEK" rate="11.0525"/><Cube currency="CHF" rate="0.9312"/></Cube></Cube></e:Envelope>"""


def test_reads_xml_and_both_kinds_of_csv_alike() -> None:
    told = read_rates(content=XML)
    assert (date(2026, 10, 30), "SEK", Decimal("11.0525")) in told
    assert read_rates(content=DAILY_CSV) == [told[0]]
    assert set(told) < set(read_rates(content=CSV))
    assert len(read_rates(content=CSV)) == 5


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "neither XML nor CSV"),
        (b"<a><b></a>", "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"<a/>", "no rate"),
        (b"Date,SEK\n2026-10-30,eleven\n", "'eleven' of SEK is not a number"),
        (b"Date,SEK\n2026-10-30,-1\n", "no rate of SEK"),
        (b"Date,SEK\n2026-13-30,1\n", "not a day"),
        (b"Date,krona\n2026-10-30,1\n", "'krona' is not a currency"),
        (b"\xff\xfe\x00", "neither XML nor CSV"),
    ],
)
def test_says_what_is_wrong_with_a_file(content: bytes, wrong: str) -> None:
    with pytest.raises(NotARateFile, match=wrong):
        read_rates(content=content)


@pytest.mark.django_db
class TestStored:
    def test_a_file_twice_is_a_file_once_and_a_contradiction_is_refused(self) -> None:
        assert load_rates(content=CSV)[:2] == (5, 5)
        assert load_rates(content=XML)[:2] == (0, 2)
        with pytest.raises(RateContradicts, match=r"SEK on 2026-10-30 is stored as 11\.0525"):
            load_rates(content=b"Date,USD,SEK\n2026-10-30,1.1612,11.0526\n")
        assert ExchangeRate.objects.count() == 5

    def test_a_day_without_a_rate_uses_the_latest_before_up_to_five_days(self) -> None:
        # finance §7, case 24: 2026-10-31 is a Saturday.
        load_rates(content=CSV)
        assert rate_for(currency="SEK", on=date(2026, 10, 31)).published_on == date(2026, 10, 30)
        assert rate_for(currency="SEK", on=date(2026, 11, 4)).per_euro == Decimal("11.0525")
        with pytest.raises(NoRate, match="no rate of SEK for 2026-11-05"):
            rate_for(currency="SEK", on=date(2026, 11, 5))

    def test_rounds_once_at_the_end_of_a_cross_rate(self) -> None:
        # finance §7, case 23: 1,000.00 SEK at 11.0525 and 0.9312.
        load_rates(content=CSV)
        sek, chf = (rate_for(currency=currency, on=date(2026, 10, 30)) for currency in ("SEK", "CHF"))
        assert convert(amount=Decimal("1000.00"), rate_from=sek, rate_to=chf) == Decimal("84.25")

    def test_the_database_keeps_rates_as_they_are(self) -> None:
        load_rates(content=CSV)
        for change in (lambda: ExchangeRate.objects.update(per_euro=1), lambda: ExchangeRate.objects.all().delete()):
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                change()
