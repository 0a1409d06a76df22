"""The Django app of traffic: one app, one migration history."""

from typing import Any

from django.apps import AppConfig


class RoamingConfig(AppConfig):
    """Roaming: everything from the wire to the sealed record."""

    name = "roaming"
    verbose_name = "Roaming"

    def ready(self) -> None:
        """This function will tell the rest of the house who speaks which protocol."""
        from django.db.models.signals import post_migrate

        from roaming.gateways import register_gateway
        from roaming.protocols.ocpi.gateway import OcpiGateway
        from roaming.protocols.oicp.gateway import OicpGateway

        register_gateway("ocpi", OcpiGateway)
        register_gateway("oicp", OicpGateway)
        post_migrate.connect(_make_hub_party, sender=self)


def _make_hub_party(**_: Any) -> None:
    # Here and not in the first request: its transaction would hold the row, and others that make it too would wait for each other.
    from django.db import connection

    from roaming.parties.directory import ensure_hub_party

    if "roaming_party" in connection.introspection.table_names():  # not where everything was just migrated away
        ensure_hub_party()
