"""The further columns of the CDR annex (clearing §3.3): what the sealed CDR, its terms and its invoice say beyond the money.

Nothing here may change after the statement was issued: names come from what was frozen, findings and disputes as they stood then.
"""

import json
from typing import Any

import msgspec

from roaming.models import Party
from roaming.parties.keys import key_ring
from settlement.netting.models import NettingRun
from settlement.statements.models import Statement
from settlement.tax.rules import SUPPLY_RULES

# What partners write, as COPY and spreadsheets must know it.
FOREIGN = ("operator_name", "provider_name", "connector_id", "location_name", "address", "postal_code", "city", "power_type")
FOREIGN_IDS = ("meter_id", "tariff_id", "tariff_version", "unit_prices")
AMOUNTS = ("energy_amount", "time_amount", "parking_amount", "flat_amount", "reservation_amount", "min_max_adjustment", "net_settled")
QUANTITIES = ("max_kw", "meter_start", "meter_end", "fx_rate", "rebate")

# The zone of a country's charge points. Countries with more than one zone in Europe count by their capital.
_ZONES = {
    "AUT": "Europe/Vienna",
    "BEL": "Europe/Brussels",
    "BGR": "Europe/Sofia",
    "CHE": "Europe/Zurich",
    "CYP": "Asia/Nicosia",
    "CZE": "Europe/Prague",
    "DEU": "Europe/Berlin",
    "DNK": "Europe/Copenhagen",
    "ESP": "Europe/Madrid",
    "EST": "Europe/Tallinn",
    "FIN": "Europe/Helsinki",
    "FRA": "Europe/Paris",
    "GBR": "Europe/London",
    "GRC": "Europe/Athens",
    "HRV": "Europe/Zagreb",
    "HUN": "Europe/Budapest",
    "IRL": "Europe/Dublin",
    "ISL": "Atlantic/Reykjavik",
    "ITA": "Europe/Rome",
    "LIE": "Europe/Vaduz",
    "LTU": "Europe/Vilnius",
    "LUX": "Europe/Luxembourg",
    "LVA": "Europe/Riga",
    "MLT": "Europe/Malta",
    "NLD": "Europe/Amsterdam",
    "NOR": "Europe/Oslo",
    "POL": "Europe/Warsaw",
    "PRT": "Europe/Lisbon",
    "ROU": "Europe/Bucharest",
    "SVK": "Europe/Bratislava",
    "SVN": "Europe/Ljubljana",
    "SWE": "Europe/Stockholm",
}
UTC_FORMAT = '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\''
_LOCAL = "'YYYY-MM-DD\"T\"HH24:MI:SS'"


def _told(name: str) -> str:
    return f"coalesce(told ->> '{name}', '')"


def _of_place(name: str) -> str:
    return f"coalesce(place ->> '{name}', '')"


def _cost(name: str) -> str:
    # A credit negates every part of its original: OCPI negates the total only.
    return f"(CASE WHEN bucket = 'credit' THEN -1 ELSE 1 END * (told -> '{name}' ->> 'before_taxes')::numeric)"


def _meter(name: str) -> str:
    # OICP has a field for it and OCPI none: it stands beside the canonical fields, or in what came only.
    number = r"-?\d+(?:\.\d+)?"
    return (
        f"coalesce(substring(told -> 'extensions' ->> '{name}' FROM '^{number}$'), CASE WHEN protocol LIKE 'oicp%%' THEN "
        f"substring(convert_from(received, 'UTF8') FROM '\"{name}\"\\s*:\\s*\"?({number})(?![\\d.eE])') END)"
    )


_PARTS = ("total_energy_cost", "total_time_cost", "total_parking_cost", "total_fixed_cost", "total_reservation_cost")
_SUM_OF_PARTS = " + ".join(f"coalesce({_cost(name)}, 0)" for name in _PARTS)
_ANY_PART = f"coalesce({', '.join(_cost(name) for name in _PARTS)})"

_VERSION = """SELECT to_char(revision.last_updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    FROM settlement_repricing priced JOIN roaming_tariffrevision revision ON revision.id = (priced.revisions ->> 0)::bigint
    WHERE priced.cdr_id = lines.cdr_row AND priced.source = 'published'"""
_UNIT_PRICES = """SELECT string_agg(DISTINCT (one ->> 'type') || ' ' || (one ->> 'price'), ', ')
    FROM jsonb_path_query(told, '$.tariffs[0].elements[*].price_components[*]') AS one"""
# What a line's leaf in the statement's Merkle tree is hashed from: the fields that seal_runs proves, as canonical JSON.
# Concatenated at once: fifty || would copy the text fifty times.
_LEAF = """concat('{"cdr":', to_json(cdr), ',"credit_of":', coalesce(to_json(credit_of)::text, 'null'), ',"currency":"', currency,
    '","ended_at":"', ended, '","energy_kwh":"', energy_kwh, '","gross":"', gross, '","net":"', net, '","operator":"', operator,
    '","period":"', period, '","provider":"', provider, '","seal":"', seal, '","service_period":"', service_period, '","shown":"', shown,
    '","started_at":"', started, '","tax_note":', told_note, ',"vat":"', vat, '","vat_rate":"', vat_rate, '"}')"""

DETAILS: dict[str, str] = {
    "invoice_number": "invoice_number",
    "hub_trace_id": "hub_trace_id::text",
    "operator_name": "coalesce(%(names)s::jsonb ->> operator, operator)",
    "provider_name": "coalesce(%(names)s::jsonb ->> provider, provider)",
    "agreement": "agreement",
    "terms": "terms_id",
    "connector_id": _of_place("connector_id"),
    "location_name": _of_place("name"),
    "address": _of_place("address"),
    "postal_code": _of_place("postal_code"),
    "city": _of_place("city"),
    "latitude": "coalesce(place -> 'coordinates' ->> 'latitude', '')",
    "longitude": "coalesce(place -> 'coordinates' ->> 'longitude', '')",
    "power_type": _of_place("connector_power_type"),
    # The highest power the CDR itself tells. A location may change after the statement was issued: what it says now is not asked.
    "max_kw": "CASE WHEN body LIKE '%%MAX_POWER%%'::bytea THEN (SELECT max((one ->> 'volume')::numeric)::text "
    "FROM jsonb_path_query(told, '$.charging_periods[*].dimensions[*] ? (@.type == \"MAX_POWER\")') AS one) END",
    # A card is the same card on every line, and nobody can tell which: a keyed hash, cut to sixteen digits.
    "token_ref": "left(encode(sha256(convert_to(%(pepper)s || provider || upper(token_uid), 'UTF8')), 'hex'), 16)",
    "started_local": f"to_char(started_at AT TIME ZONE zone, {_LOCAL})",
    "ended_local": f"to_char(ended_at AT TIME ZONE zone, {_LOCAL})",
    "time_zone": "zone",
    "charging_seconds": "round(((told ->> 'total_time')::numeric - coalesce((told ->> 'total_parking_time')::numeric, 0)) * 3600)::bigint",
    "parking_seconds": "round(coalesce((told ->> 'total_parking_time')::numeric, 0) * 3600)::bigint",
    "out_of_order_seconds": "NULL::bigint",  # no protocol the hub speaks tells it
    "meter_id": _told("meter_id"),
    "meter_start": _meter("MeterValueStart"),
    "meter_end": _meter("MeterValueEnd"),
    "signature_status": "CASE WHEN told ? 'signed_data' THEN coalesce((SELECT string_agg(DISTINCT verdict, ' ' ORDER BY verdict) "
    "FROM settlement_signedreading reading WHERE reading.cdr_id = lines.cdr_row), 'none') ELSE 'none' END",
    "tariff_id": "coalesce(told -> 'tariffs' -> 0 ->> 'id', told -> 'charging_periods' -> 0 ->> 'tariff_id', '')",
    # As the CDR tells its tariff; else the published version by which control priced it again.
    "tariff_version": f"coalesce(told -> 'tariffs' -> 0 ->> 'last_updated', ({_VERSION}), '')",
    "unit_prices": f"CASE WHEN told ? 'tariffs' THEN coalesce(({_UNIT_PRICES}), '') ELSE '' END",
    "energy_amount": f"{_cost(_PARTS[0])}::text",
    "time_amount": f"{_cost(_PARTS[1])}::text",
    "parking_amount": f"{_cost(_PARTS[2])}::text",
    "flat_amount": f"{_cost(_PARTS[3])}::text",
    "reservation_amount": f"{_cost(_PARTS[4])}::text",
    # What limits of the tariff added or took; told only where the CDR tells its parts.
    "min_max_adjustment": f"CASE WHEN {_ANY_PART} IS NOT NULL THEN (net - ({_SUM_OF_PARTS}))::text END",
    "rebate": "NULL::text",  # terms agree tiers on the whole, none on a line
    "fx_rate": "fx_rate::text",
    "settlement_currency": "settlement_currency",
    "net_settled": "round(net * fx_rate, 4)::text",
    "vat_code": "vat_code",
    "checks_flagged": "coalesce((SELECT string_agg(code, ' ' ORDER BY check_number, code) FROM settlement_finding finding "
    "WHERE finding.cdr_id = lines.cdr_row AND finding.action = 'flag' AND finding.found_at <= %(as_of)s), '')",
    # Disputes are few beside CDRs: those that exist are read once.
    "dispute_status": "CASE WHEN cdr_row IN (SELECT known.cdr_id FROM settlement_dispute known) THEN coalesce((SELECT CASE WHEN "
    "resolved_at <= %(as_of)s THEN state ELSE 'open' END FROM settlement_dispute dispute WHERE dispute.cdr_id = lines.cdr_row "
    "AND dispute.opened_at <= %(as_of)s ORDER BY opened_at DESC LIMIT 1), '') ELSE '' END",
    "line_hash": f"encode(sha256('\\x00'::bytea || convert_to({_LEAF}, 'UTF8')), 'hex')",
}


def detail_parameters(*, statement: Statement) -> dict[str, Any]:
    """This function will return what the expressions above ask for."""
    run: NettingRun = statement.run
    return {
        "names": json.dumps(_names(statement)),
        "zones": json.dumps(_ZONES),
        "categories": json.dumps({rule.note: rule.category for rule in SUPPLY_RULES if not rule.is_taxed}),
        "pepper": key_ring().derive(purpose=b"settlement.token-pseudonym").hex(),
        "as_of": statement.issued_at or run.closed_at,
    }


class _Named(msgspec.Struct):
    party: str
    name: str


class _Counterparty(msgspec.Struct):
    counterparty: str | None
    counterparty_name: str


class _Frozen(msgspec.Struct):
    holder: _Named
    lines: list[_Counterparty]


def _names(statement: Statement) -> dict[str, str]:
    if statement.content:
        frozen = msgspec.json.decode(statement.content, type=_Frozen)
        told = {line.counterparty: line.counterparty_name for line in frozen.lines if line.counterparty}
        return told | {frozen.holder.party: frozen.holder.name}
    parties = Party.objects.select_related("payment_details").filter(statements__run=statement.run_id).distinct()
    return {str(party.key): _name(party) for party in parties}


def _name(party: Party) -> str:
    paper = getattr(party, "payment_details", None)
    return (paper.legal_name if paper else "") or party.name or str(party.key)
