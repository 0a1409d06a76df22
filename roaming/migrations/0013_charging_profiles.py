from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is built while the hub serves

    dependencies = [
        ("roaming", "0012_audit_trail"),
    ]

    operations = [
        migrations.AddField(
            model_name="forwardedcommand",
            name="module",
            field=models.CharField(db_default="commands", help_text="The module in whose words the result will come.", max_length=32),
        ),
        AddIndexConcurrently(
            model_name="forwardedcommand",
            index=models.Index(fields=["receiver", "subject"], name="command_at_receiver"),
        ),
    ]
