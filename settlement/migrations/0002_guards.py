"""The promises the database keeps for money: books and charges are never changed, transfers stay inside one currency."""

from django.db import migrations

APPEND_ONLY = ["settlement_charge", "settlement_entry", "settlement_transfer", "settlement_pairtotal", "settlement_position", "settlement_finding"]


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


ONE_CURRENCY = """
ALTER TABLE settlement_transfer
    ADD CONSTRAINT transfer_debit_currency FOREIGN KEY (debit_id, currency) REFERENCES settlement_account (id, currency),
    ADD CONSTRAINT transfer_credit_currency FOREIGN KEY (credit_id, currency) REFERENCES settlement_account (id, currency);
"""

# An issued statement and its lines are frozen; a draft may still be voided with its run.
FROZEN_STATEMENTS = """
CREATE OR REPLACE FUNCTION refuse_change_of_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'settlement_statement' THEN
        IF OLD.state = 'issued' THEN
            RAISE EXCEPTION 'statement % is issued: % refused', OLD.number, TG_OP USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF EXISTS (SELECT 1 FROM settlement_statement s WHERE s.id = OLD.statement_id AND s.state = 'issued') THEN
        RAISE EXCEPTION 'the statement of this line is issued: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER statement_frozen BEFORE UPDATE OR DELETE ON settlement_statement FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued();
CREATE TRIGGER line_frozen BEFORE UPDATE OR DELETE ON settlement_statementline FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued();
ALTER TABLE settlement_statement ENABLE ALWAYS TRIGGER statement_frozen;
ALTER TABLE settlement_statementline ENABLE ALWAYS TRIGGER line_frozen;
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial"), ("roaming", "0002_guards_and_partitions")]

    operations = [
        *[migrations.RunSQL(guard(table), unguard(table)) for table in APPEND_ONLY],
        migrations.RunSQL(ONE_CURRENCY, migrations.RunSQL.noop),
        migrations.RunSQL(FROZEN_STATEMENTS, "DROP FUNCTION refuse_change_of_issued() CASCADE"),
    ]
