from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are built while the hub serves

    dependencies = [
        ("roaming", "0017_field_stamps"),
    ]

    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(
                condition=models.Q(("module", "cdrs"), ("state", "waiting")),
                fields=["platform", "not_before", "id"],
                name="delivery_cdrs_due",
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index(
                condition=models.Q(("state", "waiting"), models.Q(("module", "cdrs"), _negated=True)),
                fields=["platform", "not_before", "id"],
                name="delivery_others_due",
            ),
        ),
        RemoveIndexConcurrently("delivery", "delivery_due"),
    ]
