"""Note the stages that overdue payments have reached, and draft the letter of each."""

from datetime import datetime

from settlement.payments.letters import draft_letters
from settlement.payments.models import DunningNotice
from settlement.payments.queries import list_open


def dun(*, at: datetime) -> list[DunningNotice]:
    """This function will note, once each, the stage of every payment that is overdue on that day, and return what was new."""
    late = [standing for standing in list_open(on=at.date()) if standing.stage]
    known = set(DunningNotice.objects.filter(payment__in=[standing.payment.pk for standing in late]).values_list("payment_id", "stage"))
    new = [
        DunningNotice(
            payment=standing.payment,
            stage=standing.stage,
            days_overdue=standing.days_overdue,
            open_amount=standing.open,
            noted_at=at,
        )
        for standing in late
        if (standing.payment.pk, standing.stage) not in known
    ]
    noted = DunningNotice.objects.bulk_create(new, ignore_conflicts=True)
    draft_letters(at=at)
    return noted
