"""What control keeps of a CDR names one that is sealed: checked once per statement instead of by a foreign key once per row.

CDRs are never deleted (roaming 0002), so nothing is lost in the other direction. The index of findings by CDR goes: `finding_once` begins
with it.
"""

import django.db.models.deletion
from django.db import migrations, models

_TABLES = ("settlement_finding", "settlement_repricing")
_PROTECT = django.db.models.deletion.PROTECT

FUNCTION = """
CREATE FUNCTION refuse_row_without_cdr() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT added.cdr_id INTO wrong FROM added LEFT JOIN roaming_cdr cdr ON cdr.id = added.cdr_id WHERE cdr.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'no sealed CDR has row %: % refused', wrong, TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def reference(table):
    return f"""
    CREATE TRIGGER {table}_reference AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_row_without_cdr();
    """


class Migration(migrations.Migration):
    dependencies = [("settlement", "0023_references_of_charges")]

    operations = [
        migrations.RunSQL(FUNCTION + "".join(map(reference, _TABLES)), "DROP FUNCTION refuse_row_without_cdr() CASCADE"),
        migrations.AlterField(
            "finding",
            "cdr",
            models.ForeignKey(db_constraint=False, db_index=False, on_delete=_PROTECT, related_name="findings", to="roaming.cdr"),
        ),
        migrations.AlterField(
            "repricing",
            "cdr",
            models.OneToOneField(db_constraint=False, on_delete=_PROTECT, related_name="repricing", to="roaming.cdr"),
        ),
    ]
