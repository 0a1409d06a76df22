from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def text(longest: int, help_text: str = "") -> models.CharField:
    return models.CharField(blank=True, db_default="", help_text=help_text, max_length=longest)


class Migration(migrations.Migration):
    atomic = False  # the indexes are built while the hub serves

    dependencies = [
        ("roaming", "0015_partner_habits"),
    ]

    operations = [
        migrations.AddField("forwardedcommand", "token_uid", text(36)),
        migrations.AddField("forwardedcommand", "token_type", text(32)),
        migrations.AddField("forwardedcommand", "contract_id", text(36)),
        migrations.AddField("forwardedcommand", "location_id", text(39)),
        migrations.AddField("forwardedcommand", "reference", text(36, "authorization_reference, as the provider told it.")),
        migrations.AddField(
            "forwardedcommand",
            "session_row",
            models.BigIntegerField(blank=True, help_text="The session that the command began.", null=True),
        ),
        migrations.AddField(
            "location",
            "withdrawn_at",
            models.DateTimeField(blank=True, help_text="When a published location became one that is not.", null=True),
        ),
        migrations.AddField(
            "tariff",
            "turns_at",
            models.DateTimeField(blank=True, help_text="When it next becomes valid or ends.", null=True),
        ),
        AddIndexConcurrently("forwardedcommand", models.Index(fields=["receiver", "created_at"], name="command_by_time")),
        AddIndexConcurrently(
            "forwardedcommand",
            models.Index(condition=models.Q(session_row__isnull=False), fields=["session_row"], name="command_of_session"),
        ),
        AddIndexConcurrently("tariff", models.Index(condition=models.Q(turns_at__isnull=False), fields=["turns_at"], name="tariff_turns")),
    ]
