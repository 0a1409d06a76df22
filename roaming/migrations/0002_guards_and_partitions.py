"""The promises the database keeps: sealed rows are never changed, exchanges live in partitions by day.

Guard triggers are ENABLE ALWAYS, so that a session in replica mode is refused too (finance §1.2).
"""

from django.db import migrations

APPEND_ONLY = ["roaming_cdr", "roaming_sessionrevision", "roaming_sealedblock", "roaming_tariffrevision", "roaming_authorization"]

GUARD_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
"""


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


PARTITIONED_EXCHANGES = """
DROP TABLE roaming_exchange;
CREATE SEQUENCE roaming_exchange_id_seq;
CREATE TABLE roaming_exchange (
    id bigint NOT NULL DEFAULT nextval('roaming_exchange_id_seq'),
    at timestamptz NOT NULL,
    direction varchar(3) NOT NULL,
    platform_id bigint,
    method varchar(8) NOT NULL,
    path varchar(512) NOT NULL,
    module varchar(32) NOT NULL,
    object_id varchar(128) NOT NULL,
    sender varchar(6) NOT NULL,
    receiver varchar(6) NOT NULL,
    request_id varchar(128) NOT NULL,
    correlation_id varchar(128) NOT NULL,
    http_status integer,
    protocol_status integer,
    duration_ms integer NOT NULL,
    request_body text NOT NULL,
    response_body text NOT NULL,
    error varchar(255) NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
ALTER SEQUENCE roaming_exchange_id_seq OWNED BY roaming_exchange.id;
CREATE INDEX exchange_by_correlation ON roaming_exchange (correlation_id);
CREATE INDEX exchange_by_platform ON roaming_exchange (platform_id, at);
CREATE INDEX exchange_by_time ON roaming_exchange (at);
CREATE TABLE roaming_exchange_default PARTITION OF roaming_exchange DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [("roaming", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD_FUNCTION, "DROP FUNCTION refuse_change() CASCADE"),
        *[migrations.RunSQL(guard(table), unguard(table)) for table in APPEND_ONLY],
        migrations.RunSQL(PARTITIONED_EXCHANGES, migrations.RunSQL.noop),
    ]
