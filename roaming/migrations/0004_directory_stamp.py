"""The stamp of the directory, set by triggers, and the outbox indexes that its claim really uses."""

from django.db import migrations, models

# What the directory holds. `last_seen_at` of a platform is left out: it moves with the traffic and changes nobody's rights.
WATCHED = {
    "roaming_platform": "INSERT OR DELETE OR UPDATE OF name, protocol, status, is_locked, version, versions_url, allowed_hosts, profile",
    "roaming_party": "INSERT OR DELETE OR UPDATE",
    "roaming_partyrole": "INSERT OR DELETE OR UPDATE",
    "roaming_credential": "INSERT OR DELETE OR UPDATE",
    "roaming_endpoint": "INSERT OR DELETE OR UPDATE",
    "roaming_roamingagreement": "INSERT OR DELETE OR UPDATE",
}

STAMP_FUNCTION = """
CREATE OR REPLACE FUNCTION stamp_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO roaming_directorystamp (id, stamp) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    PERFORM pg_notify('directory', '');
    RETURN NULL;
END $$;
INSERT INTO roaming_directorystamp (id, stamp) VALUES (1, gen_random_uuid());
"""

# The outbox lives by its rows dying young: vacuum early, and leave room on the page for the updates of a claim (stack §5).
OUTBOX_STORAGE = """
ALTER TABLE roaming_delivery SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
"""


def watch(table: str, events: str) -> str:
    return f"CREATE TRIGGER {table}_directory AFTER {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stamp_directory();"


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0003_what_repeats_need"),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectoryStamp",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("stamp", models.UUIDField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_due",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_order",
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["platform", "not_before", "id"], name="delivery_due"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["platform", "receiver", "module", "object_row", "id"],
                name="delivery_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="directorystamp",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="directory_has_one_stamp"),
        ),
        migrations.RunSQL(STAMP_FUNCTION, "DROP FUNCTION stamp_directory() CASCADE"),
        *[migrations.RunSQL(watch(table, events), f"DROP TRIGGER {table}_directory ON {table}") for table, events in WATCHED.items()],
        migrations.RunSQL(
            OUTBOX_STORAGE, "ALTER TABLE roaming_delivery RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)"
        ),
    ]
