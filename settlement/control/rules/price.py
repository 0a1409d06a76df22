"""Group F: price, currency, tax. What the amounts say about themselves; the price is not computed again here yet (check 71)."""

from collections.abc import Iterator
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.verdict import FLAG, HOLD, Remark, Rule
from settlement.tax.treatment import crosses_a_border

_A_CENT = Decimal("0.01")
_HIGHEST_VAT_PERCENT = 30


def components_add_up(evidence: Evidence) -> Iterator[Remark]:
    """Check 72: the costs of energy, time, parking, reservation and fixed fees sum to the total, each rounded to a cent on its own.

    A minimum or maximum price of the tariff explains a difference, and one component alone does not claim to be the whole.
    """
    cdr = evidence.cdr
    components = (cdr.total_fixed_cost, cdr.total_energy_cost, cdr.total_time_cost, cdr.total_parking_cost, cdr.total_reservation_cost)
    told = [component.before_taxes for component in components if component is not None]
    total = sum(told, Decimal(0))
    if not told or (len(told) == 1 and total <= evidence.net):
        return
    limits = {limit.before_taxes for tariff in cdr.tariffs for limit in (tariff.min_price, tariff.max_price) if limit is not None}
    if abs(total - evidence.net) > _A_CENT * (len(told) + 1) and evidence.net not in limits:
        message = f"the components sum to {total.normalize():f} {evidence.currency}, total_cost is {evidence.net.normalize():f}"
        yield Remark(72, "COMPONENTS_DIFFER", HOLD, message)


def vat_makes_sense(evidence: Evidence) -> Iterator[Remark]:
    """Checks 72 and 77: VAT has the sign of the amount and a rate that exists; between two states of the Union it is not charged."""
    if evidence.vat is None:
        yield Remark(77, "VAT_NOT_TOLD", FLAG, "the CDR tells no taxes: no VAT is charged")
        return
    if evidence.vat and (evidence.vat < 0 or not 0 < evidence.vat <= evidence.net * _HIGHEST_VAT_PERCENT / 100):
        message = f"VAT {evidence.vat.normalize():f} on {evidence.net.normalize():f} {evidence.currency}"
        yield Remark(72, "VAT_IMPLAUSIBLE", HOLD, message)
    if evidence.vat and crosses_a_border(seller_vat_id=evidence.seller_vat_id, buyer_vat_id=evidence.buyer_vat_id):
        yield Remark(77, "VAT_ON_REVERSE_CHARGE", FLAG, "VAT was sent on a supply under reverse charge: only the net amount is charged")


def priced_at_all(evidence: Evidence) -> Iterator[Remark]:
    """Checks 78 and 72: energy was delivered and nothing asked for it; and only a credit takes money back."""
    if evidence.net < 0:
        yield Remark(72, "NEGATIVE_TOTAL", HOLD, f"{evidence.net.normalize():f} {evidence.currency} without being a credit")
    if evidence.energy_kwh > 0 and evidence.net == 0:
        yield Remark(78, "UNPRICED", FLAG, f"{evidence.energy_kwh.normalize():f} kWh for nothing")


def credit_in_full(evidence: Evidence) -> Iterator[Remark]:
    """Check 79: a credit takes its original back in full (OCPI mod_cdrs, credit CDRs)."""
    if evidence.original_net is not None and evidence.net != -evidence.original_net:
        message = f"partial credit: {evidence.net.normalize():f} against an original of {evidence.original_net.normalize():f}"
        yield Remark(79, "PARTIAL_CREDIT", HOLD, message)


RULES: tuple[Rule, ...] = (components_add_up, vat_makes_sense, priced_at_all)
