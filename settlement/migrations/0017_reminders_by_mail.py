"""Reminders of stuck sessions too, and when they were mailed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('roaming', '0017_field_stamps'),
        ('settlement', '0016_market_prices'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='cdrreminder',
            name='cdr_reminder_once',
        ),
        migrations.AddField(
            model_name='cdrreminder',
            name='kind',
            field=models.CharField(choices=[('missing', 'ended, no CDR came'), ('stuck', 'open and silent')], db_default='missing', default='missing', max_length=7),
        ),
        migrations.AddField(
            model_name='cdrreminder',
            name='mailed_at',
            field=models.DateTimeField(blank=True, help_text="When it went to the operator's people of finance.", null=True),
        ),
        migrations.AlterField(
            model_name='cdrreminder',
            name='day',
            field=models.PositiveSmallIntegerField(help_text='3, 7 or 14 days after the end (stuck: after the start).'),
        ),
        migrations.AddConstraint(
            model_name='cdrreminder',
            constraint=models.UniqueConstraint(fields=('session', 'kind', 'day'), name='cdr_reminder_once_a_kind'),
        ),
    ]
