"""A partner's own file, in the shapes partners have, against the lines of a statement."""

import json
from typing import Any

import pytest

from settlement.statements.match import NotAPartnerFile, match, read_partner_file

OURS: list[dict[str, Any]] = [
    {"cdr": "DE-PPP/CDR-1", "net": "10.0000", "gross": "11.9000", "shown": "11.90", "amount": "-11.90"},
    {"cdr": "DE-PPP/CDR-2", "net": "0.3350", "gross": "0.3350", "shown": "0.33", "amount": "-0.33"},
    {"cdr": "DE-PPP/CDR-3", "net": "5.0000", "gross": "5.0000", "shown": "5.00", "amount": "-5.00"},
]


def matched(content: str | bytes) -> tuple[int, list[str], list[str], list[str], list[str]]:
    outcome = match(ours=OURS, theirs=read_partner_file(content=content.encode() if isinstance(content, str) else content))
    different = [f"{row.cdr} {row.meaning} {row.here}/{row.there}" for row in outcome.different]
    return outcome.equal, different, outcome.missing_here, outcome.missing_there, outcome.told_twice


@pytest.mark.parametrize(
    "content",
    [
        "cdr,gross\nDE-PPP/CDR-1,11.9\nde-ppp/cdr-2,0.33\nDE-PPP/CDR-9,1.00\nDE-PPP/CDR-1,11.90\n",
        "ID;Net;Remark\nCDR-1;10.00;\nCDR-2;0.34;\nCDR-9;1;\nCDR-1;10;\n;;a fee\n",
        json.dumps(
            {
                "data": [
                    {"id": "CDR-1", "total_cost": {"excl_vat": 10.0, "incl_vat": 11.9}},
                    {"id": "CDR-2", "total_cost": 0.335},
                    {"id": "CDR-9"},
                    {"id": "cdr-1"},
                ]
            }
        ),
        json.dumps([{"invoice_id": "R-1", "id": "x", "cdrs": ["CDR-1", "CDR-2"]}, {"id": "y", "cdrs": ["CDR-9", "CDR-1"]}]),
    ],
    ids=["ours", "semicolons and short ids", "OCPI CDRs", "reconciliation records"],
)
def test_every_shape_of_file_says_the_same(content: str) -> None:
    assert [name.upper() for name in matched(content)[2]] in (["CDR-9"], ["DE-PPP/CDR-9"])
    assert matched(content)[0] == 2
    assert matched(content)[1] == []
    assert matched(content)[3] == ["DE-PPP/CDR-3"]
    assert [name.upper().rpartition("/")[2] for name in matched(content)[4]] == ["CDR-1"]


def test_an_amount_that_differs_is_shown_from_both_sides() -> None:
    assert matched("cdr_id,gross\nCDR-1,11.91\nCDR-2,0.3351\nCDR-3,5\n")[:2] == (
        1,
        ["DE-PPP/CDR-1 gross 11.9000/11.91", "DE-PPP/CDR-2 gross 0.3350/0.3351"],
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "names no CDR|header has none"),
        (b"price\n1\n", "header has none of the columns cdr"),
        (b"id;gross\nCDR-1;12,50\n", "line 2: '12,50' is not an amount"),
        (b"id,gross\nCDR-1,NaN\n", "line 2: NaN"),
        (b"{", "not JSON"),
        (b"[1]", "item 1 is neither"),
        (b'[{"price": 1}]', "item 1 has none of cdr"),
        (b'[{"id": "a", "gross": "1e400"}]', "is not an amount"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(content: bytes, words: str) -> None:
    with pytest.raises(NotAPartnerFile, match=words):
        read_partner_file(content=content)
