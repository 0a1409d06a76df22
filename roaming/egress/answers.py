"""What both faces of the door out ask of requests and answers."""

from collections.abc import Mapping

from roaming.egress.calls import BadAnswer, Redirected

MOST_HEADERS = 100
# Ours to say: what the libraries or a caller would put there could change who is called or how the answer is read.
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "cookie"})


def outgoing_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """This function will return the headers to send: the caller's, and a refusal of every encoding (a few bytes may unpack to many)."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _OWN}
    return {"Accept": "application/json", "User-Agent": "roamhouse", **kept, "Accept-Encoding": "identity"}


def check_head(*, status: int, headers: Mapping[str, str], max_bytes: int) -> None:
    """This function will raise BadAnswer for an answer that is not worth reading: a redirect, an encoded or an announced too long one."""
    if 300 <= status < 400:
        raise Redirected(status=status, location=headers.get("location", ""))
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise BadAnswer("the answer is encoded, which was not asked for")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > max_bytes:
        raise BadAnswer(f"the answer is longer than {max_bytes} bytes")
    if len(headers) > MOST_HEADERS:
        raise BadAnswer(f"the answer has more than {MOST_HEADERS} headers")
