"""Rates by hand, caps of payments, and who released what is above them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0020_dunning_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="nettingset",
            name="payment_cap",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="A run that moves more than this in one currency has its bank files released by a second approver; "
                "empty: no cap.",
                max_digits=18,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="PaymentRelease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("totals", models.JSONField(help_text="Per currency, what the run's payments sum to.")),
                ("digest", models.CharField(help_text="The run's digest: what was approved, exactly.", max_length=64)),
                ("released_by", models.CharField(max_length=254)),
                ("released_at", models.DateTimeField()),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payment_release", to="settlement.nettingrun"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RateProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("published_on", models.DateField()),
                ("per_euro", models.DecimalField(decimal_places=8, max_digits=18)),
                (
                    "reason",
                    models.CharField(help_text="Who published it, where it can be looked up, and why it is needed.", max_length=300),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "proposed"), ("approved", "approved"), ("refused", "refused")],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                ("proposed_by", models.CharField(max_length=254)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=254)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "approved"])),
                        fields=("currency", "published_on"),
                        name="rate_proposal_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("per_euro__gt", 0), models.Q(("reason", ""), _negated=True)), name="rate_proposal_says_what"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="rate_maker_is_not_checker",
                    ),
                ],
            },
        ),
    ]
