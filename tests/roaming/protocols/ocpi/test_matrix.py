"""The endpoint matrix: every address of every module, in every version, with every method. What is not offered is 405 (ocpi §1)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from roaming.parties import directory
from roaming.parties.models import Platform
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.versions import DIALECTS
from tests.builders.canonical_messages import a_connector, a_location, a_session, a_tariff, a_token, an_evse
from tests.builders.parties import an_agreement
from tests.wire import caller
from tests.wire.caller import HUB, Caller, Reply

pytestmark = pytest.mark.django_db

NEW, DONE, BAD, GONE, NA = (201, 1000), (200, 1000), (200, 2001), (404, 2000), (405, 2000)
SINCE = "date_from=2026-01-01T00:00:00Z"
STAMP = {"last_updated": "2026-10-06T08:00:00Z"}
MESSAGES = {
    "location": a_location(),
    "evse": an_evse(),
    "connector": a_connector(),
    "tariff": a_tariff(),
    "token": a_token(),
    "session": a_session(status="ACTIVE"),
}


class Row(NamedTuple):
    """One address, who calls it, and what each method that is offered there answers. `kind`: what is PUT there."""

    who: str
    path: str
    answers: Mapping[str, tuple[int, int]]
    kind: str = ""
    old: Mapping[str, tuple[int, int]] = {}  # where 2.1.1 answers otherwise
    is_new: bool = False  # 2.1.1 does not have the address


PUSH = {"PUT": DONE, "GET": DONE, "PATCH": DONE}
# In this order: what is PUT first is found later.
ROWS = (
    Row("DE-ALF", "receiver/locations/DE/ALF/LOC-1", {**PUSH, "PUT": NEW}, "location"),
    Row("DE-ALF", "receiver/locations/DE/ALF/LOC-1/EVSE-1", PUSH, "evse"),
    Row("DE-ALF", "receiver/locations/DE/ALF/LOC-1/EVSE-1/1", PUSH, "connector"),
    Row("NL-BET", "sender/locations", {"GET": DONE}),
    Row("NL-BET", "sender/locations/LOC-1", {"GET": DONE}),
    Row("NL-BET", "sender/locations/LOC-1/EVSE-1", {"GET": DONE}),
    Row("NL-BET", "sender/locations/LOC-1/EVSE-1/1", {"GET": DONE}),
    Row("DE-ALF", "receiver/tariffs/DE/ALF/AC-1", {"PUT": NEW, "GET": DONE, "DELETE": DONE}, "tariff", old={"PATCH": DONE}),
    Row("NL-BET", "sender/tariffs", {"GET": DONE}),
    Row("NL-BET", "receiver/tokens/NL/BET/04A2B3C4D5E6F7", {**PUSH, "PUT": NEW}, "token"),
    Row("DE-ALF", "sender/tokens", {"GET": DONE}),
    Row("DE-ALF", "sender/tokens/04A2B3C4D5E6F7/authorize", {"POST": BAD}),
    Row("DE-ALF", "receiver/sessions/DE/ALF/SESSION-1", {**PUSH, "PUT": NEW}, "session"),
    Row("NL-BET", f"sender/sessions?{SINCE}", {"GET": DONE}),
    Row("NL-BET", "sender/sessions/SESSION-1/charging_preferences", {"PUT": BAD}, is_new=True),
    Row("DE-ALF", "receiver/cdrs", {"POST": BAD}),
    Row("NL-BET", "sender/cdrs", {"GET": DONE}),
    *(
        Row("NL-BET", f"receiver/commands/{name}", {"POST": BAD})
        for name in ("START_SESSION", "STOP_SESSION", "RESERVE_NOW", "CANCEL_RESERVATION", "UNLOCK_CONNECTOR")
    ),
    Row("NL-BET", "receiver/chargingprofiles/SESSION-1", {"GET": BAD, "PUT": BAD, "DELETE": BAD}, is_new=True),
    Row("DE-ALF", "sender/chargingprofiles/SESSION-1", {"PUT": BAD}, is_new=True),
    Row("DE-ALF", "hubclientinfo", {"GET": DONE}, is_new=True),
    Row("DE-ALF", "", {"GET": DONE}),
    Row("DE-ALF", "credentials", {"GET": DONE, "PUT": BAD, "DELETE": DONE}),
)


@pytest.fixture
def partners(db: None) -> dict[str, Caller]:
    """An operator and a provider who may roam."""
    an_agreement()
    return {"DE-ALF": caller.operator("DE-ALF"), "NL-BET": caller.provider("NL-BET")}


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_every_address_answers_every_method(partners: dict[str, Caller], version: str) -> None:
    Platform.objects.update(version=version)
    directory.changed()
    wrong = {}
    for row in ROWS:
        is_gone, answers = version == "2.1.1" and row.is_new, {**row.answers, **(row.old if version == "2.1.1" else {})}
        for method in ("PUT", "GET", "PATCH", "POST", "DELETE"):
            reply = ask(partners[row.who], version, row, method)
            # An address that a version does not have may answer 405 before 404: nothing is done either way.
            expected = {GONE, NA} if is_gone else {answers.get(method, NA)}
            if reply.status not in expected or (reply.http == 405 and method in reply.headers["Allow"].split(", ")):
                wrong[method, row.path] = (reply.status, reply.message)
    assert wrong == {}


def ask(who: Caller, version: str, row: Row, method: str, path: str | None = None) -> Reply:
    """This function will call one address with a body that fits, or an empty one where nothing is stored there."""
    body: Any = {"PUT": {}, "POST": {}, "PATCH": STAMP}.get(method)
    raw = None
    if method == "PUT" and row.kind:
        article: Article[Any] = getattr(DIALECTS[version], row.kind)
        raw = encode(article.write(MESSAGES[row.kind]))
    return who.call(method, path or f"/ocpi/{version}/{row.path}", body, to=HUB, raw=raw)


@pytest.mark.parametrize("form", ["{}/", "{}//"])
def test_every_form_of_slashes_is_one_address(partners: dict[str, Caller], form: str) -> None:
    for row in ROWS[:1] + ROWS[3:4] + ROWS[7:8] + ROWS[12:13] + ROWS[24:28]:
        path, _, query = f"/ocpi/2.2.1/{row.path}".partition("?")
        method = "PUT" if row.kind else "GET"
        reply = ask(partners[row.who], "2.2.1", row, method, f"{form.format(path)}?{query}")
        assert reply.status == row.answers[method], path


@pytest.mark.parametrize(
    ("kind", "place", "name", "interface"),
    [
        ("location", "locations/DE/ALF", "id", "DE-ALF"),
        ("tariff", "tariffs/DE/ALF", "id", "DE-ALF"),
        ("token", "tokens/NL/BET", "uid", "NL-BET"),
    ],
)
def test_an_id_is_read_from_the_path_as_it_was_sent(partners: dict[str, Caller], kind: str, place: str, name: str, interface: str) -> None:
    who, path = partners[interface], f"/ocpi/2.2.1/receiver/{place}/A%2FB%23%20*%3F%25"
    article: Article[Any] = getattr(DIALECTS["2.2.1"], kind)
    body = {**article.write(MESSAGES[kind]), name: "A/B# *?%"}
    assert who.call("PUT", path, to=HUB, raw=encode(body), raw_path=path).status == NEW
    assert who.call("GET", path, to=HUB, raw_path=path).data[name] == "A/B# *?%"
