"""Draft statements: one per party and currency of a run, with the lines that sum to its net position.

Lines carry the exact sums of charges; what rounding once per VAT group added or took stands in lines of its own (finance §2.5), so
that every cent between CDRs and position has a line.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec
from django.db import connection

from settlement.disputes.queries import BUCKET as DISPUTE_BUCKET
from settlement.disputes.queries import describe_adjustments
from settlement.netting.fees import Fee
from settlement.netting.models import NettingRun, PairTotal, Position
from settlement.statements.models import Statement, StatementLine
from settlement.statements.moves import DraftLine, lines_of_moves
from settlement.terms.hub import hub_party

_Kind = StatementLine.Kind
_NOTHING = Decimal(0)
_BUCKETS = {
    "current": "Sessions of the period",
    "late": "Late: sessions of earlier, closed periods",
    "credit": "Credits: sessions taken back",
    DISPUTE_BUCKET: "Disputes",
}


# Lines of a large run are thousands: one COPY instead of rows through the ORM.
_COPY_LINES = """
COPY settlement_statementline (
    statement_id, number, kind, counterparty_id, bucket, description, count, energy_kwh, net, vat_rate, vat, gross, tax_note
) FROM STDIN
"""

_Lines = Mapping[tuple[int, str], Sequence[DraftLine]]  # by party and currency


class _Pair(msgspec.Struct, frozen=True):
    """What a line needs of a pair's total: of its row these columns, without the rest of a model."""

    operator_id: int
    provider_id: int
    currency: str
    bucket: str
    count: int
    energy_kwh: Decimal
    exact_net: Decimal
    exact_vat: Decimal
    net: Decimal
    vat: Decimal
    vat_rate: Decimal
    tax_note: str


_Sides = Mapping[_Kind, Mapping[tuple[int, str], Sequence[_Pair]]]


def draft_statements(*, run: NettingRun, fees: Sequence[Fee]) -> None:
    """This function will write the statements of a run that was just netted; `fees` are the hub's of its period."""
    positions = list(Position.objects.filter(run=run).order_by("currency", "party_id"))
    statements = Statement.objects.bulk_create(
        Statement(
            run=run,
            party_id=position.party_id,
            currency=position.currency,
            receivable=position.receivable,
            payable=position.payable,
            fees=position.fees,
            carried=position.carried,
            converted=position.converted,
            net=position.net,
        )
        for position in positions
    )
    sides = _pairs_by_side(run)
    parts = (*_lines_of_pairs(run, sides), _lines_of_fees(fees), *_lines_of_rounding(sides), lines_of_moves(run=run))
    with connection.cursor() as cursor, cursor.copy(_COPY_LINES) as copy:
        for statement in statements:
            lines = (line for part in parts for line in part.get((statement.party_id, statement.currency), ()))
            for number, line in enumerate(lines, start=1):
                copy.write_row((statement.pk, number, *line))


def void_statements(*, run: NettingRun) -> None:
    """This function will mark the drafts of a voided run; they keep what they said."""
    Statement.objects.filter(run=run, state=Statement.State.DRAFT).update(state=Statement.State.VOID)


def _lines_of_pairs(run: NettingRun, sides: _Sides) -> Iterator[_Lines]:
    order = {bucket: place for place, bucket in enumerate(_BUCKETS)}
    for kind, by_party in sides.items():
        yield {
            key: [_pair_line(pair, kind, run) for pair in sorted(of_party, key=lambda pair: order[pair.bucket])]
            for key, of_party in by_party.items()
        }


def _lines_of_rounding(sides: _Sides) -> Iterator[_Lines]:
    for kind, by_party in sides.items():
        yield {key: list(_rounding_lines(of_party, kind)) for key, of_party in by_party.items()}


def _pairs_by_side(run: NettingRun) -> _Sides:
    sides: dict[_Kind, dict[tuple[int, str], list[_Pair]]] = {_Kind.RECEIVABLE: defaultdict(list), _Kind.PAYABLE: defaultdict(list)}
    order = ("operator__country_code", "operator__party_id", "provider__country_code", "provider__party_id", "vat_rate", "tax_note")
    for row in PairTotal.objects.filter(run=run).order_by(*order).values_list(*_Pair.__struct_fields__):
        pair = _Pair(*row)
        sides[_Kind.RECEIVABLE][pair.operator_id, pair.currency].append(pair)
        sides[_Kind.PAYABLE][pair.provider_id, pair.currency].append(pair)
    return sides


def _pair_line(pair: _Pair, kind: _Kind, run: NettingRun) -> DraftLine:
    sign = 1 if kind == _Kind.RECEIVABLE else -1
    is_dispute = pair.bucket == DISPUTE_BUCKET
    return DraftLine(
        kind=_Kind.ADJUSTMENT.value if is_dispute else kind.value,
        counterparty_id=pair.provider_id if kind == _Kind.RECEIVABLE else pair.operator_id,
        bucket=pair.bucket,
        description=_describe(pair, run),
        cdrs=0 if is_dispute else pair.count,
        energy_kwh=pair.energy_kwh,
        net=sign * pair.exact_net,
        vat_rate=pair.vat_rate,
        vat=sign * pair.exact_vat,
        gross=sign * (pair.exact_net + pair.exact_vat),
        tax_note=pair.tax_note,
    )


def _describe(pair: _Pair, run: NettingRun) -> str:
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


def _rounding_lines(pairs: Sequence[_Pair], kind: _Kind) -> Iterator[DraftLine]:
    sign = 1 if kind == _Kind.RECEIVABLE else -1
    what = "receivables" if kind == _Kind.RECEIVABLE else "payables"
    net = sign * sum((pair.net - pair.exact_net for pair in pairs), _NOTHING)
    vat = sign * sum((pair.vat - pair.exact_vat for pair in pairs), _NOTHING)
    if net:
        yield _rounding_line(_Kind.ROUNDING, f"Rounding of {what}, once per counterparty and VAT rate", net=net)
    if vat:
        yield _rounding_line(_Kind.VAT_ROUNDING, f"VAT of {what}: rate × rounded base instead of the CDRs' VAT", vat=vat)


def _rounding_line(kind: _Kind, description: str, *, net: Decimal = _NOTHING, vat: Decimal = _NOTHING) -> DraftLine:
    return DraftLine(kind.value, None, "", description, 0, _NOTHING, net=net, vat_rate=_NOTHING, vat=vat, gross=net + vat, tax_note="")


def _lines_of_fees(fees: Sequence[Fee]) -> _Lines:
    lines: dict[tuple[int, str], list[DraftLine]] = defaultdict(list)
    hub = hub_party().pk if fees else 0
    for fee in fees:
        lines[fee.party, fee.currency].append(_fee_line(fee, counterparty=hub, sign=-1))
        lines[hub, fee.currency].append(_fee_line(fee, counterparty=fee.party, sign=1))
    return lines


def _fee_line(fee: Fee, *, counterparty: int, sign: int) -> DraftLine:
    cdrs = "1 CDR" if fee.cdr_count == 1 else f"{fee.cdr_count} CDRs"
    return DraftLine(
        kind=_Kind.FEE.value,
        counterparty_id=counterparty,
        bucket="",
        description=f"Hub fee for {cdrs}: {fee.exact.normalize():f} before rounding; credits bear no fee and give none back",
        cdrs=fee.cdr_count,
        energy_kwh=_NOTHING,
        net=sign * fee.net,
        vat_rate=fee.vat_rate,
        vat=sign * fee.vat,
        gross=sign * fee.gross,
        tax_note=fee.tax_note,
    )
