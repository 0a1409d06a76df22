"""What stands around a batch of CDRs: other CDRs of the same card and EVSE, authorisations, commands, partners. One statement."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

# Every sub-select is an index look-up per CDR. A day's CDRs of one card are few; a cloned card is what is looked for. The index by EVSE
# holds rows with an EVSE only, and serves those alone who say so of the row they look for.
_CONTEXT = """
SELECT cdr.id,
    (
        SELECT other.cdr_id FROM roaming_cdr other
        WHERE cdr.authorization_reference <> '' AND other.token_uid = cdr.token_uid AND other.owner_id = cdr.owner_id
            AND other.authorization_reference = cdr.authorization_reference AND other.id < cdr.id AND NOT other.is_credit
            AND other.session_key <> cdr.session_key
            AND other.started_at BETWEEN cdr.started_at - interval '7 days' AND cdr.started_at + interval '7 days'
            AND NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = other.id)
        ORDER BY other.id LIMIT 1
    ) AS second_of,
    (
        SELECT other.cdr_id FROM roaming_cdr other
        WHERE other.evse_id <> '' AND other.owner_id = cdr.owner_id AND other.evse_id = cdr.evse_id AND other.id < cdr.id
            AND other.token_uid <> cdr.token_uid AND NOT other.is_credit
            AND other.started_at BETWEEN cdr.started_at - interval '1 day' AND cdr.ended_at
            AND least(other.ended_at, cdr.ended_at) - greatest(other.started_at, cdr.started_at) > interval '5 minutes'
            AND NOT EXISTS (SELECT FROM roaming_cdr credit WHERE credit.credit_of_id = other.id)
        ORDER BY other.id LIMIT 1
    ) AS same_evse,
    day.sessions, day.energy_kwh, day.micro,
    supplied.reference, answered.at,
    cdr.auth_method = 'COMMAND' AND coalesce((
        SELECT bool_and(coalesce(command.response ->> 'result', '') <> 'ACCEPTED'
                OR coalesce(command.result ->> 'result', 'ACCEPTED') <> 'ACCEPTED')
        FROM roaming_forwardedcommand command
        WHERE command.sender_id = cdr.provider_id AND command.receiver_id = cdr.owner_id AND command.command = 'START_SESSION'
            AND command.created_at BETWEEN cdr.started_at - interval '15 minutes' AND cdr.started_at + interval '15 minutes'
    ), false) AS start_refused,
    EXISTS (
        SELECT FROM roaming_forwardedcommand command
        WHERE command.sender_id = cdr.provider_id AND command.receiver_id = cdr.owner_id AND command.command = 'RESERVE_NOW'
            AND command.created_at BETWEEN cdr.started_at - interval '8 days' AND cdr.ended_at
            AND command.response ->> 'result' = 'ACCEPTED'
    ) AS reserved,
    EXISTS (
        SELECT FROM roaming_partyrole hosted JOIN roaming_platform platform ON platform.id = hosted.platform_id
        WHERE platform.is_locked AND (hosted.party_id = cdr.owner_id AND hosted.role = 'CPO'
            OR hosted.party_id = cdr.provider_id AND hosted.role = 'EMSP')
    ) AS suspended,
    EXISTS (
        SELECT FROM roaming_token other WHERE other.uid_key = upper(cdr.token_uid) AND other.owner_id <> cdr.provider_id AND other.valid
            AND upper(other.contract_id) = upper(cdr.contract_id)
    ) AS of_two,
    (
        SELECT count(*) FROM roaming_cdr other JOIN roaming_cdr credit ON credit.credit_of_id = other.id
        WHERE cdr.session_key <> '' AND other.owner_id = cdr.owner_id AND other.session_key = cdr.session_key AND other.id < cdr.id
    ) AS corrections,
    original.ended_at,
    before.cdr_id IS NOT NULL AND EXISTS (
        SELECT FROM roaming_cdr other JOIN settlement_finding said ON said.cdr_id = other.id AND said.code = 'TOKEN_TRAVELS'
        WHERE other.token_uid = cdr.token_uid AND other.provider_id = cdr.provider_id AND other.id < cdr.id
            AND other.started_at BETWEEN cdr.started_at - interval '7 days' AND cdr.started_at
    ) AS has_traveled,
    before.cdr_id, before.ended_at, before.location_id, before.body,
    meter.body
FROM roaming_cdr cdr
LEFT JOIN roaming_cdr original ON original.id = cdr.credit_of_id
LEFT JOIN LATERAL (
    SELECT count(*) AS sessions, coalesce(sum(other.energy_kwh), 0) AS energy_kwh,
        count(*) FILTER (WHERE other.energy_kwh < 0.1 OR other.ended_at - other.started_at < interval '60 seconds') AS micro
    FROM roaming_cdr other
    WHERE other.token_uid = cdr.token_uid AND other.provider_id = cdr.provider_id AND NOT other.is_credit AND other.id <= cdr.id
        AND other.started_at BETWEEN cdr.started_at - interval '1 day' AND cdr.started_at
) day ON true
LEFT JOIN LATERAL (
    SELECT answer.reference FROM roaming_authorization answer
    WHERE answer.token_uid IN (cdr.token_uid, upper(cdr.token_uid)) AND answer.operator_id = cdr.owner_id AND answer.outcome = 'ALLOWED'
        AND answer.reference <> '' AND answer.at BETWEEN cdr.started_at - interval '30 minutes' AND cdr.started_at + interval '2 minutes'
    ORDER BY answer.at DESC LIMIT 1
) supplied ON true
LEFT JOIN LATERAL (
    SELECT answer.at FROM roaming_authorization answer
    WHERE cdr.authorization_reference <> '' AND answer.reference = cdr.authorization_reference
        AND answer.token_uid IN (cdr.token_uid, upper(cdr.token_uid))
    ORDER BY answer.at LIMIT 1
) answered ON true
LEFT JOIN LATERAL (
    SELECT other.cdr_id, other.ended_at, other.location_id, other.body FROM roaming_cdr other
    WHERE other.token_uid = cdr.token_uid AND other.provider_id = cdr.provider_id AND other.id <> cdr.id AND NOT other.is_credit
        AND other.started_at BETWEEN cdr.started_at - interval '12 hours' AND cdr.started_at
        AND other.ended_at <= cdr.started_at AND other.location_id <> cdr.location_id
    ORDER BY other.started_at DESC LIMIT 1
) before ON true
LEFT JOIN LATERAL (
    SELECT other.body FROM roaming_cdr other
    WHERE other.evse_id <> '' AND other.owner_id = cdr.owner_id AND other.evse_id = cdr.evse_id AND other.id <> cdr.id
        AND NOT other.is_credit AND other.started_at < cdr.started_at AND other.started_at > cdr.started_at - interval '30 days'
    ORDER BY other.started_at DESC LIMIT 1
) meter ON %(meters)s
WHERE cdr.id = ANY(%(rows)s)
"""


class Context(NamedTuple):
    """One row of `_CONTEXT`. Names of CDRs are their ids; `day_*` count the card's CDRs of the 24 hours up to this one."""

    id: int
    second_of: str | None
    same_evse: str | None
    day_sessions: int
    day_kwh: Decimal
    micro_sessions: int
    supplied_reference: str | None
    authorized_at: datetime | None
    start_refused: bool
    reserved: bool
    suspended: bool
    token_of_two: bool
    corrections: int
    original_ended_at: datetime | None
    has_traveled: bool
    before: str | None
    before_ended_at: datetime | None
    before_location: str | None
    before_body: memoryview | None
    meter_body: memoryview | None


def read_context(*, cdr_ids: Sequence[int], with_meters: bool) -> dict[int, Context]:
    """This function will read what stands around each CDR; the EVSE's CDR before it only where meters are compared."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTEXT, {"rows": list(cdr_ids), "meters": with_meters})
        return {row[0]: Context(*row) for row in cursor.fetchall()}
