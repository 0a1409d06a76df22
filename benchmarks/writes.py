"""Taking sessions and CDRs, each with its durable record and its delivery queued, against a DRF view that does nothing."""

from collections.abc import Callable
from statistics import median

from benchmarks.authorize import NotRecorded
from benchmarks.house import House
from benchmarks.load import Plan, Result, run_load
from benchmarks.messages import CDR, SESSION
from benchmarks.partners import Partners
from benchmarks.table import Measure, ratio_of_medians
from roaming.cdrs.models import Cdr
from roaming.deliveries.models import Delivery
from roaming.sessions.models import Session

SESSION_BAR, CDR_BAR = 0.35, 0.25
CONNECTIONS = 64


def measure_writes(*, house: House, partners: Partners, rounds: int, seconds: float) -> list[Measure]:
    """This function will measure PUT of new sessions and POST of new CDRs, in turns with the constant view."""
    constant_port = house.start_constant_view()
    constant = Plan(port=constant_port, method="PUT", path="/constant", body=SESSION)
    measures = []
    for name, plan, count, bar in (
        ("PUT session", plan_of(house.port, partners, "PUT", "receiver/sessions/DE/ALF/S@N@", SESSION), Session.objects.count, SESSION_BAR),
        ("POST CDR", plan_of(house.port, partners, "POST", "receiver/cdrs", CDR), Cdr.objects.count, CDR_BAR),
    ):
        of_hub: list[Result] = []
        of_constant: list[Result] = []
        cpu = house.cpu_seconds("lane", "web")
        for _ in range(rounds):
            of_hub.append(_recorded(plan, seconds, count))
            of_constant.append(run_load(plan=constant, connections=CONNECTIONS, seconds=seconds))
        micros = (house.cpu_seconds("lane", "web") - cpu) * 1e6 / sum(result.requests for result in of_hub)
        figure, floor = (
            f"{median(result.per_second for result in results):,.0f}/s, p50 {median(result.p50 for result in results):.1f} ms"
            for results in (of_hub, of_constant)
        )
        measures.append(
            Measure(
                name=f"{name}, {CONNECTIONS} connections",
                figure=figure,
                baseline=f"constant DRF view {floor}",
                ratio=ratio_of_medians([result.per_second for result in of_hub], [result.per_second for result in of_constant]),
                bar=bar,
                note=f"{micros:.0f} µs of processor time per request in lane and web; every answer has its row and its delivery.",
            )
        )
    house.stop("constant-view")
    return measures


def plan_of(port: int, partners: Partners, method: str, path: str, body: str) -> Plan:
    """This function will return a plan of the operator's requests under /ocpi/2.2.1/, each with ids of its own."""
    return Plan(
        port=port,
        method=method,
        path=f"/ocpi/2.2.1/{path}",
        headers={
            "Authorization": partners.operator_header,
            "X-Request-ID": "bench-request-@N@",
            "X-Correlation-ID": "bench-correlation-@N@",
            "OCPI-from-country-code": "DE",
            "OCPI-from-party-id": "ALF",
        },
        body=body,
    )


def _recorded(plan: Plan, seconds: float, count: Callable[[], int]) -> Result:
    rows, deliveries = count(), Delivery.objects.count()
    result = run_load(plan=plan, connections=CONNECTIONS, seconds=seconds)
    written, queued = count() - rows, Delivery.objects.count() - deliveries
    if written < result.requests or queued < written:
        raise NotRecorded(f"{result.requests} answers, {written} rows, {queued} deliveries")
    return result
