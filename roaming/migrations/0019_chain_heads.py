"""Blocks cover when their CDRs were received, and the height of each chain is noted apart from its blocks."""

from django.db import migrations, models

# Blocks are written by one sealer at a time; the note is the database's own, so that no writer can leave it out.
NOTE_HEADS = """
INSERT INTO roaming_chainhead (kind, height, final_row, head)
    SELECT DISTINCT ON (kind) kind, height, final_row, head FROM roaming_sealedblock ORDER BY kind, height DESC;
CREATE FUNCTION note_chain_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO roaming_chainhead AS noted (kind, height, final_row, head) VALUES (NEW.kind, NEW.height, NEW.final_row, NEW.head)
        ON CONFLICT (kind) DO UPDATE SET height = excluded.height, final_row = excluded.final_row, head = excluded.head;
    RETURN NULL;
END $$;
CREATE FUNCTION refuse_lower_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.kind <> OLD.kind OR NEW.height <= OLD.height OR NEW.final_row <= OLD.final_row THEN
        RAISE EXCEPTION 'the % chain cannot shrink: % refused', OLD.kind, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sealedblock_noted AFTER INSERT ON roaming_sealedblock FOR EACH ROW EXECUTE FUNCTION note_chain_head();
ALTER TABLE roaming_sealedblock ENABLE ALWAYS TRIGGER sealedblock_noted;
CREATE TRIGGER roaming_chainhead_grows BEFORE UPDATE OR DELETE ON roaming_chainhead FOR EACH ROW EXECUTE FUNCTION refuse_lower_head();
ALTER TABLE roaming_chainhead ENABLE ALWAYS TRIGGER roaming_chainhead_grows;
CREATE TRIGGER roaming_chainhead_no_truncate BEFORE TRUNCATE ON roaming_chainhead FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE roaming_chainhead ENABLE ALWAYS TRIGGER roaming_chainhead_no_truncate;
"""
FORGET_HEADS = """
DROP TRIGGER sealedblock_noted ON roaming_sealedblock;
DROP TRIGGER roaming_chainhead_grows ON roaming_chainhead;
DROP TRIGGER roaming_chainhead_no_truncate ON roaming_chainhead;
DROP FUNCTION note_chain_head();
DROP FUNCTION refuse_lower_head();
"""


class Migration(migrations.Migration):
    dependencies = [("roaming", "0018_a_lane_for_cdrs")]

    operations = [
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=8, unique=True)),
                ("height", models.IntegerField()),
                ("final_row", models.BigIntegerField()),
                ("head", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="sealedblock",
            name="leaves",
            field=models.PositiveSmallIntegerField(
                db_default=1,
                default=1,
                help_text="What stands under the root: 1 seals; 2 seals, each followed by when its row was received.",
            ),
        ),
        migrations.RunSQL(NOTE_HEADS, FORGET_HEADS),
    ]
