"""The table of contents of the outermost layer's admin (found by Django under this name)."""

from hub.users.admin import UserPage

__all__ = ["UserPage"]
