"""One claimed message on its way: written, sent, judged. Shared by the pump that runs for ever and the drain that runs once."""

import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from roaming.deliveries.backoff import next_delay
from roaming.deliveries.coalesce import Bundle, ReceiverGone, Row, bundle
from roaming.deliveries.outbox import LEASE_SECONDS, Result, read_later
from roaming.deliveries.reading import one_look
from roaming.egress import Call, EgressError, Unreachable, send_async
from roaming.gateways import CannotBeSaid, GatewayRefusal, gateway_for
from roaming.parties.profile import profile_of
from roaming.parties.snapshot import Directory

# No call outlives its lease, or a second dispatcher would send the same object at the same time.
LONGEST_CALL_SECONDS = 20.0
_MARGIN_SECONDS = 2.0
# An object that changes so often while it is written down is left for the next claim.
_LOOKS = 3

logger = logging.getLogger(__name__)
_chance = random.Random()


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent."""

    bundle: Bundle
    call: Call


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim gave: letters that may go side by side, trains of CDRs that go one after the other, and what needs no sending."""

    letters: list[Letter]
    trains: list[list[Letter]]
    results: list[Result]
    claimed_at: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing was due."""
        return not (self.letters or self.trains or self.results)


def prepare(claimed: Sequence[tuple[Row, list[Row]]], directory: Directory, claimed_at: float) -> Batch:
    """This function will write every claimed message. It reads the objects, so it runs in a thread and not in an event loop."""
    letters: list[Letter] = []
    trains: dict[int, list[Letter]] = defaultdict(list)
    results: list[Result] = []
    for written in _write_as_claimed(claimed, directory):
        if isinstance(written, Result):
            results.append(written)
        elif written.bundle.parcel.module == "cdrs":
            trains[written.bundle.parcel.receiver.id].append(written)
        else:
            letters.append(written)
    return Batch(letters=letters, trains=list(trains.values()), results=results, claimed_at=claimed_at)


def _write_as_claimed(claimed: Sequence[tuple[Row, list[Row]]], directory: Directory) -> list[Letter | Result]:
    """Write messages whose rows are exactly those that the state in them holds.

    An object may change between the claim and the reading of its state. The message would then hold more than its rows, and the
    change would be sent again by a row of its own: a PATCH behind its own result. So the rows are read once more after the state;
    where they are still the same, nothing came between, and where not, that message is written anew.
    """
    written: dict[int, Letter | Result] = {}
    waiting = list(claimed)
    for _ in range(_LOOKS):
        with one_look():
            for row, later in waiting:
                try:
                    written[row.id] = _write(bundle(claimed=row, later=later, directory=directory))
                except ReceiverGone as gone:
                    logger.error("a delivery has lost its receiver", extra={"delivery": row.id, "reason": str(gone)})
                    written.pop(row.id, None)  # its lease runs out; a directory read halfway through a change knows it next time
        now = read_later([row for row, _ in waiting])
        waiting = [(row, now[row.id]) for row, later in waiting if now[row.id] != later]
        if not waiting:
            break
    for row, _ in waiting:
        if row.id in written:
            written[row.id] = Result(written[row.id].bundle, "released")
    return list(written.values())


def _write(one: Bundle) -> Letter | Result:
    try:
        call = gateway_for(one.parcel.platform).prepare(one.parcel)
    except CannotBeSaid as blocked:
        return Result(one, "rejected", f"not sent: {blocked}")  # a repeat would find no other words
    except GatewayRefusal as refusal:
        return _retry(one, str(refusal))
    except Exception as bug:
        # One object that cannot be written must not stop the others; it comes back until somebody has looked at it.
        logger.exception("a delivery could not be written", extra={"delivery": one.parcel.id, "object_module": one.parcel.module})
        return _retry(one, f"could not be written: {type(bug).__name__}")
    if call is None:
        return Result(one, "delivered", "nothing to send")
    return Letter(one, replace(call, deadline_seconds=min(call.deadline_seconds, LONGEST_CALL_SECONDS)))


async def send_letter(letter: Letter) -> Result:
    """This function will send one message and say how that ended; it raises nothing but a cancellation."""
    one = letter.bundle
    try:
        answer = await send_async(letter.call)
        outcome = gateway_for(one.parcel.platform).judge(one.parcel, answer)
    except EgressError as error:
        return _retry(one, f"{type(error).__name__}: {error}", is_away=isinstance(error, Unreachable))
    except GatewayRefusal as refusal:
        return _retry(one, str(refusal))
    except Exception as bug:
        logger.exception("a delivery failed", extra={"delivery": one.parcel.id, "object_module": one.parcel.module})
        return _retry(one, f"failed: {type(bug).__name__}")
    if outcome.kind == "retry":
        return _retry(one, outcome.note, retry_after_seconds=outcome.retry_after_seconds)
    if outcome.kind == "rejected":
        logger.error(
            "a receiver refused a delivery",
            extra={"delivery": one.parcel.id, "object_module": one.parcel.module, "platform": one.parcel.platform.id},
        )
    return Result(one, outcome.kind, outcome.note)


async def send_train(letters: Sequence[Letter], *, claimed_at: float) -> AsyncIterator[Result]:
    """This function will send CDRs of one receiver one after the other, in the order in which the hub took them.

    When the receiver is away, or the lease comes to its end, those not sent yet are released. One that the receiver refuses or
    cannot take does not hold back the next.
    """
    for place, letter in enumerate(letters):
        if monotonic() - claimed_at > LEASE_SECONDS - LONGEST_CALL_SECONDS - _MARGIN_SECONDS and place > 0:
            break
        result = await send_letter(letter)
        yield result
        if result.is_away:
            place += 1
            break
    else:
        return
    for letter in letters[place:]:
        yield Result(letter.bundle, "released")


def _retry(one: Bundle, note: str, *, retry_after_seconds: float | None = None, is_away: bool = False) -> Result:
    if one.parcel.module != "cdrs" and profile_of(one.parcel.platform.profile).queueing == "never":
        # OCPI's advice on queueing, where this partner asks for it (OCPI 2.2.1, transport_and_format §Offline behaviour).
        return Result(one, "rejected", f"not sent again, as this partner asks: {note}")
    delay = next_delay(attempts=one.parcel.attempts + 1, retry_after_seconds=retry_after_seconds, chance=_chance)
    return Result(one, "retry", note, delay_seconds=delay, is_away=is_away)
