"""Invoice reconciliation records: which CDRs a document is about."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0017_reminders_by_mail'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReconciliationRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record_id', models.CharField(max_length=36, unique=True)),
                ('invoice_number', models.CharField(max_length=48, unique=True)),
                ('is_reverse', models.BooleanField(default=False)),
                ('currency', models.CharField(max_length=3)),
                ('is_credit', models.BooleanField(default=False)),
                ('is_outside', models.BooleanField(default=False)),
                ('updated_at', models.DateTimeField()),
                ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.party')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roaming.party')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reconciliation_records', to='settlement.nettingrun')),
            ],
            options={
                'indexes': [models.Index(fields=['operator', 'updated_at'], name='reconciliation_by_operator'), models.Index(fields=['provider', 'updated_at'], name='reconciliation_by_provider')],
            },
        ),
    ]
