"""More promises of the database: no charge enters a closed period, positions sum to zero, plans and documents are never changed."""

from django.db import migrations

APPEND_ONLY = ["settlement_plannedpayment", "settlement_document"]


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


# 7101 is settlement.clearing.gate.GATE. The shared lock is taken first: a close that holds the exclusive one is waited for, and the
# statement after it sees what that close decided. One check per statement costs a bulk load nothing.
PERIOD_GATE = """
CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7101, netting_set_id::int)
        FROM (SELECT DISTINCT netting_set_id FROM added ORDER BY netting_set_id) AS touched;
    SELECT added.period, added.cdr_id INTO late FROM added
        JOIN settlement_settlementperiod p ON p.netting_set_id = added.netting_set_id AND p.name = added.period
        WHERE p.state = 'closed' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'period % is closed: the charge of CDR % must go to a later one', late.period, late.cdr_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_gate AFTER INSERT ON settlement_charge REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period();
ALTER TABLE settlement_charge ENABLE ALWAYS TRIGGER charge_gate;
"""

# The positions of a run are written by one statement.
SUM_TO_ZERO = """
CREATE FUNCTION refuse_unbalanced_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE off record;
BEGIN
    SELECT p.run_id, p.currency, sum(p.net) AS total INTO off FROM settlement_position p
        WHERE p.run_id IN (SELECT run_id FROM added) GROUP BY p.run_id, p.currency HAVING sum(p.net) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'positions of run % in % sum to %, not to zero', off.run_id, off.currency, off.total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER position_sum AFTER INSERT ON settlement_position REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_run();
ALTER TABLE settlement_position ENABLE ALWAYS TRIGGER position_sum;
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0003_frozen_content")]

    operations = [
        *[migrations.RunSQL(guard(table), unguard(table)) for table in APPEND_ONLY],
        migrations.RunSQL(PERIOD_GATE, "DROP FUNCTION refuse_closed_period() CASCADE"),
        migrations.RunSQL(SUM_TO_ZERO, "DROP FUNCTION refuse_unbalanced_run() CASCADE"),
    ]
