"""Parties and days as the commands of money are told them."""

import argparse
from datetime import date

from django.conf import settings

from roaming import canonical
from roaming.management.operator_command import Refused
from roaming.models import Party
from roaming.parties.queries import find_party
from settlement.terms.hub import hub_party


def party_with_papers(key: canonical.PartyId) -> Party:
    """This function will return a party that may have papers, the hub's own among them; it raises Refused for an unknown one."""
    if key == canonical.PartyId.parse(settings.HUB_PARTY):
        return hub_party()
    party = find_party(key)
    if party is None:
        raise Refused(f"{key} is not a party of this hub: invite its platform first")
    return party


def day_argument(text: str) -> date:
    """This function will read a day, as argparse wants it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-10-01") from None
