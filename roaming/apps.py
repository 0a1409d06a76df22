"""The Django app of traffic: one app, one migration history."""

from django.apps import AppConfig


class RoamingConfig(AppConfig):
    """Roaming: everything from the wire to the sealed record."""

    name = "roaming"
    verbose_name = "Roaming"

    def ready(self) -> None:
        """This function will tell the rest of the house who speaks which protocol."""
        from roaming.gateways import register_gateway
        from roaming.protocols.ocpi.gateway import OcpiGateway
        from roaming.protocols.oicp.gateway import OicpGateway

        register_gateway("ocpi", OcpiGateway)
        register_gateway("oicp", OicpGateway)
