"""A release of payments stays as it is; so does a letter once it was decided about: only that it was mailed is still noted."""

from django.db import migrations

RELEASE = "settlement_paymentrelease"
LETTER = "settlement_dunningletter"

GUARD = f"""
CREATE TRIGGER {RELEASE}_append_only BEFORE UPDATE OR DELETE ON {RELEASE} FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {RELEASE}_no_truncate BEFORE TRUNCATE ON {RELEASE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {LETTER}_frozen BEFORE UPDATE ON {LETTER} FOR EACH ROW
    WHEN (OLD.state <> 'draft' AND (OLD.notice_id, OLD.state, OLD.content, OLD.reason, OLD.decided_by, OLD.decided_at)
        IS DISTINCT FROM (NEW.notice_id, NEW.state, NEW.content, NEW.reason, NEW.decided_by, NEW.decided_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {LETTER}_kept_frozen BEFORE DELETE ON {LETTER} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {RELEASE} ENABLE ALWAYS TRIGGER {RELEASE}_append_only;
ALTER TABLE {RELEASE} ENABLE ALWAYS TRIGGER {RELEASE}_no_truncate;
ALTER TABLE {LETTER} ENABLE ALWAYS TRIGGER {LETTER}_frozen;
ALTER TABLE {LETTER} ENABLE ALWAYS TRIGGER {LETTER}_kept_frozen;
"""
UNGUARD = f"""
DROP TRIGGER {LETTER}_kept_frozen ON {LETTER};
DROP TRIGGER {LETTER}_frozen ON {LETTER};
DROP TRIGGER {RELEASE}_no_truncate ON {RELEASE};
DROP TRIGGER {RELEASE}_append_only ON {RELEASE};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0021_manual_rates_and_payment_caps"),
    ]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
