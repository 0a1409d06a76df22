"""Authorising through the hub: against a bare proxy to the same provider, and against a constant answer where the hub decides."""

from statistics import median

from benchmarks.baselines import ANSWER
from benchmarks.house import House
from benchmarks.load import Plan, Result, run_load
from benchmarks.partners import ASKED_UID, KNOWN_UID, Partners
from benchmarks.table import Measure, ratio_of_medians
from roaming.authorizations.models import Authorization

FORWARDED_BAR, ADDED_MS_BAR, KNOWN_BAR = 0.30, 3.0, 0.25
CONNECTIONS = (1, 16, 64)
_BODY = '{"location_id":"LOC1","evse_uids":["3256"]}'


class NotRecorded(Exception):
    """Answers were given without their rows, or other answers than those that were to be measured."""


def measure_authorize(*, house: House, partners: Partners, provider_port: int, rounds: int, seconds: float) -> list[Measure]:
    """This function will measure forwarded authorisations in turns with a bare proxy and with the provider itself."""
    proxy_port = house.start_asgi("proxy", PROVIDER_URL=f"http://127.0.0.1:{provider_port}")
    hub = plan(house.port, ASKED_UID, partners)
    proxy, provider = plan(proxy_port, ASKED_UID, partners), plan(provider_port, ASKED_UID, partners)
    measures = []
    for connections in CONNECTIONS:
        of_hub: list[Result] = []
        of_proxy: list[Result] = []
        of_provider: list[Result] = []
        before = house.cpu_seconds("lane"), house.cpu_seconds("postgres"), house.cpu_seconds(f"proxy-{proxy_port}")
        for _ in range(rounds):
            of_hub.append(_recorded(hub, connections, seconds, outcome="ALLOWED", source="provider"))
            of_proxy.append(run_load(plan=proxy, connections=connections, seconds=seconds))
            if connections == 1:
                of_provider.append(run_load(plan=provider, connections=1, seconds=seconds))
        after = house.cpu_seconds("lane"), house.cpu_seconds("postgres"), house.cpu_seconds(f"proxy-{proxy_port}")
        measures.append(
            Measure(
                name=f"authorise, forwarded, {connections} connection{'s' if connections > 1 else ''}",
                figure=_told(of_hub),
                baseline=f"bare proxy {_told(of_proxy)}",
                ratio=_ratio(of_hub, of_proxy),
                bar=FORWARDED_BAR if connections == max(CONNECTIONS) else None,
                note=_processor_time(before, after, of_hub, of_proxy, "the proxy"),
            )
        )
        if connections == 1:
            added = median(result.p50 for result in of_hub) - median(result.p50 for result in of_provider)
            measures.append(
                Measure(
                    name="authorise, forwarded: added p50, 1 connection",
                    figure=f"p50 {median(result.p50 for result in of_hub):.2f} ms",
                    baseline=f"provider itself {median(result.p50 for result in of_provider):.2f} ms",
                    ratio=added,
                    bar=ADDED_MS_BAR,
                    unit="ms",
                    at_most=True,
                )
            )
    house.stop(f"proxy-{proxy_port}")
    return measures


def measure_known(*, house: House, partners: Partners, rounds: int, seconds: float) -> list[Measure]:
    """This function will measure authorisations that the hub answers from a whitelisted token, in turns with a constant answer."""
    constant_port = house.start_asgi("constant")
    hub, constant = plan(house.port, KNOWN_UID, partners), plan(constant_port, KNOWN_UID, partners)
    of_hub: list[Result] = []
    of_constant: list[Result] = []
    before = house.cpu_seconds("lane"), house.cpu_seconds("postgres"), house.cpu_seconds(f"constant-{constant_port}")
    for _ in range(rounds):
        of_hub.append(_recorded(hub, max(CONNECTIONS), seconds, outcome="ALLOWED", source="whitelist"))
        of_constant.append(run_load(plan=constant, connections=max(CONNECTIONS), seconds=seconds))
    after = house.cpu_seconds("lane"), house.cpu_seconds("postgres"), house.cpu_seconds(f"constant-{constant_port}")
    house.stop(f"constant-{constant_port}")
    return [
        Measure(
            name=f"authorise from the whitelist, {max(CONNECTIONS)} connections",
            figure=_told(of_hub),
            baseline=f"constant ASGI answer {_told(of_constant)}",
            ratio=_ratio(of_hub, of_constant),
            bar=KNOWN_BAR,
            note=_processor_time(before, after, of_hub, of_constant, "the constant answer"),
        )
    ]


def plan(port: int, uid: str, partners: Partners) -> Plan:
    """This function will write one authorise request, with ids of its own."""
    return Plan(
        port=port,
        method="POST",
        path=f"/ocpi/2.2.1/sender/tokens/{uid}/authorize?type=RFID",
        headers={
            "Authorization": partners.operator_header,
            "X-Request-ID": "bench-request-@N@",
            "X-Correlation-ID": "bench-correlation-@N@",
            "OCPI-from-country-code": "DE",
            "OCPI-from-party-id": "ALF",
        },
        body=_BODY,
    )


def answer_of_provider() -> bytes:
    """This function will return what the stub says to every question: ALLOWED, for the token that is asked."""
    return ANSWER


def _recorded(hub: Plan, connections: int, seconds: float, *, outcome: str, source: str) -> Result:
    before = Authorization.objects.filter(outcome=outcome, source=source).count()
    result = run_load(plan=hub, connections=connections, seconds=seconds)
    rows = Authorization.objects.filter(outcome=outcome, source=source).count() - before
    # wrk stops counting before the last answers arrive: there may be a few more rows than answers, never fewer.
    if rows < result.requests:
        raise NotRecorded(f"{result.requests} answers, {rows} rows of outcome {outcome} from {source}")
    return result


def _processor_time(
    before: tuple[float, float, float], after: tuple[float, float, float], of_hub: list[Result], of_other: list[Result], other: str
) -> str:
    lane, postgres, compared = (later - earlier for earlier, later in zip(before, after, strict=True))
    asked = sum(result.requests for result in of_hub)
    micros = f"lane {lane * 1e6 / asked:.0f} µs, PostgreSQL {postgres * 1e6 / asked:.0f} µs"
    micros += f", {other} {compared * 1e6 / sum(result.requests for result in of_other):.0f} µs"
    return f"processor time per request: {micros}; every answer of the hub has its committed row."


def _told(results: list[Result]) -> str:
    return f"{median(result.per_second for result in results):,.0f}/s, p50 {median(result.p50 for result in results):.2f} ms"


def _ratio(figures: list[Result], baselines: list[Result]) -> float:
    return ratio_of_medians([result.per_second for result in figures], [result.per_second for result in baselines])
