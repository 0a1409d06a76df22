"""What stands around a CDR is looked up by index: a batch must not read the whole day for each of its CDRs."""

import pytest
from django.db import connection

from settlement.control.context import _CONTEXT

pytestmark = pytest.mark.django_db


def test_other_cdrs_of_an_evse_are_found_by_the_index_of_evses() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {_CONTEXT}", {"rows": [1], "meters": True})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # Both who charged there at the same time, and the meter before. Without their EVSE named the index by card would be walked whole.
    assert plan.count("Index Scan using cdr_by_evse") + plan.count("Index Scan Backward using cdr_by_evse") == 2
