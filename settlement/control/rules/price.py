"""Group F: price, currency, tax. What the amounts say about themselves, and what the hub computed from the tariff."""

from collections.abc import Iterator
from decimal import Decimal

from settlement.control.evidence import Evidence
from settlement.control.price import tolerance_of
from settlement.control.verdict import FLAG, HOLD, NORMALIZE, Remark, Rule
from settlement.tax.treatment import crosses_a_border

_A_CENT = Decimal("0.01")
_FOUR = Decimal("0.0001")
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
    if evidence.is_unpriced:
        yield Remark(78, "UNPRICED", NORMALIZE, f"no price was sent: {evidence.charged_net:f} {evidence.currency} by the hub's own rating")
    elif evidence.energy_kwh > 0 and evidence.net == 0 and not (evidence.repriced is not None and evidence.repriced.is_free):
        yield Remark(78, "UNPRICED", FLAG, f"{evidence.energy_kwh.normalize():f} kWh for nothing")


def tariff_in_force(evidence: Evidence) -> Iterator[Remark]:
    """Checks 69 and 70: the tariff is known, was in force when the session started, has the CDR's currency, and is the published one."""
    repriced = evidence.repriced
    if repriced is None:
        return
    if repriced.unknown:
        yield Remark(70, "TARIFF_UNKNOWN", HOLD, f"nobody told the hub tariff {', '.join(repriced.unknown)} as it was at the start")
    if repriced.net is None:
        if not repriced.unknown and evidence.terms is not None and evidence.terms.price_authority == "hub":
            yield Remark(70, "NO_TARIFF", HOLD, "the hub's price counts, but the CDR names no tariff to compute it from")
        return
    if repriced.currency != evidence.currency:
        yield Remark(69, "CURRENCY_DIFFERS", HOLD, f"the CDR is in {evidence.currency}, its tariff in {repriced.currency}")
        return
    tolerance = tolerance_of(net=evidence.net, limits=evidence.limits)
    if repriced.early:
        names = ", ".join(repriced.early)
        agrees = repriced.source == "published" and abs(repriced.net - evidence.net) <= tolerance
        message = f"tariff {names} inside the CDR was not in force when the session started (by its dates and last_updated)"
        yield Remark(70, "TARIFF_NOT_IN_FORCE", FLAG if agrees else HOLD, message)
    if repriced.published_net is not None and abs(repriced.published_net - evidence.net) > tolerance:
        message = f"by the published tariff {repriced.published_net.normalize():f} {evidence.currency}, by the one in the CDR"
        action = FLAG if repriced.is_newer else HOLD
        yield Remark(70, "TARIFF_DIFFERS", action, f"{message} {repriced.net.normalize():f}; told {evidence.net.normalize():f}")


_CAUSES = {
    "step_size": (75, "STEP_SIZE_MISAPPLIED", "the operator's price results without rounding by step_size"),
    "price_limit": (75, "PRICE_LIMIT_MISAPPLIED", "the operator's price results without the minimum or maximum"),
    "utc": (75, "CLOCK_MISREAD", "the operator's price results in UTC instead of local time"),
    "later_tariff": (76, "TARIFF_CHANGED", "the operator's price results from a tariff that began during the session"),
}


def price_agrees(evidence: Evidence) -> Iterator[Remark]:
    """Checks 71, 75 and 76: the hub computes the same price, within tolerance; where it does not, it names the likely reason."""
    repriced = evidence.repriced
    if repriced is None or repriced.net is None or repriced.currency != evidence.currency or evidence.is_unpriced:
        return
    off = evidence.net - repriced.net
    tolerance = tolerance_of(net=evidence.net, limits=evidence.limits)
    if abs(off) <= tolerance:
        return
    # Where the hub's price counts nothing is in doubt: it is charged, and both sides see the difference.
    action = FLAG if evidence.is_priced_by_hub else HOLD
    where = "" if repriced.zone_known or not repriced.is_clocked else "; the local time is not known"
    message = (
        f"told {evidence.net.normalize():f} {evidence.currency}, computed {repriced.net.normalize():f} ({off.normalize():+f}); "
        f"the limit is {tolerance.quantize(_FOUR).normalize():f}{where}"
    )
    yield Remark(71, "PRICE_MISMATCH", action, message)
    for cause in repriced.causes:
        check, code, sentence = _CAUSES[cause]
        yield Remark(check, code, action, sentence)


def below_the_cap(evidence: Evidence) -> Iterator[Remark]:
    """Check 73: the price per kWh is not above what was agreed, nor far off what the market asks.

    Without a cap, or with too few CDRs to know a market, nothing is said; nor about a kWh or less, where fees outweigh the energy.
    """
    limits, market = evidence.limits, evidence.market
    if evidence.energy_kwh <= 0 or evidence.charged_net <= 0:
        return
    price = (evidence.charged_net / evidence.energy_kwh).quantize(_FOUR)
    cap = limits.number(73, "per_kwh")
    if cap and price > cap:
        yield Remark(73, "PRICE_ABOVE_CAP", HOLD, f"{price:f} {evidence.currency} per kWh; the cap is {cap.normalize():f}")
    if market is None or evidence.energy_kwh <= 1 or market.cdrs < limits.number(73, "market_cdrs"):
        return
    factor = limits.number(73, "market_factor")
    if factor and not market.per_kwh / factor <= price <= market.per_kwh * factor:
        usual = f"the usual price is {market.per_kwh.normalize():f}, {factor.normalize():f} times more or less is accepted"
        yield Remark(73, "PRICE_OFF_MARKET", HOLD, f"{price:f} {evidence.currency} per kWh; {usual}")


def corrected_once_or_twice(evidence: Evidence) -> Iterator[Remark]:
    """Check 80: a session that was corrected again and again needs a person."""
    revisions = evidence.limits.number(80, "revisions")
    if evidence.context is not None and evidence.context.corrections > revisions:
        yield Remark(80, "CORRECTION_CHURN", HOLD, f"{evidence.context.corrections} CDRs of this session were credited before")


def credit_in_full(evidence: Evidence) -> Iterator[Remark]:
    """Check 79: a credit takes its original back in full (OCPI mod_cdrs, credit CDRs)."""
    if evidence.original_net is not None and evidence.net != -evidence.original_net:
        message = f"partial credit: {evidence.net.normalize():f} against an original of {evidence.original_net.normalize():f}"
        yield Remark(79, "PARTIAL_CREDIT", HOLD, message)


def credit_in_time(evidence: Evidence) -> Iterator[Remark]:
    """Check 80: a credit long after its session needs a person."""
    ended_at = evidence.context.original_ended_at if evidence.context is not None else None
    days = (evidence.received_at - ended_at).days if ended_at is not None else 0
    limit = evidence.limits.number(80, "days")
    if days > limit:
        yield Remark(80, "LATE_CREDIT", HOLD, f"credited {days} days after the session; the limit is {limit.normalize():f}")


RULES: tuple[Rule, ...] = (
    components_add_up,
    vat_makes_sense,
    priced_at_all,
    tariff_in_force,
    price_agrees,
    below_the_cap,
    corrected_once_or_twice,
)
