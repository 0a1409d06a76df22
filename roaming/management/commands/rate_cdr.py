"""`rate_cdr`: what should this CDR have cost? Prices a CDR of any OCPI version, also a cut-down one, and explains every cent."""

import argparse
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import CommandParser

from roaming import canonical, rating
from roaming.management.operator_command import OperatorCommand, Refused
from roaming.protocols.ocpi.cut_down import Priceable, read_priceable, read_tariffs
from roaming.protocols.ocpi.dialect import BadFields
from roaming.protocols.ocpi.intake import NotJson, read_json
from roaming.protocols.ocpi.zones import zone_of_country


def _zone_argument(text: str) -> str:
    if text not in available_timezones():
        raise argparse.ArgumentTypeError(f"{text!r} is not an IANA time zone: expected a name like Europe/Amsterdam")
    return text


class Command(OperatorCommand):
    """Prices a CDR file."""

    help = "Price a CDR with its own tariffs, or with those of another file, and explain every cent."
    refusals = (BadFields, NotJson, rating.NothingToRate)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cdr", required=True, type=Path, metavar="FILE", help="A CDR as JSON; its periods are enough.")
        parser.add_argument("--tariff", type=Path, metavar="FILE", help="One tariff or a list, instead of those inside the CDR.")
        parser.add_argument("--time-zone", type=_zone_argument, metavar="IANA", help="Local time of the charge point.")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will price the file; it raises Refused, BadFields, NotJson or NothingToRate."""
        priceable = read_priceable(_read_file(options["cdr"]))
        zone, findings = _zone_of(priceable, options["time_zone"])
        tariffs, periods = priceable.tariffs, priceable.periods
        if options["tariff"] is not None:
            tariffs = read_tariffs(_read_file(options["tariff"]))
            if len(tariffs) == 1:  # "price this with that": the periods' own tariff ids name another offer
                periods = tuple(canonical.ChargingPeriod(start_date_time=p.start_date_time, dimensions=p.dimensions) for p in periods)
        rated = rating.rate(periods=periods, tariffs=_only_if_alone(tariffs, periods), ends_at=priceable.ends_at, zone=zone)
        return {
            "currency": rated.currency,
            "time_zone": zone.key,
            "total": _amount(rated.total),
            "components": {name: _amount(amount) for name, amount in rated.components.items()},
            "findings": [{"code": item.code, "message": item.message} for item in (*findings, *rated.findings)],
            "trace": [
                {
                    "component": line.component,
                    "tariff": line.tariff_id,
                    "element": line.element,
                    "volume": text(line.volume),
                    "unit": line.unit,
                    "price": text(line.price),
                    "vat": None if line.vat is None else f"{line.vat:f}",
                    "is_step": line.is_step,
                    "text": line.text,
                    **_amount(line.amount),
                }
                for line in rated.trace
            ],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """This function will print the bill as lines of text."""
        lines = [f"{line['text']:<70} {line['before_taxes'] or '–':>12}" for line in result["trace"]]
        total = result["total"]
        lines.append(f"{'before taxes, ' + result['currency']:<70} {total['before_taxes'] or '–':>12}")
        lines.append(f"{'after taxes, ' + result['currency']:<70} {total['after_taxes'] or '–':>12}")
        lines += [f"note {finding['code']}: {finding['message']}" for finding in result["findings"]]
        return "\n".join(lines)


def text(amount: Decimal) -> str:
    """This function will write an exact amount with at least four and at most eight decimals."""
    exact = amount.quantize(Decimal("1e-8"))
    short = exact.quantize(Decimal("1e-4"))
    return f"{short:f}" if short == exact else f"{exact.normalize():f}"


def _amount(amount: rating.Amount) -> dict[str, str | None]:
    return {
        "before_taxes": None if amount.before_taxes is None else text(amount.before_taxes),
        "after_taxes": None if amount.after_taxes is None else text(amount.after_taxes),
    }


def _read_file(path: Path) -> Any:
    try:
        body = read_json(path.read_bytes())
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    # A whole answer of a partner is accepted as well as its `data`.
    return body["data"] if isinstance(body, dict) and isinstance(body.get("data"), dict | list) and "status_code" in body else body


def _only_if_alone(tariffs: tuple[canonical.Tariff, ...], periods: tuple[canonical.ChargingPeriod, ...]) -> tuple[canonical.Tariff, ...]:
    """This function will take the first of several tariffs where no period says which one counts, as people do."""
    return tariffs[:1] if tariffs and not any(period.tariff_id for period in periods) else tariffs


def _zone_of(priceable: Priceable, named: str | None) -> tuple[ZoneInfo, list[rating.Finding]]:
    """This function will choose the local time: the option, the location's zone, its country's, and UTC with a finding."""
    name = named or priceable.time_zone
    if name in available_timezones() and name is not None:
        return ZoneInfo(name), []
    if guessed := zone_of_country(priceable.country or ""):
        return ZoneInfo(guessed), [rating.Finding("TIME_ZONE_FROM_COUNTRY", f"local time taken from the country: {guessed}")]
    return ZoneInfo("UTC"), [rating.Finding("TIME_ZONE_ASSUMED", "no time zone told: clock restrictions were read in UTC")]
