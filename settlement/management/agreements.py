"""An agreement as the commands print it."""

from typing import Any

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
            "hub_fee": f"{terms.hub_fee.normalize():f}",
            "hub_fee_payer": terms.hub_fee_payer,
            "currency": terms.currency,
            "due_days": terms.due_days,
            "netting_set": terms.netting_set.name,
            "cycle": terms.netting_set.cycle,
        },
    }


def describe_terms(terms: SettlementTerms) -> dict[str, Any]:
    """This function will return the agreement of some terms."""
    return describe_agreement(terms.agreement, terms)
