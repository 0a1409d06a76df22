"""Load over keep-alive connections: wrk where it is installed, else a small generator of our own.

Both write the same requests: a template in which `@N@` is replaced by a number that no other request of the run has.
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles

_NUMBERS = count(1)  # each run takes a block of numbers of its own
_BLOCK = 10_000_000


@dataclass(frozen=True)
class Plan:
    """What is asked. `@N@` in path, headers and body becomes the request's number, nine digits long."""

    port: int
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Result:
    """What came of it. Latencies in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    failed: int


class LoadFailed(Exception):
    """Answers were missing or were not 2xx: the figures would mean nothing."""


def run_load(*, plan: Plan, connections: int, seconds: float) -> Result:
    """This function will ask as fast as `connections` can, for that long. Raises LoadFailed."""
    first = next(_NUMBERS) * _BLOCK
    if shutil.which("wrk"):
        result = _run_wrk(plan, connections, seconds, first)
    else:
        result = asyncio.run(_run_own(plan, connections, seconds, first))
    if result.failed or not result.requests:
        raise LoadFailed(f"{plan.method} {plan.path}: {result.failed} of {result.requests} answers were not 2xx or missing")
    return result


_LUA = """
local number = %(first)d
local chunks = %(chunks)s
request = function()
   number = number + 1
   return table.concat(chunks, string.format("%%09d", number))
end
done = function(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format('RESULT {"requests": %%d, "micros": %%d, "p50": %%f, "p99": %%f, "failed": %%d}\\n', summary.requests,
      summary.duration, latency:percentile(50), latency:percentile(99), errors.status + errors.read + errors.write + errors.timeout))
end
"""


def write_request(plan: Plan) -> str:
    """This function will write the request of a plan, its numbers still open."""
    body = plan.body.encode()
    length = len(body) + body.count(b"@N@") * (9 - len("@N@"))
    headers = {"Host": f"127.0.0.1:{plan.port}", **plan.headers}
    if plan.body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(length)}
    lines = [f"{plan.method} {plan.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", plan.body])


def _run_wrk(plan: Plan, connections: int, seconds: float, first: int) -> Result:
    chunks = "{" + ", ".join(json.dumps(chunk) for chunk in write_request(plan).split("@N@")) + "}"
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "plan.lua"
        script.write_text(_LUA % {"first": first, "chunks": chunks})
        # One thread: the machine's other core is the hub's.
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), f"http://127.0.0.1:{plan.port}/"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    figures = json.loads(line.removeprefix("RESULT "))
    return Result(
        requests=figures["requests"],
        per_second=figures["requests"] / (figures["micros"] / 1e6),
        p50=figures["p50"] / 1000,
        p99=figures["p99"] / 1000,
        failed=figures["failed"],
    )


class _Talk(asyncio.Protocol):
    """One connection that asks again as soon as it is answered. Answers must tell their length."""

    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._buffer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._run.next_request())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, rest = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._run.note(time.perf_counter() - self._asked, ok=head[9:10] == b"2")
        if self._run.is_over:
            self._transport.close()
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lose(unexpected=not self._run.is_over)


class _Run:
    def __init__(self, plan: Plan, connections: int, first: int) -> None:
        self._chunks = [chunk.encode() for chunk in write_request(plan).split("@N@")]
        self._number = first
        self.latencies: list[float] = []
        self.failed = 0
        self.is_over = False
        self._open = connections
        self.ended = asyncio.Event()

    def next_request(self) -> bytes:
        self._number += 1
        return (b"%09d" % self._number).join(self._chunks)

    def note(self, seconds: float, *, ok: bool) -> None:
        self.latencies.append(seconds)
        self.failed += not ok

    def lose(self, *, unexpected: bool) -> None:
        self.failed += unexpected
        self._open -= 1
        if not self._open:
            self.ended.set()


async def _run_own(plan: Plan, connections: int, seconds: float, first: int) -> Result:
    run = _Run(plan, connections, first)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Talk(run), "127.0.0.1", plan.port)
    await asyncio.sleep(seconds)
    run.is_over = True
    took = time.perf_counter() - started
    await run.ended.wait()
    cuts = quantiles(run.latencies, n=100) if len(run.latencies) > 1 else [0.0] * 99
    return Result(
        requests=len(run.latencies), per_second=len(run.latencies) / took, p50=cuts[49] * 1000, p99=cuts[98] * 1000, failed=run.failed
    )
