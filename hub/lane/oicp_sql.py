"""How the lane reads what an AuthorizeStart rests on, and writes what was answered: one statement each, for many requests at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.lane import authorization_sql
from hub.lane.group_commit import Target

# The reads of `roaming.protocols.oicp.start_ask`, the retry of `roaming.sessions.hub_sessions` and the EVSE, for many at once.
LOOK = """
SELECT k.n, stamp.stamp, former.answer, cards.found, coalesce(of_uid.documents, of_contract.documents), learned.provider_id,
    evse.id, evse.location_id, evse.evse_uid, evse.place_version
FROM json_to_recordset(%s::json) AS k (
    n int, operator_id bigint, partner_id text, digest bytea, since timestamptz, kinds text[], record_key text, uid_key text,
    owner_key text, contract_owner bigint, contracts text[], evse_key text)
LEFT JOIN roaming_directorystamp stamp ON stamp.id = 1
LEFT JOIN LATERAL (
    SELECT h.answer::text AS answer FROM roaming_hubsession h
    WHERE k.partner_id <> '' AND h.operator_id = k.operator_id AND h.operator_session_id = k.partner_id AND h.created_at > k.since
        AND h.request_digest = k.digest AND h.answer IS NOT NULL
    ORDER BY h.id DESC LIMIT 1) former ON TRUE
LEFT JOIN LATERAL (
    SELECT json_agg(card)::text AS found FROM (
        SELECT provider_id AS provider, kind, contract_id, document, pin_function, pin_salt, pin_hash, expires_at
        FROM roaming_authenticationrecord
        WHERE record_key = k.record_key AND kind = ANY(k.kinds) AND valid_to IS NULL ORDER BY provider_id, id) AS card) cards ON TRUE
LEFT JOIN LATERAL (
    SELECT json_agg(document)::text AS documents FROM (
        SELECT DISTINCT ON (owner_id) document FROM roaming_token
        WHERE uid_key = k.uid_key AND type = 'RFID' AND (audience_id IS NULL OR audience_id = k.operator_id)
        ORDER BY owner_id, audience_id NULLS LAST) AS firsts) of_uid ON TRUE
LEFT JOIN LATERAL (
    SELECT json_agg(document)::text AS documents FROM (
        SELECT document FROM roaming_token
        WHERE owner_id = k.contract_owner AND contract_id = ANY(k.contracts) AND audience_id IS NULL ORDER BY id DESC) AS newest
) of_contract ON TRUE
LEFT JOIN roaming_knownowner learned ON learned.uid_hash = k.owner_key
LEFT JOIN LATERAL (
    SELECT e.id, e.location_id, e.evse_uid, l.id || ':' || encode(l.digest, 'hex') AS place_version
    FROM roaming_evserecord e
    LEFT JOIN roaming_location l
        ON l.owner_id = e.owner_id AND l.location_key = upper(e.location_id) AND coalesce(l.audience_id, 0) = 0
    WHERE e.evse_key = k.evse_key AND e.owner_id = k.operator_id AND e.valid_to IS NULL
    ORDER BY e.id LIMIT 1) evse ON TRUE
"""

# What the session shares with the record of its authorisation, and what it has of its own (sent as `session_…`).
_SHARED: Mapping[str, str] = {
    "session_id": "lower(correlation_id)",
    "operator_id": "operator_id",
    "provider_id": "provider_id",
    "token_uid": "token_uid",
    "token_type": "token_type",
    "request_digest": "request_digest",
    "created_at": "at",
}
OWN: Mapping[str, str] = {
    "kind": "text",
    "state": "text",
    "evse_id": "text",
    "contract_id": "text",
    "group_id": "text",
    "is_offline": "boolean",
    "operator_session_id": "text",
    "provider_session_id": "text",
    "reference": "text",
    "stop_identifications": "jsonb",
    "product_id": "text",
    "answer": "jsonb",
    "place": "jsonb",
}
_LEARNT = {"learnt_key": "text", "learnt_provider": "bigint"}


@dataclass(frozen=True)
class _Answered(Target):
    """The record, the session, and whose card it turned out to be: all of an answer, or nothing of it."""

    own: Mapping[str, str] = field(default_factory=dict)

    def statement(self) -> str:
        """This function will return the statement that takes a JSON array of rows."""
        sessions = {f"session_{name}": kind for name, kind in self.own.items()}
        typed = ", ".join(f"{name} {kind}" for name, kind in {**self.columns, **sessions, **_LEARNT}.items())
        record = ", ".join(self.columns)
        names = ", ".join((*_SHARED, *self.own))
        values = ", ".join((*_SHARED.values(), *sessions))
        return f"""
WITH given AS MATERIALIZED (SELECT * FROM json_to_recordset(%s::json) AS row ({typed})),
recorded AS (INSERT INTO {self.table} ({record}) SELECT {record} FROM given ON CONFLICT DO NOTHING),
learned AS (
    INSERT INTO roaming_knownowner (uid_hash, provider_id, learned_at)
    SELECT DISTINCT ON (learnt_key) learnt_key, learnt_provider, at FROM given
    WHERE learnt_key IS NOT NULL AND learnt_provider IS NOT NULL ORDER BY learnt_key, at DESC
    ON CONFLICT (uid_hash) DO UPDATE SET provider_id = excluded.provider_id, learned_at = excluded.learned_at),
forgotten AS (DELETE FROM roaming_knownowner USING given WHERE uid_hash = learnt_key AND learnt_provider IS NULL)
INSERT INTO roaming_hubsession ({names}) SELECT {values} FROM given ON CONFLICT DO NOTHING
"""  # noqa: S608  (our own words)


ROWS = _Answered(table=authorization_sql.ROWS.table, columns=authorization_sql.ROWS.columns, own=OWN)
