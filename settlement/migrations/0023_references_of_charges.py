"""What a charge refers to is checked once per statement instead of by five foreign keys, each once per row.

The check asks more than the keys did: the parties are those of the CDR, the netting set is that of the terms. The other direction stays
closed: CDRs are never deleted (roaming 0002), parties are held by CDRs, netting sets by terms, and terms by the trigger below. Three
indexes go that only repeated the first column of others.
"""

import django.db.models.deletion
from django.db import migrations, models

REFERENCES = """
CREATE FUNCTION refuse_charge_without_origin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    -- Locked as a foreign key locks: terms that are being deleted are waited for, and then they are not there.
    PERFORM FROM settlement_settlementterms WHERE id IN (SELECT terms_id FROM added) ORDER BY id FOR KEY SHARE;
    SELECT added.cdr_id, cdr.id AS cdr, cdr.owner_id IS DISTINCT FROM added.operator_id OR cdr.provider_id IS DISTINCT FROM added.provider_id AS strangers
        INTO wrong FROM added
        LEFT JOIN roaming_cdr cdr ON cdr.id = added.cdr_id
        LEFT JOIN settlement_settlementterms terms ON terms.id = added.terms_id AND terms.netting_set_id = added.netting_set_id
        WHERE cdr.id IS NULL OR terms.id IS NULL OR cdr.owner_id IS DISTINCT FROM added.operator_id
            OR cdr.provider_id IS DISTINCT FROM added.provider_id
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the charge of CDR % names %', wrong.cdr_id, CASE
            WHEN wrong.cdr IS NULL THEN 'no CDR that is sealed'
            WHEN wrong.strangers THEN 'other parties than its CDR'
            ELSE 'no terms of its netting set' END
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER charge_references AFTER INSERT ON settlement_charge REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_charge_without_origin();

CREATE FUNCTION refuse_loss_of_charged_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT FROM settlement_charge) THEN
            RAISE EXCEPTION 'there are charges under these terms: % refused', TG_OP USING ERRCODE = 'foreign_key_violation';
        END IF;
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM settlement_charge WHERE terms_id = OLD.id) THEN
        RAISE EXCEPTION 'there are charges under terms %: % refused', OLD.id, TG_OP USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER terms_of_charges BEFORE DELETE OR UPDATE OF id ON settlement_settlementterms
    FOR EACH ROW EXECUTE FUNCTION refuse_loss_of_charged_terms();
CREATE TRIGGER terms_of_charges_truncated BEFORE TRUNCATE ON settlement_settlementterms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_loss_of_charged_terms();
"""

UNDO = "DROP FUNCTION refuse_charge_without_origin() CASCADE; DROP FUNCTION refuse_loss_of_charged_terms() CASCADE;"
_PROTECT = django.db.models.deletion.PROTECT


def foreign_key(to, related_name, **over):
    return models.ForeignKey(db_constraint=False, on_delete=_PROTECT, related_name=related_name, to=to, **over)


class Migration(migrations.Migration):
    dependencies = [("settlement", "0022_guards_of_releases_and_letters")]

    operations = [
        migrations.RunSQL(REFERENCES, UNDO),
        migrations.AlterField("charge", "cdr", models.OneToOneField(db_constraint=False, on_delete=_PROTECT, related_name="charge", to="roaming.cdr")),
        migrations.AlterField("charge", "netting_set", foreign_key("settlement.nettingset", "+", db_index=False)),
        migrations.AlterField("charge", "operator", foreign_key("roaming.party", "charges_as_operator", db_index=False)),
        migrations.AlterField("charge", "provider", foreign_key("roaming.party", "charges_as_provider", db_index=False)),
        migrations.AlterField("charge", "terms", foreign_key("settlement.settlementterms", "+")),
    ]
