"""An agreement as the commands print it."""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import WrongUsage
from roaming.models import RoamingAgreement
from settlement.terms.models import SettlementTerms


def describe_agreement(agreement: RoamingAgreement, terms: SettlementTerms | None) -> dict[str, Any]:
    """This function will return an agreement with its terms (None: nobody said how they pay, and CDRs are held)."""
    return {
        "agreement": agreement.pk,
        "operator": str(agreement.operator.key) if agreement.operator else None,
        "provider": str(agreement.provider.key) if agreement.provider else None,
        "starts": agreement.validity.lower,
        "ends": agreement.validity.upper,
        "modules": agreement.modules,
        "terms": terms
        and {
            "price_authority": terms.price_authority,
            "hub_fee": _in_cents_at_least(terms.hub_fee),
            "hub_fee_payer": terms.hub_fee_payer,
            "currency": terms.currency,
            "due_days": terms.due_days,
            "netting_set": terms.netting_set.name,
            "cycle": terms.netting_set.cycle,
            "fee_plan": terms.fee_plan,
            "pricing": terms.pricing,
            "tolerance_amount": terms.tolerance_amount,
            "tolerance_percent": terms.tolerance_percent,
            "late_hold_days": terms.late_hold_days,
            "dispute_days": terms.dispute_days,
            "self_billing": terms.self_billing,
            "billed_by": terms.billed_by,
            "scope": terms.scope,
            "settle_in": terms.settle_in,
            "late_interest": terms.late_interest,
            "starts": terms.validity.lower,
            "ends": terms.validity.upper,
        },
    }


def _in_cents_at_least(amount: Decimal) -> str:
    """0.1000 is 0.10, as people write money; 0.0350 is 0.035: what was signed, no digit less."""
    short = amount.normalize()
    return f"{short:f}" if -int(short.as_tuple().exponent) >= 2 else f"{short:.2f}"


def describe_terms(terms: SettlementTerms) -> dict[str, Any]:
    """This function will return the agreement of some terms."""
    return describe_agreement(terms.agreement, terms)


def add_further_arguments(parser: CommandParser) -> None:
    """This function will declare the options for terms beyond the fee per CDR; what is not told stays as the hub has it."""
    parser.add_argument(
        "--fee-plan", metavar="JSON", help='{"tiers": [["10000", "0.05"], [null, "0.03"]], "percent", "subscription", "minimum"}'
    )
    parser.add_argument("--pricing", metavar="JSON", help='{"step_size", "flat_fee", "rounding_mode", "rounding_scale", "rounding_place"}')
    parser.add_argument("--scope", metavar="JSON", help='{"countries": ["DEU"], "token_types": [], "power_types": []}')
    parser.add_argument("--tolerance-amount", metavar="AMOUNT")
    parser.add_argument("--tolerance-percent", metavar="PERCENT")
    parser.add_argument("--late-hold-days", type=int, metavar="DAYS")
    parser.add_argument("--dispute-days", type=int, metavar="DAYS")
    parser.add_argument("--no-self-billing", action="store_true")
    parser.add_argument("--settle-in", metavar="CURRENCY", help="convert whatever the pair owes each other into it, at ECB rates")
    parser.add_argument(
        "--late-interest", metavar="PERCENT", help="a year, on overdue payments between the two; dunning letters ask for it"
    )
    parser.add_argument("--billed-by", choices=SettlementTerms.BilledBy.values, help="provider: it bills itself, invoices are of type 389")


def read_further(options: dict[str, Any]) -> dict[str, Any]:
    """This function will return the terms that the options tell; it raises WrongUsage."""
    told: dict[str, Any] = {}
    for name in ("fee_plan", "pricing", "scope"):
        if options[name] is not None:
            try:
                told[name] = json.loads(options[name])
            except ValueError as wrong:
                raise WrongUsage(f"--{name.replace('_', '-')}: not JSON: {wrong}") from wrong
            if not isinstance(told[name], dict):
                raise WrongUsage(f"--{name.replace('_', '-')}: expected a JSON object")
    for name, read, most in _NUMBERS:
        if options[name] is not None:
            told[name] = _number(name, options[name], read, most)
    if options["settle_in"] is not None:
        told["settle_in"] = options["settle_in"].upper()
    if options["no_self_billing"]:
        told["self_billing"] = False
    if options["billed_by"] is not None:
        told["billed_by"] = options["billed_by"]
    return told


_NUMBERS: tuple[tuple[str, Callable[[str], Decimal | int], int], ...] = (
    ("tolerance_amount", Decimal, 999),
    ("tolerance_percent", Decimal, 999),
    ("late_interest", Decimal, 100),
    ("late_hold_days", int, 3650),
    ("dispute_days", int, 3650),
)


def _number(name: str, text: object, read: Callable[[str], Decimal | int], most: int) -> Decimal | int:
    option = f"--{name.replace('_', '-')}"
    try:
        number = read(str(text))
    except (InvalidOperation, ValueError) as wrong:
        raise WrongUsage(f"{option}: {text!r} is not a number") from wrong
    if not 0 <= number <= most:
        raise WrongUsage(f"{option}: {text} is not between 0 and {most}")
    return number
