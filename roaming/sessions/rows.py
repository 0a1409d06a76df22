"""The state of a session as it is written: its columns, and the revision that is sealed with it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from roaming import canonical
from roaming.objects.limits import number_that_fits, text_that_fits
from roaming.objects.prepared import fetch_all_prepared
from roaming.parties.directory import PartyEntry
from roaming.revisions import Stamps

# States and sealed revisions in one statement: there is no state that was not sealed. The columns come as one text of JSON for any
# number of rows, the bytes that are sealed beside them.
WRITE = """
WITH given AS (
    SELECT * FROM ROWS FROM (
        json_to_recordset(%(rows)s::json) AS (
            owner_id bigint, session_id text, session_key text, provider_id bigint, status text, started_at timestamptz,
            ended_at timestamptz, energy_kwh numeric, currency text, token_uid text, contract_id text, location_id text, evse_uid text,
            authorization_reference text, last_updated timestamptz, recent_patches bytea[], field_stamps jsonb),
        unnest(%(bodies)b::bytea[]), unnest(%(digests)b::bytea[])
    ) AS row (
        owner_id, session_id, session_key, provider_id, status, started_at, ended_at, energy_kwh, currency, token_uid, contract_id,
        location_id, evse_uid, authorization_reference, last_updated, recent_patches, field_stamps, body, digest)
), state AS (
    INSERT INTO roaming_session
        (owner_id, session_id, session_key, provider_id, status, started_at, ended_at, energy_kwh, currency, token_uid, contract_id,
         location_id, evse_uid, authorization_reference, document, digest, revision, last_updated, recent_patches, field_stamps)
    SELECT owner_id, session_id, session_key, provider_id, status, started_at, ended_at, energy_kwh, currency, token_uid, contract_id,
         location_id, evse_uid, authorization_reference, convert_from(body, 'UTF8')::jsonb, digest, 1, last_updated, recent_patches,
         field_stamps
    FROM given
    ON CONFLICT (owner_id, session_key) DO UPDATE SET
        session_id = excluded.session_id, status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
        energy_kwh = excluded.energy_kwh, currency = excluded.currency, token_uid = excluded.token_uid,
        contract_id = excluded.contract_id, location_id = excluded.location_id, evse_uid = excluded.evse_uid,
        authorization_reference = excluded.authorization_reference, document = excluded.document, digest = excluded.digest,
        revision = roaming_session.revision + 1, last_updated = excluded.last_updated, recent_patches = excluded.recent_patches,
        field_stamps = excluded.field_stamps
    RETURNING id, owner_id, session_key, revision
), sealed AS (
    INSERT INTO roaming_sessionrevision (session_id, number, body, seal)
    SELECT state.id, state.revision, given.body, sha256(given.body) FROM state JOIN given USING (owner_id, session_key)
)
SELECT owner_id, session_key, id FROM state
"""
_ENCODER = msgspec.json.Encoder(decimal_format="string")


class Row(NamedTuple):
    """A state to write: its columns, the bytes that are sealed, the digest of its content."""

    columns: dict[str, Any]
    body: bytes
    digest: bytes


def write_rows(rows: Sequence[Row]) -> dict[tuple[int, str], int]:
    """This function will write the states and seal their revisions; it returns their rows by owner and key."""
    if not rows:
        return {}
    columns, bodies, digests = zip(*rows, strict=True)
    params = {"rows": _ENCODER.encode(columns).decode(), "bodies": list(bodies), "digests": list(digests)}
    return {(owner, session_key): row for owner, session_key, row in fetch_all_prepared(sql=WRITE, params=params)}


def row_of(
    operator: PartyEntry,
    provider: PartyEntry,
    session: canonical.Session,
    digest: bytes,
    *,
    recent: list[bytes] | None,
    stamps: Stamps | None,
) -> Row:
    """This function will return what is written of a session; it raises DoesNotFit."""
    columns = {
        "owner_id": operator.id,
        "session_id": text_that_fits(session.id, longest=39, field="id"),
        "session_key": session.id.upper(),
        "provider_id": provider.id,
        "status": text_that_fits(session.status, longest=12, field="status"),
        "started_at": session.start_date_time,
        "ended_at": session.end_date_time,
        "energy_kwh": number_that_fits(session.kwh, digits=8, field="kwh"),
        "currency": text_that_fits(session.currency, longest=3, field="currency"),
        "token_uid": text_that_fits(session.cdr_token.uid, longest=36, field="cdr_token.uid"),
        "contract_id": text_that_fits(session.cdr_token.contract_id, longest=36, field="cdr_token.contract_id"),
        "location_id": text_that_fits(session.location_id, longest=39, field="location_id"),
        "evse_uid": text_that_fits(session.evse_uid, longest=39, field="evse_uid"),
        "authorization_reference": text_that_fits(session.authorization_reference or "", longest=64, field="authorization_reference"),
        "last_updated": session.last_updated,
        "recent_patches": None if recent is None else ["\\x" + bytes(patch).hex() for patch in recent],
        "field_stamps": stamps,
    }
    return Row(columns, canonical.encode(session), digest)
