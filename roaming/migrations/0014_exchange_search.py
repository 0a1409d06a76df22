"""What the trace is searched by: a party at either end, and an object.

The table is cut by days and the hub keeps writing to it: each day gets its index without a lock, and then the whole one is complete.
A day made while this runs has the index from the start, because a new day copies those of the whole.
"""

from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEXES = {
    "exchange_by_sender": ("(sender, at)", "sender <> ''"),
    "exchange_by_receiver": ("(receiver, at)", "receiver <> ''"),
    "exchange_by_object": ("(object_id, at)", "object_id <> ''"),
}


def add_indexes(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        for name, (columns, condition) in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON ONLY roaming_exchange {columns} WHERE {condition}")
            cursor.execute(
                "SELECT day.relname FROM pg_inherits JOIN pg_class day ON day.oid = inhrelid"
                " WHERE inhparent = 'roaming_exchange'::regclass AND NOT EXISTS (SELECT FROM pg_index of_day"
                " JOIN pg_inherits part ON part.inhrelid = of_day.indexrelid AND part.inhparent = %s::regclass"
                " WHERE of_day.indrelid = day.oid)",
                [name],
            )
            for (day,) in cursor.fetchall():
                part = f"{day}_{name.removeprefix('exchange_')}"
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {part}")  # half made, where an earlier run was stopped
                cursor.execute(f"CREATE INDEX CONCURRENTLY {part} ON {day} {columns} WHERE {condition}")
                cursor.execute(f"ALTER INDEX {name} ATTACH PARTITION {part}")


def drop_indexes(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        for name in INDEXES:
            cursor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("roaming", "0013_charging_profiles")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(add_indexes, drop_indexes)],
            state_operations=[
                migrations.AddIndex(
                    model_name="exchange",
                    index=models.Index(
                        fields=[field, "at"], condition=~models.Q((field, "")), name=f"exchange_by_{field.removesuffix('_id')}"
                    ),
                )
                for field in ("sender", "receiver", "object_id")
            ],
        )
    ]
