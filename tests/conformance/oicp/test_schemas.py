"""The schemas that every message of this suite is checked against refuse what the specification's tables refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.wire import oicp
from tests.wire.oicp_schemas import check_answer, check_sent

START = "charging/v21/operators/DE*ALF/authorize/start"
CDR = "cdrmgmt/v22/operators/DE*ALF/charge-detail-record"
PULL = "evsepull/v23/providers/NL-BET/data-records"


def start(**over: Any) -> dict[str, Any]:
    return oicp.authorize_start(**{"SessionID": oicp.SESSION_ID, **over})


def page(record: dict[str, Any]) -> dict[str, Any]:
    counts = {"number": 0, "size": 20, "totalElements": 1, "totalPages": 1, "numberOfElements": 1, "first": True, "last": True}
    told = {**record, "OperatorID": "DE*ALF", "OperatorName": "Alfa", "lastUpdate": "2026-10-05T08:00:00Z"}
    return {"content": [told], "StatusCode": {"Code": "000"}, **counts}


def test_messages_as_the_tables_have_them_pass() -> None:
    check_sent(START, start(EvseID=None))
    check_sent(CDR, oicp.a_cdr(oicp.SESSION_ID, ConsumedEnergy=12.345))
    for kind in ("Start", "Progress", "End", "Error"):
        check_sent("charging-notifications", oicp.notification(kind, oicp.SESSION_ID))
    check_answer(PULL, 200, page(oicp.an_evse()))


@pytest.mark.parametrize(
    ("check", "body"),
    [
        (lambda body: check_sent(START, body), start(SessionID=None)),
        (lambda body: check_sent(START, body), start(Identification={"RemoteIdentification": {"EvcoID": "DE-8EO-CAet5e4XY-3"}})),
        (lambda body: check_sent(START, body), start(Identification=oicp.mifare("04a1b2c3"))),
        (lambda body: check_sent(CDR, body), oicp.a_cdr(oicp.SESSION_ID, ConsumedEnergy="12.345")),
        (lambda body: check_sent(CDR, body), oicp.a_cdr(oicp.SESSION_ID, SessionEnd="2026-10-05 09:55")),
        (lambda body: check_answer(PULL, 200, body), page(oicp.an_evse(Plugs=[]))),
        (lambda body: check_answer(PULL, 200, body), page(oicp.an_evse(PaymentOptions=["No Payment", "Direct"]))),
        (lambda body: check_answer(START, 200, body), {"AuthorizationStatus": "Authorized", "StatusCode": {"Code": "999"}}),
        (lambda body: check_answer("evsepush/v21/operators/DE*ALF/status-records", 200, body), {"Result": "true"}),
    ],
)
def test_messages_that_the_tables_refuse_are_found(check: Callable[[Any], None], body: Any) -> None:
    with pytest.raises(ValidationError):
        check(body)
