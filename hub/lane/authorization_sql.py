"""How the lane reads what an authorisation rests on, and writes its row: one statement each, for many requests at once."""

from hub.lane.group_commit import Target

# What the tokens of one uid and type are, for one operator; it changes with any of them.
_VERSION = """
    SELECT string_agg(t.id || ':' || encode(t.digest, 'hex'), ',' ORDER BY t.id) FROM roaming_token t
    WHERE t.uid_key = {0}.uid_key AND t.type = {0}.token_type AND (t.audience_id IS NULL OR t.audience_id = {0}.operator_id)
"""

# `roaming.tokens.queries.FIND` (the private copy of an owner first) and `roaming.authorizations.authorize.REMEMBER`, for many at once.
LOOK = f"""
SELECT k.n, stamp.stamp, ({_VERSION.format("k")}), tokens.documents, former.request_digest, former.outcome, former.decision
FROM json_to_recordset(%s::json) AS k (
    n int, uid_key text, token_type text, operator_id bigint, request_id text, platform_id bigint, since timestamptz)
LEFT JOIN roaming_directorystamp stamp ON stamp.id = 1
LEFT JOIN LATERAL (
    SELECT json_agg(document)::text AS documents FROM (
        SELECT DISTINCT ON (owner_id) document FROM roaming_token
        WHERE uid_key = k.uid_key AND type = k.token_type AND (audience_id IS NULL OR audience_id = k.operator_id)
        ORDER BY owner_id, audience_id NULLS LAST) AS firsts) tokens ON TRUE
LEFT JOIN LATERAL (
    SELECT a.request_digest, a.outcome, a.decision FROM roaming_authorization a
    WHERE a.request_id = k.request_id AND a.platform_id = k.platform_id AND a.at > k.since
    ORDER BY a.at DESC, a.recorded_at DESC LIMIT 1) former ON TRUE
"""  # noqa: S608  (our own words)

ROWS = Target(
    table="roaming_authorization",
    columns={
        "id": "uuid",
        "at": "timestamptz",
        "platform_id": "bigint",
        "operator_id": "bigint",
        "provider_id": "bigint",
        "token_uid": "text",
        "token_type": "text",
        "contract_id": "text",
        "location_id": "text",
        "evse_uid": "text",
        "outcome": "text",
        "source": "text",
        "reference": "text",
        "request_id": "text",
        "correlation_id": "text",
        "duration_ms": "integer",
        "request_digest": "bytea",
        "decision": "text",
    },
    # A row that rests on tokens known from before is written only where they, the routing table and the request id are still so.
    told={"uid_key": "text", "version": "text", "stamp": "uuid", "since": "timestamptz"},
    guarded="version",
    guard=f"""
        given.version = ({_VERSION.format("given")})
        AND given.stamp = (SELECT s.stamp FROM roaming_directorystamp s WHERE s.id = 1)
        AND NOT EXISTS (
            SELECT FROM roaming_authorization a
            WHERE a.request_id = given.request_id AND a.platform_id = given.platform_id AND a.at > given.since)
    """,  # noqa: S608  (our own words)
)
