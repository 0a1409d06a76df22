"""The Django app of doors and people."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Hub: users, portal, public pages, sandbox and operator's commands."""

    name = "hub"
    verbose_name = "Hub"
