"""The Django app of doors and people."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Hub: users, portal, public pages, sandbox and operator's commands."""

    name = "hub"
    verbose_name = "Hub"

    def ready(self) -> None:
        """This method will connect what listens to logins, and what the wire asks of settlement."""
        from hub import deployment  # noqa: F401  (registers its checks)
        from hub.reconciliation import MODULE, read_record, read_records, tell_of_new
        from hub.users import arrivals  # noqa: F401  (its models are there only now)
        from roaming.protocols.ocpi.kept import keep_list, keep_objects
        from settlement.documents.reconcile import when_kept

        keep_list(module=MODULE, read=read_records)
        keep_objects(module=MODULE, read=read_record)
        when_kept(tell_of_new)
