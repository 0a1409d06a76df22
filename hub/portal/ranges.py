"""Hand out a file so that a download that broke off can go on: one byte range per request (RFC 9110 §14)."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

_BLOCK = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def answer_with_range(*, request: HttpRequest, path: Path, filename: str, content_type: str, sha256: str) -> HttpResponse:
    """This function will answer with a file, or with the part of it that was asked for; 416 where that part does not exist.

    `If-Range` with another content's tag gets the whole file: parts of two files never meet.
    """
    size, tag = path.stat().st_size, f'"{sha256}"'
    given = request.headers.get("Range", "")
    if request.headers.get("If-Range", tag) != tag:
        given = ""
    span = _read_range(given, size)
    if span is None:
        answer: HttpResponse = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{size}"
        return answer
    first, final = span
    part = StreamingHttpResponse(_read(path, first, final), status=206 if given and _RANGE.fullmatch(given) else 200)
    if part.status_code == 206:
        part["Content-Range"] = f"bytes {first}-{final}/{size}"
    part["Content-Length"] = str(final - first + 1)
    part["Content-Type"] = content_type
    part["Content-Disposition"] = f'attachment; filename="{filename}"'
    part["Accept-Ranges"] = "bytes"
    part["ETag"] = tag
    part["X-Content-Type-Options"] = "nosniff"
    return part  # type: ignore[return-value]  # a streaming answer is one like any other for a view


def _read_range(given: str, size: int) -> tuple[int, int] | None:
    """This function will return first and final byte, the whole file for what is no single range, or None outside the file."""
    match = _RANGE.fullmatch(given)
    if match is None or not (match[1] or match[2]):
        return 0, size - 1
    if not match[1]:
        length = int(match[2])
        return (max(size - length, 0), size - 1) if length else None
    first, final = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    return (first, final) if first <= final else None


def _read(path: Path, first: int, final: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = final - first + 1
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
