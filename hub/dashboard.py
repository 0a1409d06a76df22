"""The admin's first page: what today asks of finance and operations."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def environment(_: HttpRequest) -> tuple[str, str]:
    """This function will name the kind of hub in the admin's head, so that nobody approves on the wrong one."""
    kind = settings.SETTINGS_MODULE.rpartition(".")[2]
    return {"production": ("Production", "danger"), "testing": ("Test", "info")}.get(kind, ("Demonstration", "success"))


def without_inline_colours(_: HttpRequest) -> dict[str, Any]:
    """This function will keep Unfold from writing its colours as an inline style; css/admin.css sets them."""
    return {"colors": None}


def dashboard(_: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """This function will add today's figures to the first page."""
    return context
