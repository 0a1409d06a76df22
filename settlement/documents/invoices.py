"""The supplies on a statement as invoices and credit notes: what each seller asks of each buyer, before it is written as a file.

One model, from which UBL, CII and the PDF are written. Nothing is guessed: where a proof is missing there is no document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal

from django.conf import settings

from settlement.documents import words
from settlement.documents.credited import countries_of, credited_numbers
from settlement.netting.models import NettingRun
from settlement.statements.content import details_on_paper
from settlement.statements.models import Statement
from settlement.statements.supplies import Supply, SupplyLine, list_supplies
from settlement.tax.local_amounts import currency_of, in_currency_of
from settlement.tax.proof import REQUIRED, missing_of_party, missing_of_supply
from settlement.tax.rates import alpha_2
from settlement.tax.rules import Proof, Rule, state_of


class MissingVatId(Exception):
    """An e-invoice names both VAT ids and rests on declarations; the message says who must show what."""


class MissingTaxRate(MissingVatId):
    """The VAT has to be told in another currency too, and no rate was loaded for the end of the period."""


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
    language: str = ""

    @property
    def category(self) -> tuple[str, Decimal]:
        """EN 16931 category (UNTDID 5305) and rate; Z where the seller taxes and the CDRs say 0 percent."""
        return ("Z" if self.rule.is_taxed and not self.vat_rate else self.rule.category), self.vat_rate


@dataclass(frozen=True)
class Invoice:
    """One invoice or credit note. `side` says where the statement counts it: receivable, payable or fee."""

    number: str
    side: str
    type_code: str
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
    language: str = ""  # of its free text; empty: English
    tax_currency: str = ""  # BT-6, where VAT is also told in the currency of the state that gets it
    tax_amount: Decimal = Decimal(0)  # BT-111

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


def list_invoices(*, statement: Statement) -> list[Invoice]:
    """This function will return the invoices and credit notes of a statement: supplies made, supplies received, hub fees.

    It raises MissingVatId where a proof is missing that one of them rests on, and MissingTaxRate.
    """
    supplies = list_supplies(statement=statement)
    papers = _papers(supplies)
    missing = next(_missing(statement, supplies, papers), None)
    if missing is not None:
        raise MissingVatId(missing)
    languages = {key: words.language_of(told=details_on_paper(key).language) for key in {supply.key.buyer for supply in supplies}}
    return [_invoice(supply, papers, languages[supply.key.buyer]) for supply in supplies]


def _papers(supplies: Iterable[Supply]) -> dict[int, OnPaper]:
    papers = {}
    for party in {party for supply in supplies for party in (supply.key.seller, supply.key.buyer)}:
        told = details_on_paper(party)
        papers[party.pk] = OnPaper(
            key=told.party,
            name=told.name,
            street=told.street,
            postal_code=told.postal_code,
            city=told.city,
            country=told.country,
            vat_id=told.vat_id,
        )
    return papers


def _missing(statement: Statement, supplies: Iterable[Supply], papers: Mapping[int, OnPaper]) -> Iterator[str]:
    run: NettingRun = statement.run
    for party in sorted({party for supply in supplies for party in (supply.key.seller, supply.key.buyer)}, key=lambda party: party.key):
        gap = missing_of_party(party=party, vat_id=papers[party.pk].vat_id)
        if gap is not None:
            yield gap
    for supply in supplies:
        key = supply.key
        for rule in {line.rule for line in supply.lines if key.side != "fee" and line.rule.proof}:
            yield from missing_of_supply(
                rule=rule,
                seller=key.seller,
                buyer=key.buyer,
                buyer_vat_id=papers[key.buyer.pk].vat_id,
                countries=countries_of(run=run, operator=key.seller, provider=key.buyer, note=rule.note),
                first_day=_first_day(run),
                final_day=_final_day(run),
            )


def _invoice(supply: Supply, papers: Mapping[int, OnPaper], language: str) -> Invoice:
    key, numbered_by = supply.key, supply.numbered_by
    run: NettingRun = numbered_by.run
    at = numbered_by.issued_at or run.closed_at
    corrects = credited_numbers(statement=numbered_by, buyer=key.buyer) if key.is_credit and key.side != "fee" else ()
    tax_currency, tax_amount = _in_tax_currency(supply, papers)
    return Invoice(
        number=supply.number,
        side=key.side,
        type_code=supply.type_code,
        is_credit=key.is_credit,
        is_self_billed=supply.is_self_billed,
        seller=papers[key.seller.pk],
        buyer=papers[key.buyer.pk],
        issued_on=at.astimezone(UTC).date(),
        due_on=numbered_by.due_on,
        first_day=_first_day(run),
        final_day=_final_day(run),
        currency=numbered_by.currency,
        corrects=corrects,
        settled_by=words.say_settled(period=run.period, netting_set=run.netting_set.name, language=language),
        lines=tuple(_line(line, language) for line in supply.lines),
        language=language,
        tax_currency=tax_currency,
        tax_amount=tax_amount,
    )


def _line(line: SupplyLine, language: str) -> InvoiceLine:
    description = words.say_line(description=line.description, language=language)
    rule = line.rule._replace(law=words.say(phrase=line.rule.law, language=language))
    return InvoiceLine(description, line.net, line.vat, line.vat_rate, rule, language)


def _in_tax_currency(supply: Supply, papers: Mapping[int, OnPaper]) -> tuple[str, Decimal]:
    """This function will return the VAT in the currency of the state that gets it, nothing where the invoice is in it (Art. 230)."""
    run: NettingRun = supply.numbered_by.run
    vat, currency, on = supply.total("vat"), supply.numbered_by.currency, _final_day(run)
    states = {state_of(papers[supply.key.seller.pk].vat_id)}
    for rule in {line.rule for line in supply.lines if line.vat and line.rule.proof == Proof.REGISTRATION}:
        states = set(map(alpha_2, countries_of(run=run, operator=supply.key.seller, provider=supply.key.buyer, note=rule.note)))
    local = {currency_of(country=state, on=on) for state in states}
    if not vat or len(local) != 1 or local == {currency}:  # of several countries the statement's fourth section tells each
        return "", Decimal(0)
    told = in_currency_of(country=states.pop(), amount=vat, currency=currency, on=on)
    if told is not None:
        return local.pop(), told.amount
    if settings.HUB_TAX_PROOF == REQUIRED:
        raise MissingTaxRate(f"{supply.number}: VAT must be told in {local.pop()} too (Art. 230), no rate of {on}: load_rates --file …")
    return "", Decimal(0)


def _first_day(run: NettingRun) -> date:
    return run.starts_at.astimezone(UTC).date()


def _final_day(run: NettingRun) -> date:
    return (run.ends_at.astimezone(UTC) - timedelta(days=1)).date()
