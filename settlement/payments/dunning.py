"""How late is a payment? Stages by days overdue, each noted once per payment.

Notices are rows that people see (list_payments, the admin). Each has a letter that a person releases; none leaves by itself.
"""

STAGES = ((3, 1), (10, 2), (20, 3), (30, 4))
NAMES = {0: "", 1: "reminder", 2: "first notice", 3: "second notice", 4: "default: leave the party out of the next netting"}


def stage_of(*, days_overdue: int) -> int:
    """This function will return the stage that a payment has reached: 0 none, 1 reminder, 2 and 3 notices, 4 default."""
    return max((stage for days, stage in STAGES if days_overdue >= days), default=0)
