"""The supplies on a statement as invoices and credit notes: what each seller asks of each buyer, before it is written as a file.

Netting never nets VAT: each direction of a pair has its own document, and what was taken back stands on a credit note of its own.
One model, from which UBL, CII and the PDF are written. Nothing is guessed: where a proof is missing there is no document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import NamedTuple

from roaming.models import Party
from settlement.clearing.models import Charge
from settlement.documents.supplies import countries_of, credited_numbers, is_billed_by_provider
from settlement.netting.models import NettingRun, PairTotal
from settlement.statements.models import Statement, StatementLine
from settlement.tax.proof import missing_of_party, missing_of_supply
from settlement.tax.rules import Rule, rule_named
from settlement.terms.details import get_details

_DESCRIPTIONS: Mapping[str, str] = {
    Charge.Bucket.CURRENT: "Charging sessions of the period",
    Charge.Bucket.LATE: "Charging sessions of earlier periods",
    Charge.Bucket.CREDIT: "Charging sessions taken back",
}
_ORDER = {"receivable": 0, "payable": 1, "fee": 2}


class MissingVatId(Exception):
    """An e-invoice names both VAT ids and rests on declarations; the message says who must show what."""


@dataclass(frozen=True)
class OnPaper:
    """A party as an invoice names it."""

    key: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str


@dataclass(frozen=True)
class InvoiceLine:
    """One line; amounts are never negative. `rule` says why VAT is asked, or why not."""

    description: str
    net: Decimal
    vat: Decimal
    vat_rate: Decimal
    rule: Rule

    @property
    def category(self) -> tuple[str, Decimal]:
        """EN 16931 category (UNTDID 5305) and rate; Z where the seller taxes and the CDRs say 0 percent."""
        return ("Z" if self.rule.is_taxed and not self.vat_rate else self.rule.category), self.vat_rate


@dataclass(frozen=True)
class Invoice:
    """One invoice or credit note. `side` says where the statement counts it: receivable, payable or fee."""

    number: str
    side: str
    is_credit: bool
    is_self_billed: bool
    seller: OnPaper
    buyer: OnPaper
    issued_on: date
    due_on: date | None
    first_day: date
    final_day: date
    currency: str
    corrects: tuple[str, ...]
    settled_by: str
    lines: tuple[InvoiceLine, ...]

    @property
    def type_code(self) -> str:
        """UNTDID 1001: 380 invoice, 381 credit note; 389 and 261 where the buyer bills itself (Art. 224 of Directive 2006/112/EC)."""
        if self.is_self_billed:
            return "261" if self.is_credit else "389"
        return "381" if self.is_credit else "380"

    @property
    def is_outside_vat(self) -> bool:
        """Whether the supply is outside the seller's VAT: such a document names no VAT id (BR-O-02)."""
        return any(line.category[0] == "O" for line in self.lines)

    @property
    def net(self) -> Decimal:
        """The sum without VAT."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """The VAT."""
        return sum((line.vat for line in self.lines), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """What is asked for, with VAT; of a credit note what is given back."""
        return self.net + self.vat

    def groups(self) -> dict[tuple[str, Decimal], list[InvoiceLine]]:
        """The lines by VAT category and rate."""
        groups: dict[tuple[str, Decimal], list[InvoiceLine]] = defaultdict(list)
        for line in self.lines:
            groups[line.category].append(line)
        return groups


class _Supply(NamedTuple):
    side: str
    seller: Party
    buyer: Party
    is_credit: bool
    is_outside: bool


_Supplies = Mapping[_Supply, Sequence[InvoiceLine]]


def list_invoices(*, statement: Statement) -> list[Invoice]:
    """This function will return the invoices and credit notes of a statement: supplies made, supplies received, hub fees.

    The seller's statement numbers them, so that seller and buyer find the same number in their files. Invoices less credit notes are
    the statement's receivable, payable and fees to the cent. It raises MissingVatId.
    """
    supplies: dict[_Supply, list[InvoiceLine]] = defaultdict(list)
    for supply, line in (*_of_pairs(statement), *_of_fees(statement)):
        supplies[supply].append(line)
    papers = _papers(supplies)
    missing = next(_missing(statement, supplies, papers), None)
    if missing is not None:
        raise MissingVatId(missing)
    statements = Statement.objects.filter(run=statement.run_id, currency=statement.currency).select_related("run__netting_set")
    by_party = {row.party_id: row for row in statements}
    ordered = sorted(supplies.items(), key=lambda item: _place(item[0]))
    return [_invoice(supply, lines, by_party[supply.seller.pk], papers) for supply, lines in ordered]


def _place(supply: _Supply) -> tuple[object, ...]:
    return _ORDER[supply.side], supply.seller.key, supply.buyer.key, supply.is_credit, supply.is_outside


def _papers(supplies: Iterable[_Supply]) -> dict[int, OnPaper]:
    papers = {}
    for party in {party for supply in supplies for party in (supply.seller, supply.buyer)}:
        told = get_details(party=party)
        papers[party.pk] = OnPaper(
            key=str(party.key),
            name=told["legal_name"] or party.name or str(party.key),
            street=told["street"],
            postal_code=told["postal_code"],
            city=told["city"],
            country=told["country"] or party.country_code,
            vat_id=told["vat_id"],
        )
    return papers


def _missing(statement: Statement, supplies: _Supplies, papers: Mapping[int, OnPaper]) -> Iterator[str]:
    run: NettingRun = statement.run
    for party in sorted({party for supply in supplies for party in (supply.seller, supply.buyer)}, key=lambda party: party.key):
        gap = missing_of_party(party=party, vat_id=papers[party.pk].vat_id)
        if gap is not None:
            yield gap
    for supply, lines in sorted(supplies.items(), key=lambda item: _place(item[0])):
        for rule in {line.rule for line in lines if supply.side != "fee" and line.rule.proof}:
            yield from missing_of_supply(
                rule=rule,
                seller=supply.seller,
                buyer=supply.buyer,
                buyer_vat_id=papers[supply.buyer.pk].vat_id,
                countries=countries_of(run=run, operator=supply.seller, provider=supply.buyer, note=rule.note),
                first_day=run.starts_at.astimezone(UTC).date(),
                final_day=(run.ends_at.astimezone(UTC) - timedelta(days=1)).date(),
            )


def _invoice(supply: _Supply, lines: Sequence[InvoiceLine], numbered_by: Statement, papers: Mapping[int, OnPaper]) -> Invoice:
    run: NettingRun = numbered_by.run
    number = numbered_by.number or f"draft-{numbered_by.pk}"
    at = numbered_by.issued_at or run.closed_at
    is_sale = supply.side != "fee"
    return Invoice(
        number=f"{number}-{supply.buyer.key}{'-C' if supply.is_credit else ''}{'-O' if supply.is_outside else ''}",
        side=supply.side,
        is_credit=supply.is_credit,
        is_self_billed=is_sale and is_billed_by_provider(run=run, operator=supply.seller, provider=supply.buyer),
        seller=papers[supply.seller.pk],
        buyer=papers[supply.buyer.pk],
        issued_on=at.astimezone(UTC).date(),
        due_on=numbered_by.due_on,
        first_day=run.starts_at.astimezone(UTC).date(),
        final_day=(run.ends_at.astimezone(UTC) - timedelta(days=1)).date(),
        currency=numbered_by.currency,
        corrects=credited_numbers(statement=numbered_by, buyer=supply.buyer) if supply.is_credit and is_sale else (),
        settled_by=f"Settled by the netting of {run.period}, {run.netting_set.name}: see the statement.",
        lines=tuple(lines),
    )


def _of_pairs(statement: Statement) -> Iterator[tuple[_Supply, InvoiceLine]]:
    pairs = PairTotal.objects.filter(run=statement.run_id, currency=statement.currency).select_related("operator", "provider")
    for side, role in (("receivable", "operator"), ("payable", "provider")):
        for pair in pairs.filter(**{role: statement.party_id}).order_by("vat_rate", "tax_note", "bucket"):
            is_credit = pair.net < 0 or (pair.net == 0 and pair.vat < 0)
            what = _DESCRIPTIONS.get(pair.bucket, "Disputed sessions")
            rule = rule_named(note=pair.tax_note)
            line = _line(f"{what}: {pair.count} CDRs, {abs(pair.energy_kwh):.4f} kWh", pair, rule, is_turned=is_credit)
            yield _Supply(side, pair.operator, pair.provider, is_credit, rule.category == "O"), line


def _of_fees(statement: Statement) -> Iterator[tuple[_Supply, InvoiceLine]]:
    for fee in statement.lines.filter(kind=StatementLine.Kind.FEE).select_related("counterparty").order_by("number"):
        assert fee.counterparty is not None
        is_earned = fee.net > 0  # on the hub's own statement
        seller, buyer = (statement.party, fee.counterparty) if is_earned else (fee.counterparty, statement.party)
        rule = rule_named(note=fee.tax_note, is_fee=True)
        line = _line(f"Hub fee for {fee.count} CDRs", fee, rule, is_turned=not is_earned)
        yield _Supply("fee", seller, buyer, False, rule.category == "O"), line


def _line(description: str, row: PairTotal | StatementLine, rule: Rule, *, is_turned: bool) -> InvoiceLine:
    sign = -1 if is_turned else 1
    return InvoiceLine(description=description, net=sign * row.net, vat=sign * row.vat, vat_rate=row.vat_rate, rule=rule)
