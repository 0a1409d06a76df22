"""The envelope of a page (oicp §4.2): the members that the specification names and those that readers were built against."""

from collections.abc import Sequence
from typing import Any

from roaming.protocols.oicp import statuses


def envelope(content: Sequence[Any], *, page: int, size: int, total: int) -> dict[str, Any]:
    """This function will write a page; beyond the end it is empty and the last."""
    pages = -(-total // size)
    return {
        "content": list(content),
        "number": page,
        "size": size,
        "totalElements": total,
        "totalPages": pages,
        "first": page == 0,
        "last": page >= pages - 1,
        "numberOfElements": len(content),
        "empty": not content,
        "StatusCode": statuses.status_code(statuses.SUCCESS),
    }
