"""Read declarations: all of them at once, since a hub has hundreds of parties and clears thousands of CDRs in a batch."""

from collections import defaultdict
from collections.abc import Mapping

from settlement.tax.models import TaxDeclaration
from settlement.tax.treatment import Standing

Declared = Mapping[int, tuple[Standing, ...]]


def read_standings() -> Declared:
    """This function will return what each party (by its row) declared about reselling, latest first; silent parties are absent."""
    found: dict[int, list[Standing]] = defaultdict(list)
    rows = TaxDeclaration.objects.filter(kind__in=[TaxDeclaration.Kind.DEALER, TaxDeclaration.Kind.CONSUMER]).order_by("-validity")
    for row in rows:
        found[row.party_id].append(
            Standing(row.country, row.kind == TaxDeclaration.Kind.DEALER, since=row.validity.lower, until=row.validity.upper)
        )
    return {party: tuple(standings) for party, standings in found.items()}
