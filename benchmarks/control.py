"""What the checks cost: POST of a CDR with all its rules, until it is charged or held, against POST alone.

The hub answers a POST before control looks, and control looks at what came together. So the same CDRs are counted twice: over the
time until they were sealed, and over that time and the time until each of them was judged, re-priced and booked.
"""

import time
from statistics import median

from django.db import connection

from benchmarks.authorize import NotRecorded
from benchmarks.house import House
from benchmarks.load import run_load
from benchmarks.messages import CDR
from benchmarks.partners import CONTRACT, KNOWN_UID, OPERATOR, PROVIDER, Partners
from benchmarks.table import Measure, ratio_of_medians
from benchmarks.writes import CONNECTIONS, plan_of
from roaming.cdrs.models import Cdr
from roaming.models import RoamingAgreement
from settlement.clearing.clear import clear_everything
from settlement.clearing.models import Charge, Hold
from settlement.control.models import Repricing
from settlement.terms.agree import agree_terms

CONTROL_BAR = 0.6

# Each of a card and an EVSE of its own: a month of one card would measure how a cloned card is found.
_CDR = CDR.replace(KNOWN_UID, "0@N@").replace(CONTRACT, f"{CONTRACT}@N@").replace("E0001*1", "E@N@")


def measure_control(*, house: House, partners: Partners, rounds: int, seconds: float) -> list[Measure]:
    """This function will measure POST of new CDRs with and without what control does to them afterwards."""
    from django.utils import timezone

    agreement = RoamingAgreement.objects.get(
        operator__country_code=OPERATOR.country_code,
        operator__party_id=OPERATOR.party_id,
        provider__country_code=PROVIDER.country_code,
        provider__party_id=PROVIDER.party_id,
    )
    agree_terms(agreement=agreement)
    plan = plan_of(house.port, partners, "POST", "receiver/cdrs", _CDR)
    run_load(plan=plan, connections=CONNECTIONS, seconds=0.5)
    clear_everything(at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does on a hub that is older than a minute
    alone: list[float] = []
    controlled: list[float] = []
    cleared = 0
    spent = 0.0
    for _ in range(rounds):
        before, not_priced_before = Cdr.objects.count(), _not_priced()
        result = run_load(plan=plan, connections=CONNECTIONS, seconds=seconds)
        sealed = Cdr.objects.count() - before
        if sealed < result.requests:
            raise NotRecorded(f"{result.requests} answers, {sealed} rows")
        sealing = result.requests / result.per_second
        begun = time.perf_counter()
        judged = clear_everything(at=timezone.now()).total
        clearing = time.perf_counter() - begun
        if judged < sealed or _not_priced() != not_priced_before:
            raise NotRecorded(f"{sealed} sealed, {judged} judged, {_not_priced() - not_priced_before} of them not priced again")
        alone.append(sealed / sealing)
        controlled.append(sealed / (sealing + clearing))
        cleared, spent = cleared + judged, spent + clearing
    return [
        Measure(
            name=f"POST CDR with all rules, {CONNECTIONS} connections",
            figure=f"{median(controlled):,.0f}/s",
            baseline=f"POST with none {median(alone):,.0f}/s",
            ratio=ratio_of_medians(controlled, alone),
            bar=CONTROL_BAR,
            note=f"{spent * 1e6 / max(cleared, 1):.0f} µs per CDR to judge, price again and book.",
        )
    ]


def _not_priced() -> int:
    # The month of other measures is made by COPY and never was: what counts is that none is added.
    return Charge.objects.count() + Hold.objects.count() - Repricing.objects.count()
