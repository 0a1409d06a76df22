"""What a dispute books: a part of one charge, in the same VAT group, into a period that is open."""

from decimal import ROUND_HALF_UP, Decimal

from settlement.clearing.gate import period_after
from settlement.clearing.models import Charge
from settlement.disputes.models import Adjustment, Dispute

_FOUR_DECIMALS = Decimal("0.0001")


def adjust(*, dispute: Dispute, charge: Charge, kind: Adjustment.Kind, gross: Decimal, closed: frozenset[str]) -> Adjustment:
    """This function will book `gross` (+: the provider owes more) in the charge's period, or in the next one that is open.

    Net and VAT share it as they share the charge. The caller holds the gate of the netting set.
    """
    net = (gross * charge.net / charge.gross).quantize(_FOUR_DECIMALS, rounding=ROUND_HALF_UP)
    return Adjustment.objects.create(
        dispute=dispute,
        kind=kind,
        netting_set_id=charge.netting_set_id,
        period=period_after(name=charge.period, closed=closed),
        service_period=charge.service_period,
        operator_id=charge.operator_id,
        provider_id=charge.provider_id,
        currency=charge.currency,
        vat_rate=charge.vat_rate,
        tax_note=charge.tax_note,
        net=net,
        vat=gross - net,
        gross=gross,
    )
