"""The Django app of money: one app, one migration history."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Settlement: from the sealed record to the payment."""

    name = "settlement"
    verbose_name = "Settlement"

    def ready(self) -> None:
        """This function will tie what follows netting to it: slices import only those above them, so the ends meet here."""
        from settlement.netting.close import when_netted
        from settlement.statements.draft import draft_statements

        when_netted.append(lambda run: draft_statements(run=run))
