from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0016_what_a_hub_remembers"),
    ]

    operations = [
        migrations.AddField(
            model,
            "field_stamps",
            models.JSONField(blank=True, help_text="Stamps of the fields that PATCHes set: late ones set only older.", null=True),
        )
        for model in ("location", "session")
    ]
