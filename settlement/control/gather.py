"""Gather what the hub saw around a batch of CDRs: a handful of statements, whatever the size of the batch."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from roaming import canonical
from roaming.models import Party, PartyRole
from settlement.control.context import Context, read_context
from settlement.control.evidence import Evidence, Neighbor, Place, Session, Terms, Token
from settlement.control.keys import MeterKeys, read_keys
from settlement.control.market import Market, read_market
from settlement.control.place import place_of, read_sites
from settlement.control.price import PublishedTariffs, names_of, price_again, read_published
from settlement.control.reuse import read_reused
from settlement.control.settings import Changes, read_changes
from settlement.control.signed import reading_of, verify_readings

# Every sub-select is one index look-up per CDR. An authorisation covers a start up to a day later (the card was shown, the cable came
# late) and, clocks being what they are, a quarter of an hour earlier; a remote start of the provider counts like one.
_EVIDENCE = """
SELECT
    cdr.id, cdr.cdr_id, cdr.owner_id, cdr.provider_id,
    operator.country_code, operator.party_id, provider.country_code, provider.party_id,
    cdr.started_at, cdr.ended_at, cdr.received_at, cdr.energy_kwh, cdr.currency, cdr.net, cdr.vat, cdr.country,
    cdr.is_credit, cdr.credit_of_id, original.net, cdr.location_id, cdr.evse_id, cdr.body, cdr.priced_by,
    terms.id, terms.netting_set_id, terms.cycle, terms.hub_fee, terms.hub_fee_payer, terms.currency,
    terms.agreement_id, terms.zone, terms.price_authority, terms.pricing, terms.scope, terms.tolerance_amount, terms.tolerance_percent,
    terms.late_hold_days,
    coalesce(seller.vat_id, ''), coalesce(buyer.vat_id, ''),
    token.valid, token.whitelist, token.contract_id, token.last_updated,
    EXISTS (
        SELECT FROM roaming_authorization answer
        WHERE answer.token_uid IN (cdr.token_uid, upper(cdr.token_uid)) AND answer.provider_id = cdr.provider_id
            AND answer.outcome = 'ALLOWED'
            AND answer.at BETWEEN cdr.started_at - interval '1 day' AND cdr.started_at + interval '15 minutes'
    ) OR EXISTS (
        SELECT FROM roaming_forwardedcommand command
        WHERE command.sender_id = cdr.provider_id AND command.receiver_id = cdr.owner_id AND command.command = 'START_SESSION'
            AND command.response ->> 'result' = 'ACCEPTED'
            AND command.created_at BETWEEN cdr.started_at - interval '1 hour' AND cdr.started_at + interval '15 minutes'
    ) AS allowed,
    cdr.authorization_reference <> '' AND coalesce((
        SELECT answer.outcome <> 'ALLOWED' FROM roaming_authorization answer
        WHERE answer.token_uid IN (cdr.token_uid, upper(cdr.token_uid)) AND answer.reference = cdr.authorization_reference
            AND answer.at < cdr.started_at + interval '15 minutes'
        ORDER BY answer.at DESC LIMIT 1
    ), false) AS denied,
    session.status, session.energy_kwh, session.started_at, session.ended_at, session.net,
    neighbor.name, neighbor.evse_id, neighbor.started_at, neighbor.ended_at, neighbor.energy_kwh
FROM roaming_cdr cdr
JOIN roaming_party operator ON operator.id = cdr.owner_id
JOIN roaming_party provider ON provider.id = cdr.provider_id
LEFT JOIN roaming_cdr original ON original.id = cdr.credit_of_id
LEFT JOIN settlement_taxprofile seller ON seller.party_id = cdr.owner_id
LEFT JOIN settlement_taxprofile buyer ON buyer.party_id = cdr.provider_id
LEFT JOIN LATERAL (
    SELECT agreed.id, agreed.netting_set_id, netting_set.cycle, agreed.hub_fee, agreed.hub_fee_payer, agreed.currency,
        agreed.agreement_id, netting_set.zone, agreed.price_authority, agreed.pricing, agreed.scope, agreed.tolerance_amount,
        agreed.tolerance_percent, agreed.late_hold_days
    FROM settlement_settlementterms agreed
    JOIN roaming_roamingagreement agreement ON agreement.id = agreed.agreement_id
    JOIN settlement_nettingset netting_set ON netting_set.id = agreed.netting_set_id
    WHERE ((agreement.operator_id = cdr.owner_id AND agreement.provider_id = cdr.provider_id) OR agreement.operator_id IS NULL)
        AND agreed.validity @> (cdr.started_at AT TIME ZONE 'UTC')::date
        AND agreement.validity @> (cdr.started_at AT TIME ZONE 'UTC')::date
    ORDER BY agreement.operator_id NULLS LAST LIMIT 1
) terms ON true
LEFT JOIN LATERAL (
    SELECT known.valid, known.whitelist, known.contract_id, known.last_updated FROM roaming_token known
    WHERE known.uid_key = upper(cdr.token_uid) AND known.owner_id = cdr.provider_id
        AND (known.audience_id IS NULL OR known.audience_id = cdr.owner_id)
    ORDER BY known.audience_id NULLS LAST, known.last_updated DESC LIMIT 1
) token ON true
LEFT JOIN LATERAL (
    SELECT told.status, told.energy_kwh, told.started_at, told.ended_at,
        (told.document -> 'total_cost' ->> 'before_taxes')::numeric AS net
    FROM roaming_session told
    WHERE cdr.session_key <> '' AND told.owner_id = cdr.owner_id AND told.session_key = cdr.session_key
    UNION ALL  -- a CDR need not name its session
    SELECT told.status, told.energy_kwh, told.started_at, told.ended_at,
        (told.document -> 'total_cost' ->> 'before_taxes')::numeric AS net
    FROM roaming_session told
    WHERE cdr.session_key = '' AND told.owner_id = cdr.owner_id AND told.token_uid = cdr.token_uid AND told.started_at = cdr.started_at
    LIMIT 1
) session ON true
LEFT JOIN LATERAL (
    SELECT operator.country_code || '-' || operator.party_id || '/' || other.cdr_id AS name,
        other.evse_id, other.started_at, other.ended_at, other.energy_kwh
    FROM roaming_cdr other
    WHERE NOT cdr.is_credit AND other.token_uid = cdr.token_uid AND other.provider_id = cdr.provider_id AND other.id < cdr.id
        AND NOT other.is_credit AND NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = other.id)
        AND other.started_at BETWEEN cdr.started_at - interval '3 days' AND cdr.ended_at
        AND least(other.ended_at, cdr.ended_at) - greatest(other.started_at, cdr.started_at) > interval '5 minutes'
    ORDER BY other.id DESC LIMIT 1
) neighbor ON true
WHERE cdr.id = ANY(%s)
ORDER BY cdr.id
"""


def gather(*, cdr_ids: Sequence[int], changes: Changes | None = None) -> list[Evidence]:
    """This function will return the evidence on each CDR, in order of their rows.

    `changes` are the rules to judge by; those in force where None (a simulation passes others).
    """
    with connection.cursor() as cursor:
        cursor.execute(_EVIDENCE, [list(cdr_ids)])
        rows = [_Row(*row) for row in cursor.fetchall()]
    cdrs = {row.id: canonical.decode(row.body, canonical.Cdr) for row in rows}
    sites = read_sites(wanted={(row.owner, row.location_id.upper()) for row in rows})
    contexts = read_context(cdr_ids=cdr_ids, with_meters=any(reading_of(cdr) is not None for cdr in cdrs.values()))
    tariffs = read_published(wanted={(row.owner, name) for row in rows if not row.is_credit for name in names_of(cdrs[row.id])})
    keys = read_keys(owners={row.owner for row in rows if cdrs[row.id].signed_data is not None})
    changes = read_changes() if changes is None else changes
    providers = _providers()
    reused = read_reused(cdrs=cdrs)
    market = read_market()
    return [
        _evidence(
            row,
            cdrs[row.id],
            place=place_of(location=cdrs[row.id].cdr_location, site=sites.get((row.owner, row.location_id.upper()))),
            context=contexts[row.id],
            tariffs=tariffs,
            keys=keys,
            changes=changes,
            providers=providers,
            reused_in=reused.get(row.id, ""),
            market=market,
        )
        for row in rows
    ]


class _Row(NamedTuple):
    """One row of `_EVIDENCE`."""

    id: int
    cdr_id: str
    owner: int
    provider: int
    operator_country: str
    operator_party: str
    provider_country: str
    provider_party: str
    started_at: datetime
    ended_at: datetime
    received_at: datetime
    energy_kwh: Decimal
    currency: str
    net: Decimal
    vat: Decimal | None
    country: str
    is_credit: bool
    original: int | None
    original_net: Decimal | None
    location_id: str
    evse_id: str
    body: memoryview
    priced_by: str
    terms: int | None
    netting_set: int
    cycle: str
    hub_fee: Decimal
    hub_fee_payer: str
    fee_currency: str
    agreement: int
    zone: str
    price_authority: str
    pricing: dict[str, Any] | str
    scope: dict[str, Any] | str
    tolerance_amount: Decimal | None
    tolerance_percent: Decimal | None
    late_hold_days: int | None
    seller_vat_id: str
    buyer_vat_id: str
    token_valid: bool | None
    token_whitelist: str
    token_contract_id: str
    token_last_updated: datetime
    allowed: bool
    denied: bool
    session_status: str | None
    session_energy_kwh: Decimal
    session_started_at: datetime
    session_ended_at: datetime | None
    session_net: Decimal | None
    neighbor: str | None
    neighbor_evse_id: str
    neighbor_started_at: datetime
    neighbor_ended_at: datetime
    neighbor_energy_kwh: Decimal


def _providers() -> frozenset[canonical.PartyId]:
    parties = Party.objects.filter(pk__in=PartyRole.objects.filter(role=canonical.Role.EMSP).values("party_id"))
    return frozenset(canonical.PartyId(*key) for key in parties.values_list("country_code", "party_id"))


def _evidence(
    row: _Row,
    cdr: canonical.Cdr,
    *,
    place: Place | None,
    context: Context,
    tariffs: PublishedTariffs,
    keys: MeterKeys,
    changes: Changes,
    providers: frozenset[canonical.PartyId],
    reused_in: str,
    market: Market,
) -> Evidence:
    limits = changes.limits(
        agreement=row.agreement,
        amount=row.tolerance_amount,
        percent=row.tolerance_percent,
        late_days=row.late_hold_days,
    )
    terms = _terms(row)
    repriced = None if row.is_credit else price_again(cdr, row.owner, row.provider, place, terms, limits, tariffs)
    provider_key = canonical.PartyId(row.provider_country, row.provider_party)
    holder = canonical.contract_provider(cdr.cdr_token.contract_id)
    return Evidence(
        id=row.id,
        name=f"{row.operator_country}-{row.operator_party}/{row.cdr_id}",
        cdr=cdr,
        owner=row.owner,
        provider=row.provider,
        owner_key=canonical.PartyId(row.operator_country, row.operator_party),
        provider_key=provider_key,
        started_at=row.started_at,
        ended_at=row.ended_at,
        received_at=row.received_at,
        energy_kwh=row.energy_kwh,
        currency=row.currency,
        net=row.net,
        vat=row.vat,
        country=row.country,
        is_credit=row.is_credit,
        original=row.original,
        original_net=row.original_net,
        terms=terms,
        seller_vat_id=row.seller_vat_id,
        buyer_vat_id=row.buyer_vat_id,
        token=_token(row),
        contract_holder=holder if holder != provider_key and holder in providers else None,
        allowed=row.allowed,
        denied=row.denied,
        session=_session(row),
        place=place,
        neighbor=_neighbor(row),
        priced_by=row.priced_by,
        context=context,
        repriced=repriced,
        signed=verify_readings(cdr=cdr, key=keys.key(owner=row.owner, evse_id=row.evse_id, at=row.started_at)),
        reused_in=reused_in,
        market=market.get((row.country, row.currency)),
        limits=limits,
    )


def _terms(row: _Row) -> Terms | None:
    if row.terms is None:
        return None
    return Terms(
        id=row.terms,
        netting_set=row.netting_set,
        cycle=row.cycle,
        hub_fee=row.hub_fee,
        hub_fee_payer=row.hub_fee_payer,
        currency=row.fee_currency,
        agreement=row.agreement,
        zone=row.zone,
        price_authority=row.price_authority,
        pricing=_mapping(row.pricing),
        scope=_mapping(row.scope),
    )


def _mapping(told: dict[str, Any] | str) -> dict[str, Any]:
    return json.loads(told) if isinstance(told, str) else told  # a raw cursor leaves jsonb as text


def _session(row: _Row) -> Session | None:
    if row.session_status is None:
        return None
    return Session(
        status=row.session_status,
        energy_kwh=row.session_energy_kwh,
        started_at=row.session_started_at,
        ended_at=row.session_ended_at,
        net=row.session_net,
    )


def _token(row: _Row) -> Token | None:
    if row.token_valid is None:
        return None
    return Token(
        valid=row.token_valid, whitelist=row.token_whitelist, contract_id=row.token_contract_id, last_updated=row.token_last_updated
    )


def _neighbor(row: _Row) -> Neighbor | None:
    if row.neighbor is None:
        return None
    return Neighbor(
        cdr=row.neighbor,
        evse_id=row.neighbor_evse_id,
        started_at=row.neighbor_started_at,
        ended_at=row.neighbor_ended_at,
        energy_kwh=row.neighbor_energy_kwh,
    )
