"""The supplies behind a statement, each with the number and type of its invoice: statements list them, documents write them.

Netting never nets VAT: each direction of a pair has its own document, what was taken back stands on a credit note, and what is outside
the seller's VAT on one of its own (BR-O-02). The seller's statement numbers them, so seller and buyer find the same number.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from roaming.models import Party
from settlement.clearing.models import Charge
from settlement.netting.models import PairTotal
from settlement.statements.models import Statement, StatementLine
from settlement.tax.rules import Rule, rule_named
from settlement.terms.queries import list_self_billing

_DESCRIPTIONS: Mapping[str, str] = {
    Charge.Bucket.CURRENT: "Charging sessions of the period",
    Charge.Bucket.LATE: "Charging sessions of earlier periods",
    Charge.Bucket.CREDIT: "Charging sessions taken back",
}
_ORDER = {"receivable": 0, "payable": 1, "fee": 2}


@dataclass(frozen=True)
class SupplyLine:
    """One line; amounts are never negative. `rule` says why VAT is asked, or why not."""

    description: str
    net: Decimal
    vat: Decimal
    vat_rate: Decimal
    rule: Rule


@dataclass(frozen=True)
class SupplyKey:
    """What makes one document: its side of the statement, its parties, and its kind."""

    side: str
    seller: Party
    buyer: Party
    is_credit: bool
    is_outside: bool

    def place(self) -> tuple[object, ...]:
        """Where it stands among the others."""
        return _ORDER[self.side], self.seller.key, self.buyer.key, self.is_credit, self.is_outside


@dataclass(frozen=True)
class Supply:
    """One document to be: `numbered_by` is the seller's statement."""

    key: SupplyKey
    numbered_by: Statement
    is_self_billed: bool
    lines: tuple[SupplyLine, ...]

    @property
    def number(self) -> str:
        """The number of its invoice."""
        number = self.numbered_by.number or f"draft-{self.numbered_by.pk}"
        return f"{number}-{self.key.buyer.key}{'-C' if self.key.is_credit else ''}{'-O' if self.key.is_outside else ''}"

    @property
    def type_code(self) -> str:
        """UNTDID 1001: 380 invoice, 381 credit note; 389 and 261 where the buyer bills itself (Art. 224 of Directive 2006/112/EC)."""
        if self.is_self_billed:
            return "261" if self.key.is_credit else "389"
        return "381" if self.key.is_credit else "380"

    def total(self, name: str) -> Decimal:
        """The sum of `net` or `vat` of its lines."""
        return sum((getattr(line, name) for line in self.lines), Decimal(0))


def list_supplies(*, statement: Statement) -> list[Supply]:
    """This function will return the supplies of a statement in order: made, received, hub fees.

    Invoices less credit notes are the statement's receivable, payable and fees to the cent.
    """
    found: dict[SupplyKey, list[SupplyLine]] = defaultdict(list)
    for key, line in (*_of_pairs(statement), *_of_fees(statement)):
        found[key].append(line)
    statements = Statement.objects.filter(run=statement.run_id, currency=statement.currency).select_related("run__netting_set", "party")
    by_party = {row.party_id: row for row in statements}
    # Once for all pairs: a statement has hundreds.
    billed_by_provider = list_self_billing(at=statement.run.ends_at - timedelta(seconds=1))
    supplies = []
    for key in sorted(found, key=SupplyKey.place):
        is_self_billed = key.side != "fee" and billed_by_provider(operator=key.seller.pk, provider=key.buyer.pk)
        supplies.append(Supply(key, by_party[key.seller.pk], is_self_billed, tuple(found[key])))
    return supplies


def _of_pairs(statement: Statement) -> Iterator[tuple[SupplyKey, SupplyLine]]:
    pairs = PairTotal.objects.filter(run=statement.run_id, currency=statement.currency).select_related("operator", "provider")
    for side, role in (("receivable", "operator"), ("payable", "provider")):
        for pair in pairs.filter(**{role: statement.party_id}).order_by("vat_rate", "tax_note", "bucket"):
            is_credit = pair.net < 0 or (pair.net == 0 and pair.vat < 0)
            what = _DESCRIPTIONS.get(pair.bucket, "Disputed sessions")
            rule = rule_named(note=pair.tax_note)
            line = _line(f"{what}: {pair.count} CDRs, {abs(pair.energy_kwh):.4f} kWh", pair, rule, is_turned=is_credit)
            yield SupplyKey(side, pair.operator, pair.provider, is_credit, rule.category == "O"), line


def _of_fees(statement: Statement) -> Iterator[tuple[SupplyKey, SupplyLine]]:
    for fee in statement.lines.filter(kind=StatementLine.Kind.FEE).select_related("counterparty").order_by("number"):
        assert fee.counterparty is not None
        is_earned = fee.net > 0  # on the hub's own statement
        seller, buyer = (statement.party, fee.counterparty) if is_earned else (fee.counterparty, statement.party)
        rule = rule_named(note=fee.tax_note, is_fee=True)
        line = _line(f"Hub fee for {fee.count} CDRs", fee, rule, is_turned=not is_earned)
        yield SupplyKey("fee", seller, buyer, False, rule.category == "O"), line


def _line(description: str, row: PairTotal | StatementLine, rule: Rule, *, is_turned: bool) -> SupplyLine:
    sign = -1 if is_turned else 1
    return SupplyLine(description=description, net=sign * row.net, vat=sign * row.vat, vat_rate=row.vat_rate, rule=rule)
