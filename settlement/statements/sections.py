"""The seventeen sections of a statement (clearing §3.3), each a small table with a sentence: every export shows the same ones."""

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from roaming import canonical
from roaming.models import Party
from settlement.netting.models import Conversion, NettingRun
from settlement.statements import section_queries as queries
from settlement.statements.models import Statement, StatementLine
from settlement.statements.supplies import list_supplies
from settlement.tax.local_amounts import in_currency_of
from settlement.tax.rates import alpha_2
from settlement.tax.rules import rule_named
from settlement.terms.details import get_details
from settlement.terms.hub import hub_party
from settlement.terms.models import SettlementTerms

MOST_CDRS = 200
MOST_READ = 20_000
# Columns that hold numbers, wherever they stand: exports set them as figures.
FIGURES = frozenset(
    {
        *("sessions", "CDRs", "documents", "kWh", "hours", "net", "VAT", "gross", "amount", "credits", "disputed", "rate %", "VAT local"),
        *(
            "per kWh",
            "start fees",
            "parking",
            "days late",
            "not owed",
            "value",
            "count",
            "from amount",
            "to amount",
            "figure",
            "share %",
            "CO2 kg",
        ),
    }
)


class Section(msgspec.Struct, frozen=True):
    """One section: a table, a sentence, or both. Cells are text; numbers as everywhere, never floats."""

    number: int
    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def build_sections(*, statement: Statement) -> list[Section]:
    """This function will build the sections of a statement from the figures as they stand."""
    return [build(statement) for build in _SECTIONS]


def _header(statement: Statement) -> Section:
    run: NettingRun = statement.run
    hub, holder = get_details(party=hub_party()), get_details(party=statement.party)
    rows = [
        ("statement", statement.number or f"draft {statement.pk}"),
        ("version", str(statement.version)),
        ("period", run.period),
        ("cut-off", f"{run.ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        ("zone", run.netting_set.zone),
        ("issued by", hub["legal_name"] or str(hub_party().key)),
        ("VAT id of the issuer", hub["vat_id"]),
        ("capacity", "in the name and on behalf of the operators; in its own name for hub fees only"),
        ("for", f"{statement.party.key} {holder['legal_name']}".strip()),
        ("VAT id", holder["vat_id"]),
        ("IBAN", holder["iban"]),
        ("currency", statement.currency),
        ("due on", statement.due_on.isoformat() if statement.due_on else ""),
    ]
    return Section(1, "Header", ["field", "content"], [list(row) for row in rows])


def _position(statement: Statement) -> Section:
    carried_in = sum((line.gross for line in statement.lines.filter(kind=StatementLine.Kind.CARRY) if line.gross), Decimal(0))
    adjusted = sum((line.gross for line in statement.lines.filter(kind=StatementLine.Kind.ADJUSTMENT)), Decimal(0))
    ((opening, received, made),) = queries.read_rows(queries.PAID, statement=statement)
    ((withheld,),) = queries.read_rows(queries.WITHHELD, statement=statement)
    rows = [
        ("open of earlier statements", opening),
        ("payments received since the last statement", -received),
        ("payments made since the last statement", made),
        ("still open of earlier statements", opening - received + made),
        ("withheld: in open dispute", withheld),
        ("carried in or on", carried_in),
        ("charges as provider", -statement.payable),
        ("revenue as operator", statement.receivable),
        ("hub fees with VAT", -statement.fees),
        ("settled in another currency", statement.converted),
        ("to receive (+) or to pay (-)", statement.net),
        ("of these: decided disputes", adjusted),
        ("balance with this statement", opening - received + made + statement.net),
    ]
    note = "Payments are made directly between the parties; payments are those that bank files told of. What is withheld is in no sum."
    return Section(2, "Net position", ["what", "amount"], [[what, _money(amount, statement)] for what, amount in rows], note)


def _counterparties(statement: Statement) -> Section:
    numbers: dict[tuple[str, str], list[str]] = {}
    for supply in list_supplies(statement=statement):
        other = supply.key.buyer if supply.key.side == "receivable" else supply.key.seller
        numbers.setdefault(("operator" if supply.key.side == "receivable" else "provider", str(other.key)), []).append(supply.number)
    rows = [
        [*map(str, row[:3]), str(row[3]), *map(_plain, row[4:6]), *(_money(amount, statement) for amount in row[6:]), told]
        for row in queries.read_rows(queries.COUNTERPARTIES, statement=statement)
        for told in [", ".join(numbers.get((row[0], row[1]), []))]
    ]
    columns = ["you are", "with", "agreement", "sessions", "kWh", "hours", "net", "VAT", "gross", "credits", "disputed", "documents of"]
    return Section(3, "By counterparty", columns, rows, "Exact sums of CDRs, before rounding.")


def _countries(statement: Statement) -> Section:
    rows = []
    for role, country, note, rate, count, kwh, net, vat in queries.read_rows(queries.COUNTRIES, statement=statement):
        rule = rule_named(note=note)
        local = in_currency_of(
            country=alpha_2(country), amount=vat, currency=statement.currency, on=(statement.run.ends_at - timedelta(days=1)).date()
        )
        rows.append(
            [
                *(role, country, rule.code, rule.article, f"{rate:.2f}", str(count), _plain(kwh)),
                *(
                    _money(net, statement),
                    _money(vat, statement),
                    f"{local.amount:f}" if local else "",
                    local.words if local else "no rate",
                ),
            ]
        )
    columns = ["you are", "charged in", "rule", "legal basis", "rate %", "sessions", "kWh", "net", "VAT", "VAT local", "at"]
    return Section(4, "By country and VAT treatment", columns, rows, "VAT also in the currency of the country of the charge point.")


def _products(statement: Statement) -> Section:
    columns = ["you are", "tariff", "power", "sessions", "kWh", "per kWh", "start fees", "parking", "net"]
    if sum(line.count for line in statement.lines.all()) > MOST_READ:
        return Section(5, "By tariff and power class", columns, [], f"Left out above {MOST_READ:,} CDRs: the annex has it line by line.")
    rows = [
        [*map(str, row[:4]), _plain(row[4]), _plain(row[5]), *(_money(amount, statement) for amount in row[6:])]
        for row in queries.read_rows(queries.PRODUCTS, statement=statement)
    ]
    return Section(5, "By tariff and power class", columns, rows)


def _documents(statement: Statement) -> Section:
    issued_on = f"{statement.issued_at.astimezone(UTC):%Y-%m-%d}" if statement.issued_at else ""
    rows = [
        [
            *(supply.number, issued_on, supply.type_code, str(supply.key.seller.key), str(supply.key.buyer.key)),
            *(_money(supply.total("net"), statement), _money(supply.total("vat"), statement)),
            _money(supply.total("net") + supply.total("vat"), statement),
            f"invoices/{supply.number}.ubl.xml",
        ]
        for supply in list_supplies(statement=statement)
    ]
    note = "380 invoice, 381 credit note, 389 and 261 self-billed. Hashes of the files stand in the manifest of the package."
    return Section(6, "Invoices and credit notes", ["number", "date", "type", "from", "to", "net", "VAT", "gross", "file"], rows, note)


def _corrections(statement: Statement) -> Section:
    rows = [
        [row[0], row[1], row[2], "credit CDR", *(_money(amount, statement) for amount in row[3:])]
        for row in queries.read_rows(queries.CORRECTIONS, statement=statement, most=MOST_CDRS)
    ]
    for line in statement.lines.filter(kind=StatementLine.Kind.ADJUSTMENT):
        rows.append(["", "", "", line.description, _money(line.net, statement), _money(line.gross, statement)])
    return Section(7, "Corrections", ["CDR", "takes back", "of", "reason", "net", "gross"], rows, _bound(rows, "No correction."))


def _late(statement: Statement) -> Section:
    rows = [[*map(str, row[:4]), _money(row[4], statement)] for row in queries.read_rows(queries.LATE, statement=statement, most=MOST_CDRS)]
    columns = ["CDR", "ended in", "received on", "days late", "gross"]
    return Section(8, "Late sessions of earlier periods", columns, rows, _bound(rows, "No late session."))


def _disputes(statement: Statement) -> Section:
    rows = [
        [*map(str, row[:4]), _money(row[4], statement), *map(str, row[5:])]
        for row in queries.read_rows(queries.DISPUTES, statement=statement, most=MOST_CDRS)
    ]
    columns = ["dispute", "CDR", "reason", "state", "amount", "not owed", "opened on", "next deadline"]
    return Section(9, "Disputes", columns, rows, _bound(rows, "No dispute is open, and none ended in the period."))


def _held(statement: Statement) -> Section:
    rows = [
        [code or "", role, str(count), _money(value, statement), "hub, finance"]
        for code, role, count, value in queries.read_rows(queries.HELD, statement=statement)
    ]
    note = "Not charged until released." if rows else "No CDR of the period is held."
    return Section(10, "Held CDRs", ["reason", "you are", "count", "value", "who must act"], rows, note)


def _rebates(statement: Statement) -> Section:
    plans = SettlementTerms.objects.filter(netting_set=statement.run.netting_set_id).exclude(fee_plan={})
    of_party = [terms for terms in plans.select_related("agreement") if _concerns(terms, statement.party)]
    rows = [[str(terms.agreement_id), name, str(value)] for terms in of_party for name, value in sorted(terms.fee_plan.items())]
    note = "" if rows else "No rebate, tier or commitment is agreed."
    return Section(11, "Rebates and commitments", ["agreement", "term", "agreed"], rows, note)


def _fees(statement: Statement) -> Section:
    rows = [
        [line.description, str(line.count), _money(line.net, statement), f"{line.vat_rate:.2f}", _money(line.vat, statement)]
        for line in statement.lines.filter(kind=StatementLine.Kind.FEE)
    ]
    note = "No service credit is agreed." if rows else "No hub fee; no service credit is agreed."
    run: NettingRun = statement.run
    service = queries.read_service(run=run, party=statement.party_id)
    if service is None:
        note = f"{note} No authorisation was asked for in the period, so no service was measured."
    else:
        rows += [
            ["measured: authorisations asked for", str(service.asked), "", "", ""],
            [f"measured: answered, {_share(service.answered, service.asked)} %", str(service.answered), "", "", ""],
            [f"measured: half within {service.median_ms} ms, 95 % within {service.most_ms} ms", "", "", "", ""],
        ]
    return Section(12, "Hub fees and service credits", ["what", "count", "net", "rate %", "VAT"], rows, note)


def _conversions(statement: Statement) -> Section:
    found = Conversion.objects.filter(run=statement.run_id).select_related("debtor", "creditor").order_by("id")
    rows = [
        [
            *(str(row.debtor.key), str(row.creditor.key), row.currency, _money_in(row.amount, row.currency)),
            *(row.into, _money_in(row.converted, row.into), row.published_on.isoformat()),
        ]
        for row in found
        if statement.party_id in (row.debtor_id, row.creditor_id) and statement.currency in (row.currency, row.into)
    ]
    columns = ["owes", "is owed", "from", "from amount", "to", "to amount", "ECB rates of"]
    return Section(13, "Foreign exchange", columns, rows, "" if rows else "Nothing was converted: each currency is settled in itself.")


def _bridge(statement: Statement) -> Section:
    (told,) = queries.read_rows(queries.BRIDGE, statement=statement)
    on_statement = sum(line.count for line in statement.lines.filter(kind__in=["receivable", "payable"]))
    rows = [
        ["sessions that ended in the period", str(told[0]), ""],
        ["CDRs of sessions that ended in it", str(told[1]), _money(told[2], statement)],
        ["less: held", str(-told[3]), _money(-told[4], statement)],
        ["less: not cleared yet", str(-told[5]), _money(-told[6], statement)],
        ["less: settled in another period", str(-told[7]), _money(-told[8], statement)],
        ["settled in this period", str(told[9]), _money(told[10], statement)],
        ["plus: of earlier periods, late or credited", str(on_statement - told[9]), ""],
        ["CDRs on this statement", str(on_statement), ""],
    ]
    missing = told[0] - told[1]
    note = f"{missing} sessions have no CDR yet." if missing > 0 else "Every session that the hub saw has a CDR."
    return Section(14, "From sessions to settlement", ["step", "count", "net"], rows, note)


def _quality(statement: Statement) -> Section:
    (told,) = queries.read_rows(queries.BRIDGE, statement=statement)
    cdrs = told[1] or 1
    rows = [
        ["later than a day, %", _share(told[13], cdrs)],
        ["credited, %", _share(told[12], cdrs)],
        ["held, %", _share(told[3], cdrs)],
        ["without a session id, %", _share(told[11], cdrs)],
        ["hours from end of session to CDR, median", _plain(told[14])],
    ]
    return Section(15, "Data quality", ["measure", "figure"], rows, "Of the CDRs of sessions that ended in the period.")


def _energy(statement: Statement) -> Section:
    found = queries.read_rows(queries.ENERGY, statement=statement)
    rows = [[role, source, _plain(kwh), _plain(share), _plain(kilos)] for role, source, kwh, share, kilos in found]
    is_told = any(row[1] != "not told" for row in rows)
    note = (
        "As operators tell it of their locations; CDRs carry none." if is_told else "No operator tells the energy mix of these locations."
    )
    return Section(16, "CO2 and energy mix", ["you are", "source", "kWh", "share %", "CO2 kg"], rows, note)


def _legal(statement: Statement) -> Section:
    rows = [
        ["disputes", "portal, or open_dispute at the hub, within the days of your terms; silence is agreement"],
        ["retention", "statement, invoices and CDRs are kept as long as tax law asks, ten years unless told otherwise"],
        ["corrections", "an issued statement never changes; what was wrong is corrected in a later one"],
        ["proof", "the package (ZIP) carries lines, Merkle proof, signature and verify.py, which checks them offline"],
        ["currency rates", "euro reference rates of the ECB, as contract rates"],
    ]
    return Section(17, "Legal notes", ["about", "note"], rows)


_SECTIONS: Sequence[Callable[[Statement], Section]] = (
    *(_header, _position, _counterparties, _countries, _products, _documents, _corrections, _late, _disputes, _held),
    *(_rebates, _fees, _conversions, _bridge, _quality, _energy, _legal),
)


def _concerns(terms: SettlementTerms, party: Party) -> bool:
    agreement = terms.agreement
    return agreement.operator_id is None or party.pk in (agreement.operator_id, agreement.provider_id)


def _bound(rows: Sequence[Any], none: str) -> str:
    if not rows:
        return none
    return f"The first {MOST_CDRS}; the annex has all." if len(rows) >= MOST_CDRS else ""


def _share(part: int, whole: int) -> str:
    return f"{(Decimal(100) * part / whole).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)}"


def _plain(number: Any) -> str:
    return "" if number is None else f"{number:f}"


def _money(amount: Decimal, statement: Statement) -> str:
    return _money_in(amount, statement.currency)


def _money_in(amount: Decimal, currency: str) -> str:
    decimals = canonical.exponent(currency)
    return f"{amount:.{decimals}f}" if amount == round(amount, decimals) else f"{amount:.4f}"
