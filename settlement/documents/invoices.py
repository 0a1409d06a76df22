"""The supplies on a statement as invoices and credit notes: what each seller asks of each buyer, before it is written as a file.

Netting never nets VAT: each direction of a pair has its own document, and what was taken back stands on a credit note of its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import NamedTuple

from roaming.models import Party
from settlement.clearing.models import Charge
from settlement.netting.models import PairTotal
from settlement.statements.models import Statement, StatementLine
from settlement.terms.details import get_details

_DESCRIPTIONS: Mapping[str, str] = {
    Charge.Bucket.CURRENT: "Charging sessions of the period",
    Charge.Bucket.LATE: "Charging sessions of earlier periods",
    Charge.Bucket.CREDIT: "Charging sessions taken back",
}


class MissingVatId(Exception):
    """An e-invoice names both VAT ids, and a party has none; the message says which party."""


@dataclass(frozen=True)
class InvoiceLine:
    """One line; amounts are never negative. `tax_note` is the reason why no VAT is asked."""

    description: str
    net: Decimal
    vat: Decimal
    vat_rate: Decimal
    tax_note: str


@dataclass(frozen=True)
class Invoice:
    """One invoice or credit note. `side` says where the statement counts it: receivable, payable or fee."""

    number: str
    side: str
    is_credit: bool
    seller: Party
    buyer: Party
    issued_on: date
    lines: tuple[InvoiceLine, ...]

    @property
    def gross(self) -> Decimal:
        """What is asked for, with VAT; of a credit note what is given back."""
        return sum((line.net + line.vat for line in self.lines), Decimal(0))


class _Supply(NamedTuple):
    side: str
    seller: Party
    buyer: Party
    is_credit: bool


def list_invoices(*, statement: Statement) -> list[Invoice]:
    """This function will return the invoices and credit notes of a statement: supplies made, supplies received, hub fees.

    The seller's statement numbers them, so that seller and buyer find the same number in their files. Invoices less credit notes are
    the statement's receivable, payable and fees to the cent. It raises MissingVatId.
    """
    supplies: dict[_Supply, list[InvoiceLine]] = defaultdict(list)
    for supply, line in (*_of_pairs(statement), *_of_fees(statement)):
        supplies[supply].append(line)
    for party in {party for supply in supplies for party in (supply.seller, supply.buyer)}:
        if not get_details(party=party)["vat_id"]:
            raise MissingVatId(f"{party.key} has no VAT id, which an e-invoice needs: set_party_details --party {party.key} --vat-id …")
    statements = Statement.objects.filter(run=statement.run_id, currency=statement.currency).select_related("run")
    by_party = {row.party_id: row for row in statements}
    order = {"receivable": 0, "payable": 1, "fee": 2}
    return [
        _invoice(supply, lines, by_party[supply.seller.pk])
        for supply, lines in sorted(
            supplies.items(), key=lambda item: (order[item[0].side], item[0].seller.key, item[0].buyer.key, item[0].is_credit)
        )
    ]


def _invoice(supply: _Supply, lines: list[InvoiceLine], numbered_by: Statement) -> Invoice:
    number = numbered_by.number or f"draft-{numbered_by.pk}"
    at = numbered_by.issued_at or numbered_by.run.closed_at
    return Invoice(
        number=f"{number}-{supply.buyer.key}{'-C' if supply.is_credit else ''}",
        issued_on=at.astimezone(UTC).date(),
        lines=tuple(lines),
        **supply._asdict(),
    )


def _of_pairs(statement: Statement) -> Iterator[tuple[_Supply, InvoiceLine]]:
    pairs = PairTotal.objects.filter(run=statement.run_id, currency=statement.currency).select_related("operator", "provider")
    for side, role in (("receivable", "operator"), ("payable", "provider")):
        for pair in pairs.filter(**{role: statement.party_id}).order_by("vat_rate", "tax_note", "bucket"):
            is_credit = pair.net < 0 or (pair.net == 0 and pair.vat < 0)
            what = _DESCRIPTIONS.get(pair.bucket, "Disputed sessions")
            line = _line(f"{what}: {pair.count} CDRs, {abs(pair.energy_kwh):.4f} kWh", pair, is_credit)
            yield _Supply(side, pair.operator, pair.provider, is_credit), line


def _of_fees(statement: Statement) -> Iterator[tuple[_Supply, InvoiceLine]]:
    for fee in statement.lines.filter(kind=StatementLine.Kind.FEE).select_related("counterparty").order_by("number"):
        assert fee.counterparty is not None
        is_earned = fee.net > 0  # on the hub's own statement
        seller, buyer = (statement.party, fee.counterparty) if is_earned else (fee.counterparty, statement.party)
        yield _Supply("fee", seller, buyer, False), _line(f"Hub fee for {fee.count} CDRs", fee, not is_earned)


def _line(description: str, row: PairTotal | StatementLine, is_turned: bool) -> InvoiceLine:
    sign = -1 if is_turned else 1
    return InvoiceLine(description=description, net=sign * row.net, vat=sign * row.vat, vat_rate=row.vat_rate, tax_note=row.tax_note)
