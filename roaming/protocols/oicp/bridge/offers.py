"""Pricing products as tariffs for OCPI providers: for all, or for the one provider they were told for (oicp §6.10)."""

from collections.abc import Sequence
from datetime import datetime

from roaming.objects.announce import NoAgreement, UnknownParty
from roaming.objects.patches import UnknownObject
from roaming.parties.directory import PartyEntry
from roaming.protocols.oicp.bridge.crossings import TO_OCPI, note_crossing
from roaming.protocols.oicp.bridge.tariffs import write_tariff
from roaming.protocols.oicp.v2_3.evse_data import DELETE
from roaming.protocols.oicp.v2_3.pricing import Product
from roaming.protocols.wire.loss import LossReport
from roaming.tariffs.receive import delete_tariff, put_tariff


def publish_tariffs(*, owner: PartyEntry, provider: PartyEntry | None, products: Sequence[Product], action: str, at: datetime) -> None:
    """This function will store and queue the products as tariffs; to a provider without an agreement nothing is told."""
    audience = provider.key if provider else None
    for product in products:
        tariff = write_tariff(product, owner=owner.key, at=at)
        report = LossReport()
        report.dropped("MaximumProductChargingPower", product.max_power)
        note_crossing(report, owner=owner.key, receiver=audience, module="tariffs", version=TO_OCPI, object_id=tariff.id, at=at)
        try:
            if action == DELETE:
                delete_tariff(owner=owner.key, tariff_id=tariff.id, audience=audience, at=at, correlation_id="")
            else:
                put_tariff(tariff=tariff, audience=audience, at=at, correlation_id="")
        except (NoAgreement, UnknownParty, UnknownObject):
            continue
