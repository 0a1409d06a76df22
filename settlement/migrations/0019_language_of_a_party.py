"""In which language a party reads numbers and dates."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0018_reconciliation_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentdetails',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', help_text='How numbers and dates are written on paper; empty: English.', max_length=2),
        ),
    ]
