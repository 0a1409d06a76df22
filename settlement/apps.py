"""The Django app of money: one app, one migration history."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Settlement: from the sealed record to the payment."""

    name = "settlement"
    verbose_name = "Settlement"
