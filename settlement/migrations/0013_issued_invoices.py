"""Invoices are written once: their table, its guard, longer names of formats, and who bills."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0012_disputes_whole'),
    ]

    operations = [
        migrations.AddField(
            model_name='settlementterms',
            name='billed_by',
            field=models.CharField(choices=[('operator', 'the operator'), ('provider', 'the provider bills itself')], db_default='operator', default='operator', help_text='In whose name the hub writes the invoices of the pair: provider is self-billing (Art. 224).', max_length=8),
        ),
        migrations.AlterField(
            model_name='document',
            name='format',
            field=models.CharField(max_length=8),
        ),
        migrations.CreateModel(
            name='IssuedInvoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=48, unique=True)),
                ('type_code', models.CharField(help_text='UNTDID 1001: 380, 381, 389 or 261.', max_length=3)),
                ('issued_on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('net', models.DecimalField(decimal_places=4, max_digits=18)),
                ('vat', models.DecimalField(decimal_places=4, max_digits=18)),
                ('gross', models.DecimalField(decimal_places=4, max_digits=18)),
                ('content', models.TextField(help_text='The invoice as the PDF is drawn from it.')),
                ('ubl', models.TextField()),
                ('cii', models.TextField()),
                ('written_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('buyer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.party')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='settlement.nettingrun')),
                ('seller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.party')),
            ],
            options={
                'indexes': [models.Index(fields=['run', 'seller'], name='invoice_by_seller')],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER settlement_issuedinvoice_append_only BEFORE UPDATE OR DELETE ON settlement_issuedinvoice
                FOR EACH ROW EXECUTE FUNCTION refuse_change();
            CREATE TRIGGER settlement_issuedinvoice_no_truncate BEFORE TRUNCATE ON settlement_issuedinvoice
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE settlement_issuedinvoice ENABLE ALWAYS TRIGGER settlement_issuedinvoice_append_only;
            ALTER TABLE settlement_issuedinvoice ENABLE ALWAYS TRIGGER settlement_issuedinvoice_no_truncate;
            """,
            """
            DROP TRIGGER settlement_issuedinvoice_append_only ON settlement_issuedinvoice;
            DROP TRIGGER settlement_issuedinvoice_no_truncate ON settlement_issuedinvoice;
            """,
        ),
    ]
