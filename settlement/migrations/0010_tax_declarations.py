"""What parties declare about their taxes, with its time of validity."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlement", "0009_trail")]

    operations = [
        migrations.CreateModel(
            name="TaxDeclaration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dealer", "resells electricity (Art. 38)"),
                            ("consumer", "does not resell electricity (Art. 39)"),
                            ("registration", "identified for VAT in another state"),
                            ("online", "VAT id confirmed by the tax authorities"),
                        ],
                        max_length=12,
                    ),
                ),
                ("country", models.CharField(help_text="State of taxation, as VAT ids begin: Greece is EL.", max_length=2)),
                ("vat_id", models.CharField(blank=True, max_length=16)),
                ("validity", django.contrib.postgres.fields.ranges.DateRangeField()),
                (
                    "evidence",
                    models.CharField(blank=True, help_text="Where the paper lies, or the number of the online check.", max_length=200),
                ),
                ("declared_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tax_declarations", to="roaming.party"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="taxdeclaration",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("kind__in", ["dealer", "consumer"])),
                expressions=[("party", "="), ("validity", "&&")],
                name="dealer_declared_once",
            ),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER settlement_taxdeclaration_trail AFTER INSERT OR UPDATE OR DELETE ON settlement_taxdeclaration "
            "FOR EACH ROW EXECUTE FUNCTION keep_trail('', '', '');",
            "DROP TRIGGER settlement_taxdeclaration_trail ON settlement_taxdeclaration",
        ),
    ]
