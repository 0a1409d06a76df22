"""Promises of the database: what control computed and what disputes booked is never changed; no adjustment enters a closed period."""

from django.db import migrations

APPEND_ONLY = ["settlement_repricing", "settlement_signedreading", "settlement_adjustment", "settlement_disputemessage"]


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


# As the gate of charges (migration 0004).
ADJUSTMENT_GATE = """
CREATE FUNCTION refuse_adjusting_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7101, netting_set_id::int)
        FROM (SELECT DISTINCT netting_set_id FROM added ORDER BY netting_set_id) AS touched;
    SELECT added.period, added.dispute_id INTO late FROM added
        JOIN settlement_settlementperiod p ON p.netting_set_id = added.netting_set_id AND p.name = added.period
        WHERE p.state = 'closed' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'period % is closed: the adjustment of dispute % must go to a later one', late.period, late.dispute_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adjustment_gate AFTER INSERT ON settlement_adjustment REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_adjusting_closed_period();
ALTER TABLE settlement_adjustment ENABLE ALWAYS TRIGGER adjustment_gate;
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0006_control_disputes_and_terms")]

    operations = [
        *[migrations.RunSQL(guard(table), unguard(table)) for table in APPEND_ONLY],
        migrations.RunSQL(ADJUSTMENT_GATE, "DROP FUNCTION refuse_adjusting_closed_period() CASCADE"),
    ]
