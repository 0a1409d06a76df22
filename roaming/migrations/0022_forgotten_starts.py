"""Finds the few sessions that are still asked about, while the hub serves."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("roaming", "0021_field_stamps_of_tokens")]

    operations = [
        AddIndexConcurrently(
            model_name="hubsession",
            index=models.Index(condition=models.Q(("state", "asking")), fields=["created_at"], name="hub_session_asking"),
        ),
    ]
