"""Seals of issued runs and of their statements, which nobody changes."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models



def guard(table):
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table):
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0014_payments_and_assertions'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('root', models.BinaryField()),
                ('previous_head', models.BinaryField()),
                ('head', models.BinaryField()),
                ('signature', models.BinaryField(help_text='Ed25519 over the head.')),
                ('public_key', models.BinaryField()),
                ('sealed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='settlement.nettingrun')),
            ],
        ),
        migrations.CreateModel(
            name='StatementSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField()),
                ('summary', models.TextField(help_text='Canonical JSON: statement, party, currency, lines, lines_root, content_sha256.')),
                ('run_seal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='settlement.runseal')),
                ('statement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='settlement.statement')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run_seal', 'place'), name='statement_placed_once')],
            },
        ),
        *(migrations.RunSQL(guard(table), unguard(table)) for table in ("settlement_runseal", "settlement_statementseal")),
    ]
