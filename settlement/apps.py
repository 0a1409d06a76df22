"""The Django app of money: one app, one migration history."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Settlement: from the sealed record to the payment."""

    name = "settlement"
    verbose_name = "Settlement"

    def ready(self) -> None:
        """This function will tie loose ends: slices import only those above them, so what must know those below meets here."""
        from settlement.clearing import checks as of_charges
        from settlement.clearing.clear import when_charged, when_credited
        from settlement.disputes import checks as of_disputes
        from settlement.disputes.revise import follow_credits, link_replacements
        from settlement.documents import checks as of_files
        from settlement.ledger import checks as of_entries
        from settlement.ledger.verify import checks
        from settlement.netting import checks as of_runs
        from settlement.netting.close import when_netted
        from settlement.netting.void import when_voided
        from settlement.payments import checks as of_payments
        from settlement.statements import checks as of_statements
        from settlement.statements.draft import draft_statements, void_statements

        when_credited.append(follow_credits)
        when_charged.append(link_replacements)
        when_netted.append(lambda run, fees: draft_statements(run=run, fees=fees))
        when_voided.append(lambda run: void_statements(run=run))
        for slice_ in (of_entries, of_charges, of_disputes, of_runs, of_statements, of_files, of_payments):
            checks.extend(slice_.CHECKS)
