"""A provider that pulls walks its own rows only: its page costs the same whatever the others hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roaming", "0004_directory_stamp"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="cdr", name="cdr_crawl"),
        migrations.RemoveIndex(model_name="session", name="session_crawl"),
        migrations.AddIndex(model_name="cdr", index=models.Index(fields=["provider", "received_at", "id"], name="cdr_crawl")),
        migrations.AddIndex(model_name="session", index=models.Index(fields=["provider", "created_at", "id"], name="session_crawl")),
    ]
