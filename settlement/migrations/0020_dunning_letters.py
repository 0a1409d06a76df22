"""Letters of dunning stages, and the interest that terms agree on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0019_language_of_a_party"),
    ]

    operations = [
        migrations.AddField(
            model_name="settlementterms",
            name="late_interest",
            field=models.DecimalField(
                db_default=0,
                decimal_places=2,
                default=0,
                help_text="Percent a year that an overdue payment between the two bears; 0: none.",
                max_digits=5,
            ),
        ),
        migrations.CreateModel(
            name="DunningLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "waits for a person"), ("released", "released"), ("withheld", "withheld")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("content", models.TextField(blank=True, help_text="What the letter says, frozen at release: the PDF is drawn from it.")),
                ("reason", models.CharField(blank=True, help_text="Why it was withheld.", max_length=300)),
                ("decided_by", models.CharField(blank=True, max_length=254)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, help_text="When it went to the payer's people of finance.", null=True)),
                (
                    "notice",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="letter", to="settlement.dunningnotice"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "released"), _negated=True),
                            models.Q(models.Q(("content", ""), _negated=True), models.Q(("decided_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="letter_released_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mailed_at__isnull", True), ("state", "released"), _connector="OR"),
                        name="letter_mailed_if_released",
                    ),
                ],
            },
        ),
    ]
