"""Every change of money's terms, papers, rules, runs, holds and disputes goes into the audit trail, written by the database."""

from django.db import migrations

# Table: what is trailed, then keep_trail's columns: hidden, masked, ignored (roaming 0012).
TRAILED = {
    "settlement_nettingset": ("INSERT OR UPDATE OR DELETE", "", "", ""),
    "settlement_settlementterms": ("INSERT OR UPDATE OR DELETE", "", "", ""),
    "settlement_paymentdetails": ("INSERT OR UPDATE OR DELETE", "", "iban", "updated_at"),
    "settlement_taxprofile": ("INSERT OR UPDATE OR DELETE", "", "", "updated_at"),
    "settlement_rulechange": ("INSERT OR UPDATE OR DELETE", "", "", ""),
    "settlement_meterkey": ("INSERT OR UPDATE OR DELETE", "", "", ""),
    "settlement_nettingrun": ("INSERT OR UPDATE", "", "", "figures"),
    # Holds and disputes: holding is the machine's work and stands in its own row; what people decide is trailed.
    "settlement_hold": ("UPDATE", "", "", "reasons"),
    "settlement_dispute": ("INSERT OR UPDATE", "", "", "text"),
}


def keep_trail_of(table: str, events: str, hidden: str, masked: str, ignored: str) -> str:
    return (
        f"CREATE TRIGGER {table}_trail AFTER {events} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION keep_trail('{hidden}', '{masked}', '{ignored}');"
    )


class Migration(migrations.Migration):
    dependencies = [("settlement", "0008_adjustment_restored"), ("roaming", "0012_audit_trail")]

    operations = [
        migrations.RunSQL(keep_trail_of(table, *told), f"DROP TRIGGER {table}_trail ON {table}") for table, told in TRAILED.items()
    ]
