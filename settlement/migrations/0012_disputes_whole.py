"""Disputes whole: sides, answers, offers, escalation, revised CDRs, files, and what providers accepted."""

import django.db.models.deletion
from django.db import migrations, models


APPEND_ONLY = ["settlement_acceptance", "settlement_disputefile"]


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
    ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};"


class Migration(migrations.Migration):

    dependencies = [
        ('roaming', '0012_audit_trail'),
        ('settlement', '0011_netting_modes_carry_and_rates'),
    ]

    operations = [
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=4, help_text='Gross, in the currency of the charge.', max_digits=14)),
                ('accepted_by', models.CharField(max_length=254)),
                ('accepted_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='DisputeFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('content', models.BinaryField()),
                ('digest', models.BinaryField(help_text='SHA-256 of the content.')),
                ('by', models.CharField(max_length=254)),
                ('shown_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='dispute',
            name='resolution_says_who_and_what',
        ),
        migrations.AddField(
            model_name='dispute',
            name='answer',
            field=models.CharField(blank=True, choices=[('accept', 'not owed: the operator forgoes it'), ('decline', 'owed as charged'), ('offer', 'a part is not owed'), ('revise', 'a credit CDR and a new one will come')], db_default='', default='', max_length=7),
        ),
        migrations.AddField(
            model_name='dispute',
            name='assigned_to',
            field=models.CharField(blank=True, db_default='', default='', help_text='Who at the hub looks into it.', max_length=254),
        ),
        migrations.AddField(
            model_name='dispute',
            name='credit',
            field=models.ForeignKey(blank=True, help_text='The credit CDR that ended it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.cdr'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='escalated_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='dispute',
            name='offered_amount',
            field=models.DecimalField(blank=True, decimal_places=4, help_text='What the other side offers not to be owed.', max_digits=14, null=True),
        ),
        migrations.AddField(
            model_name='dispute',
            name='opened_for',
            field=models.ForeignKey(blank=True, help_text='The side that doubts; empty: the provider.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.party'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='replacement',
            field=models.ForeignKey(blank=True, help_text='The new CDR of the same session.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.cdr'),
        ),
        migrations.AlterField(
            model_name='dispute',
            name='state',
            field=models.CharField(choices=[('open', 'open'), ('answered', 'answered by the other side'), ('escalated', 'with the arbiter'), ('upheld', 'upheld: the amount is not owed'), ('rejected', 'rejected: the amount is owed'), ('split', 'split between the two'), ('credited', 'the operator credited the CDR'), ('revised', 'the operator credited the CDR and sent a new one')], default='open', max_length=9),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at', None), ('state__in', ['open', 'answered', 'escalated']), ('upheld_amount', None)), models.Q(('resolved_at__isnull', False), ('state__in', ['upheld', 'rejected', 'split', 'credited', 'revised']), ('upheld_amount__isnull', False), models.Q(('resolved_by', ''), _negated=True)), _connector='OR'), name='ended_dispute_says_who_and_what'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('offered_amount', None), models.Q(('offered_amount__gt', 0), ('offered_amount__lte', models.F('amount'))), _connector='OR'), name='offer_within_amount'),
        ),
        migrations.AddField(
            model_name='acceptance',
            name='cdr',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='acceptance', to='roaming.cdr'),
        ),
        migrations.AddField(
            model_name='disputefile',
            name='dispute',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='settlement.dispute'),
        ),
        migrations.AddConstraint(
            model_name='acceptance',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='something_accepted'),
        ),
        migrations.AddConstraint(
            model_name='disputefile',
            constraint=models.UniqueConstraint(fields=('dispute', 'digest'), name='dispute_file_once'),
        ),
        *[migrations.RunSQL(guard(table), unguard(table)) for table in APPEND_ONLY],
    ]
