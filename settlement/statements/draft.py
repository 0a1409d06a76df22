"""Draft statements: one per party and currency of a run, with the lines that sum to its net position.

Lines carry the exact sums of charges; what rounding once per VAT group added or took stands in lines of its own (finance §2.5), so
that every cent between CDRs and position has a line.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db import connection

from roaming import canonical
from roaming.models import Party
from settlement.disputes.queries import BUCKET as DISPUTE_BUCKET
from settlement.disputes.queries import describe_adjustments
from settlement.netting.fees import Fee, sum_fees
from settlement.netting.models import NettingRun, PairTotal, Position
from settlement.statements.models import Statement, StatementLine
from settlement.terms.hub import hub_party

_Kind = StatementLine.Kind
_BUCKETS = {
    "current": "Sessions of the period",
    "late": "Late: sessions of earlier, closed periods",
    "credit": "Credits: sessions taken back",
    DISPUTE_BUCKET: "Disputes",
}


# Lines of a large run are thousands: one COPY instead of rows through the ORM.
_COLUMNS = ("kind", "counterparty_id", "bucket", "description", "count", "energy_kwh", "net", "vat_rate", "vat", "gross", "tax_note")
_COPY_LINES = f"COPY settlement_statementline (statement_id, number, {', '.join(_COLUMNS)}) FROM STDIN"


def draft_statements(*, run: NettingRun) -> list[Statement]:
    """This function will write the statements of a run that has none yet, or return those it has."""
    drafted = list(Statement.objects.filter(run=run).order_by("currency", "party_id"))
    if drafted:
        return drafted
    positions = list(Position.objects.filter(run=run).order_by("currency", "party_id"))
    statements = Statement.objects.bulk_create(
        Statement(
            run=run,
            party_id=position.party_id,
            currency=position.currency,
            receivable=position.receivable,
            payable=position.payable,
            fees=position.fees,
            net=position.net,
        )
        for position in positions
    )
    parts = (*_lines_of_pairs(run), _lines_of_fees(run), *_lines_of_rounding(run))
    with connection.cursor() as cursor, cursor.copy(_COPY_LINES) as copy:
        for statement in statements:
            lines = (line for part in parts for line in part.get((statement.party_id, statement.currency), ()))
            for number, line in enumerate(lines, start=1):
                copy.write_row((statement.pk, number, *(getattr(line, name) for name in _COLUMNS)))
    return statements


_Lines = dict[tuple[int, str], list[StatementLine]]


def _lines_of_pairs(run: NettingRun) -> Iterator[_Lines]:
    for kind, by_party in _pairs_by_side(run).items():
        yield {
            key: [_pair_line(pair, kind, run) for pair in sorted(of_party, key=lambda pair: list(_BUCKETS).index(pair.bucket))]
            for key, of_party in by_party.items()
        }


def _lines_of_rounding(run: NettingRun) -> Iterator[_Lines]:
    for kind, by_party in _pairs_by_side(run).items():
        yield {key: list(_rounding_lines(of_party, kind)) for key, of_party in by_party.items()}


def _pairs_by_side(run: NettingRun) -> dict[_Kind, dict[tuple[int, str], list[PairTotal]]]:
    sides: dict[_Kind, dict[tuple[int, str], list[PairTotal]]] = {_Kind.RECEIVABLE: defaultdict(list), _Kind.PAYABLE: defaultdict(list)}
    order = ("operator__country_code", "operator__party_id", "provider__country_code", "provider__party_id", "vat_rate", "tax_note")
    for pair in PairTotal.objects.filter(run=run).select_related("operator", "provider").order_by(*order):
        sides[_Kind.RECEIVABLE][pair.operator_id, pair.currency].append(pair)
        sides[_Kind.PAYABLE][pair.provider_id, pair.currency].append(pair)
    return sides


def _pair_line(pair: PairTotal, kind: _Kind, run: NettingRun) -> StatementLine:
    sign = 1 if kind == _Kind.RECEIVABLE else -1
    return StatementLine(
        kind=_Kind.ADJUSTMENT if pair.bucket == DISPUTE_BUCKET else kind,
        counterparty=pair.provider if kind == _Kind.RECEIVABLE else pair.operator,
        bucket=pair.bucket,
        description=_describe(pair, run),
        count=0 if pair.bucket == DISPUTE_BUCKET else pair.count,
        energy_kwh=pair.energy_kwh,
        net=sign * pair.exact_net,
        vat_rate=pair.vat_rate,
        vat=sign * pair.exact_vat,
        gross=sign * (pair.exact_net + pair.exact_vat),
        tax_note=pair.tax_note,
    )


def _describe(pair: PairTotal, run: NettingRun) -> str:
    if pair.bucket != DISPUTE_BUCKET:
        return _BUCKETS[pair.bucket]
    return describe_adjustments(
        netting_set=run.netting_set_id,
        period=run.period,
        operator=pair.operator_id,
        provider=pair.provider_id,
        currency=pair.currency,
        vat_rate=pair.vat_rate,
        tax_note=pair.tax_note,
    )


def _rounding_lines(pairs: Sequence[PairTotal], kind: _Kind) -> Iterator[StatementLine]:
    sign = 1 if kind == _Kind.RECEIVABLE else -1
    what = "receivables" if kind == _Kind.RECEIVABLE else "payables"
    net = sign * sum((pair.net - pair.exact_net for pair in pairs), Decimal(0))
    vat = sign * sum((pair.vat - pair.exact_vat for pair in pairs), Decimal(0))
    if net:
        yield StatementLine(
            kind=_Kind.ROUNDING,
            description=f"Rounding of {what}, once per counterparty and VAT rate",
            net=net,
            gross=net,
            tax_note="",
        )
    if vat:
        yield StatementLine(
            kind=_Kind.VAT_ROUNDING,
            description=f"VAT of {what}: rate × rounded base instead of the CDRs' VAT",
            net=0,
            vat=vat,
            gross=vat,
            tax_note="",
        )


def _lines_of_fees(run: NettingRun) -> _Lines:
    period = canonical.Period(run.starts_at, run.ends_at, run.period)
    fees = sum_fees(netting_set=run.netting_set_id, period=period)
    lines: _Lines = defaultdict(list)
    if not fees:
        return lines
    hub = hub_party()
    parties = Party.objects.in_bulk({fee.party for fee in fees})
    for fee in fees:
        lines[fee.party, fee.currency].append(_fee_line(fee, counterparty=hub, sign=-1))
        lines[hub.pk, fee.currency].append(_fee_line(fee, counterparty=parties[fee.party], sign=1))
    return lines


def _fee_line(fee: Fee, *, counterparty: Party, sign: int) -> StatementLine:
    cdrs = "1 CDR" if fee.cdr_count == 1 else f"{fee.cdr_count} CDRs"
    return StatementLine(
        kind=_Kind.FEE,
        counterparty=counterparty,
        description=f"Hub fee for {cdrs}: {fee.exact.normalize():f} before rounding; credits bear no fee and give none back",
        count=fee.cdr_count,
        net=sign * fee.net,
        vat_rate=fee.vat_rate,
        vat=sign * fee.vat,
        gross=sign * fee.gross,
        tax_note=fee.tax_note,
    )
