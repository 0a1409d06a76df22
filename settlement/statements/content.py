"""The canonical statement: built once from the stored figures, and every export is rendered from it.

`StatementContent` is everything but the CDR lines. It is frozen as bytes when the statement is issued, because names and addresses
change; the CDR lines need no freezing, they are read from charges and sealed CDRs, which the database keeps as they are.
docs/statement.schema.json is generated from these types.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from roaming import canonical
from roaming.models import Cdr, Party
from settlement.clearing.models import Charge, Hold
from settlement.netting.models import NettingRun, PlannedPayment
from settlement.netting.references import text_of
from settlement.statements.models import Statement, StatementLine
from settlement.statements.sections import Section, build_sections
from settlement.tax.rules import rule_named
from settlement.terms.details import get_details
from settlement.terms.hub import hub_party

VERSION = 1
_TAXED = frozenset({StatementLine.Kind.RECEIVABLE, StatementLine.Kind.PAYABLE, StatementLine.Kind.FEE, StatementLine.Kind.ADJUSTMENT})

Amount = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?$", description="A decimal number as text, never a float.")]
PartyKey = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")]


class PartyDetails(msgspec.Struct, frozen=True):
    """A company as it stands on paper."""

    party: PartyKey
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str
    iban: str
    language: str = ""


class Totals(msgspec.Struct, frozen=True):
    """What the party is owed, owes and bears in fees, with VAT; `net` is receivable − payable − fees, plus
    what was carried in or on and what was settled in another currency."""

    net: Amount
    receivable: Amount
    payable: Amount
    fees: Amount
    carried: Amount | msgspec.UnsetType = msgspec.UNSET  # told where there is any: what was issued before keeps its bytes
    converted: Amount | msgspec.UnsetType = msgspec.UNSET


class Line(msgspec.Struct, frozen=True):
    """One line, signed for the party. All lines sum to the net total."""

    line: int
    kind: Annotated[str, msgspec.Meta(description="receivable, payable, fee, rounding, vat_rounding, adjustment, carry or conversion")]
    counterparty: PartyKey | None
    counterparty_name: str
    bucket: str
    description: str
    cdrs: int
    energy_kwh: Amount
    net: Amount
    vat_rate: Amount
    vat: Amount
    gross: Amount
    tax_note: str
    legal_basis: str = ""


class Tax(msgspec.Struct, frozen=True):
    """One VAT group of one side after its one rounding: `vat` is `vat_rate` percent of each counterparty's rounded net, summed."""

    side: str
    vat_rate: Amount
    tax_note: str
    net: Amount
    vat: Amount
    gross: Amount
    legal_basis: str = ""


class Payment(msgspec.Struct, frozen=True, rename={"payer": "from", "payee": "to"}):
    """One payment of the plan that the party makes or receives; `iban` is where it goes."""

    payer: PartyKey
    payee: PartyKey
    payee_name: str
    iban: str
    amount: Amount
    reference: str


class Bridge(msgspec.Struct, frozen=True):
    """From CDRs to the statement: how many stand on it, of which kinds, and how many are held out of it."""

    cdrs: int
    current: int
    late: int
    credits: int
    energy_kwh: Amount
    held: int
    held_net: Amount


class StatementContent(msgspec.Struct, frozen=True):
    """A statement without its CDR lines."""

    version: int
    number: str | None
    state: str
    party: PartyKey
    period: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    netting_set: str
    issued_on: date | None
    due_on: date | None
    issuer: PartyDetails
    holder: PartyDetails
    totals: Totals
    lines: list[Line]
    taxes: list[Tax]
    payments: list[Payment]
    bridge: Bridge
    chain_head: str
    sections: list[Section] = []


class CdrLine(msgspec.Struct, frozen=True):
    """One CDR of the statement. `gross` as charged (four decimals, credits negative), `shown` its share of the rounded whole."""

    line: int
    cdr: str
    side: str
    operator: PartyKey
    provider: PartyKey
    session_id: str
    authorization_reference: str
    credit_of: str | None
    bucket: str
    period: str
    service_period: str
    original_statement: str | None
    original_line: int | None
    location_id: str
    evse_id: str
    country: str
    contract_id: str
    auth_method: str
    started_at: datetime
    ended_at: datetime
    duration_seconds: int
    energy_kwh: Amount
    currency: str
    net: Amount
    vat_rate: Amount
    vat: Amount
    gross: Amount
    tax_note: str
    shown: Amount
    amount: Amount
    hub_fee: Amount
    price_source: str
    received_at: datetime
    days_late: int
    seal: str
    invoice_number: str
    hub_trace_id: str
    operator_name: str
    provider_name: str
    agreement: int
    terms: int
    connector_id: str
    location_name: str
    address: str
    postal_code: str
    city: str
    latitude: str
    longitude: str
    power_type: str
    max_kw: Amount | None
    token_ref: str
    started_local: str
    ended_local: str
    time_zone: str
    charging_seconds: int
    parking_seconds: int
    out_of_order_seconds: int | None
    meter_id: str
    meter_start: Amount | None
    meter_end: Amount | None
    signature_status: str
    tariff_id: str
    tariff_version: str
    unit_prices: str
    energy_amount: Amount | None
    time_amount: Amount | None
    parking_amount: Amount | None
    flat_amount: Amount | None
    reservation_amount: Amount | None
    min_max_adjustment: Amount | None
    rebate: Amount | None
    fx_rate: Amount | None
    settlement_currency: str | None
    net_settled: Amount | None
    vat_code: str
    checks_flagged: str
    dispute_status: str
    line_hash: str


class StatementDocument(StatementContent, frozen=True, kw_only=True):
    """The JSON export."""

    cdrs: list[CdrLine]


def build_content(*, statement: Statement) -> StatementContent:
    """This function will build the canonical statement of a draft, or of one that is being issued, from the stored figures."""
    run, currency = statement.run, statement.currency
    issuer = hub_party()
    return StatementContent(
        version=VERSION,
        number=statement.number,
        state=statement.state,
        party=str(statement.party.key),
        period=run.period,
        currency=currency,
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        netting_set=run.netting_set.name,
        issued_on=statement.issued_at.date() if statement.issued_at else None,
        due_on=statement.due_on,
        issuer=details_on_paper(issuer),
        holder=details_on_paper(statement.party),
        totals=Totals(
            net=money(statement.net, currency),
            receivable=money(statement.receivable, currency),
            payable=money(statement.payable, currency),
            fees=money(statement.fees, currency),
            carried=money(statement.carried, currency) if statement.carried else msgspec.UNSET,
            converted=money(statement.converted, currency) if statement.converted else msgspec.UNSET,
        ),
        lines=[_line(line, currency) for line in statement.lines.select_related("counterparty__payment_details").order_by("number")],
        taxes=_taxes(statement),
        payments=_payments(statement),
        bridge=_bridge(statement),
        chain_head=run.ledger_head,
        sections=build_sections(statement=statement),
    )


def freeze(content: StatementContent) -> str:
    """This function will return the stored form of a statement: sorted keys, amounts as text."""
    return msgspec.json.encode(content, order="sorted").decode()


def read_content(*, statement: Statement) -> StatementContent:
    """This function will return an issued statement as it was frozen, and a draft as its figures stand now."""
    if statement.content:
        return msgspec.json.decode(statement.content, type=StatementContent)
    return build_content(statement=statement)


def money(amount: Decimal, currency: str) -> str:
    """This function will write an amount with the currency's decimals, and with four where it needs more: 12.10, 1.0050."""
    decimals = canonical.exponent(currency)
    if amount == round(amount, decimals):
        return f"{amount:.{decimals}f}"
    return f"{amount:.4f}"


def details_on_paper(party: Party) -> PartyDetails:
    """This function will return a party as documents name it: by its legal name, else as the market knows it."""
    told = get_details(party=party)
    return PartyDetails(
        party=str(party.key),
        name=told["legal_name"] or party.name or str(party.key),
        street=told["street"],
        postal_code=told["postal_code"],
        city=told["city"],
        country=told["country"] or party.country_code,
        vat_id=told["vat_id"],
        iban=told["iban"],
        language=told["language"],
    )


def _name(party: Party) -> str:
    paper = getattr(party, "payment_details", None)
    return (paper.legal_name if paper else "") or party.name or str(party.key)


def _line(line: StatementLine, currency: str) -> Line:
    return Line(
        line=line.number,
        kind=line.kind,
        counterparty=str(line.counterparty.key) if line.counterparty else None,
        counterparty_name=_name(line.counterparty) if line.counterparty else "",
        bucket=line.bucket,
        description=line.description,
        cdrs=line.count,
        energy_kwh=f"{line.energy_kwh:.4f}",
        net=money(line.net, currency),
        vat_rate=f"{line.vat_rate:.2f}",
        vat=money(line.vat, currency),
        gross=money(line.gross, currency),
        tax_note=line.tax_note,
        legal_basis=_basis(line.kind, line.tax_note),
    )


def _basis(kind: str, note: str) -> str:
    """This function will return the rule and the article of a line; lines of rounding and carried amounts have none."""
    if kind not in _TAXED:
        return ""
    rule = rule_named(note=note, is_fee=kind == StatementLine.Kind.FEE)
    return f"{rule.code}: {rule.article}. {rule.law}"


def _taxes(statement: Statement) -> list[Tax]:
    groups: dict[tuple[str, Decimal, str], tuple[Decimal, Decimal]] = {}
    pairs = statement.run.pair_totals.filter(currency=statement.currency)
    of_party = [
        *(("receivable", pair) for pair in pairs.filter(operator=statement.party)),
        *(("payable", pair) for pair in pairs.filter(provider=statement.party)),
    ]
    told = [(side, pair.vat_rate, pair.tax_note, pair.net, pair.vat) for side, pair in of_party]
    told += [("fee", line.vat_rate, line.tax_note, -line.net, -line.vat) for line in statement.lines.filter(kind=StatementLine.Kind.FEE)]
    for side, rate, note, net, vat in told:
        before = groups.get((side, rate, note), (Decimal(0), Decimal(0)))
        groups[side, rate, note] = (before[0] + net, before[1] + vat)
    order = ["receivable", "payable", "fee"]
    return [
        Tax(
            side=side,
            vat_rate=f"{rate:.2f}",
            tax_note=note,
            net=money(net, statement.currency),
            vat=money(vat, statement.currency),
            gross=money(net + vat, statement.currency),
            legal_basis=_basis(side, note),
        )
        for (side, rate, note), (net, vat) in sorted(groups.items(), key=lambda group: (order.index(group[0][0]), group[0][1:]))
    ]


def _payments(statement: Statement) -> list[Payment]:
    run: NettingRun = statement.run
    plan = PlannedPayment.objects.filter(run=run, currency=statement.currency).select_related("payer", "payee__payment_details")
    return [
        Payment(
            payer=str(payment.payer.key),
            payee=str(payment.payee.key),
            payee_name=_name(payment.payee),
            iban=get_details(party=payment.payee)["iban"],
            amount=money(payment.amount, statement.currency),
            reference=text_of(period=run.period, payer=payment.payer.key, payee=payment.payee.key, payment=payment.pk),
        )
        for payment in plan.order_by("payer__country_code", "payer__party_id", "payee__country_code", "payee__party_id")
        if statement.party_id in (payment.payer_id, payment.payee_id)
    ]


def _bridge(statement: Statement) -> Bridge:
    run = statement.run
    lines = [line for line in statement.lines.all() if line.kind in (StatementLine.Kind.RECEIVABLE, StatementLine.Kind.PAYABLE)]
    counts = {bucket: sum(line.count for line in lines if line.bucket == bucket) for bucket in Charge.Bucket.values}
    held = Cdr.objects.filter(
        hold__state=Hold.State.HELD, ended_at__gte=run.starts_at, ended_at__lt=run.ends_at, currency=statement.currency
    )
    held_nets = [
        *held.filter(owner=statement.party).values_list("net", flat=True),
        *held.filter(provider=statement.party).values_list("net", flat=True),
    ]
    return Bridge(
        cdrs=sum(counts.values()),
        current=counts[Charge.Bucket.CURRENT],
        late=counts[Charge.Bucket.LATE],
        credits=counts[Charge.Bucket.CREDIT],
        energy_kwh=f"{sum((line.energy_kwh for line in lines), Decimal(0)):.4f}",
        held=len(held_nets),
        held_net=money(sum(held_nets, Decimal(0)), statement.currency),
    )
