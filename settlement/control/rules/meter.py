"""Group D, continued: what meters showed, and what they signed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from roaming import canonical
from settlement.control.evidence import Evidence
from settlement.control.signed import reading_of
from settlement.control.verdict import FLAG, HOLD, Remark, Rule

_CALIBRATION_LAW = frozenset({"DEU", "AUT"})


def meter_says_the_energy(evidence: Evidence) -> Iterator[Remark]:
    """Checks 48 to 50: end − start is the energy, and the meter starts where the CDR before it ended."""
    reading = reading_of(evidence.cdr)
    if reading is None:
        return
    used = reading.end_kwh - reading.start_kwh
    if abs(used - evidence.energy_kwh) > evidence.limits.number(48, "kwh"):
        message = f"the meter ran {used.normalize():f} kWh, total_energy is {evidence.energy_kwh.normalize():f} kWh"
        yield Remark(48, "METER_DIFFERS", HOLD, message)
    body = evidence.context.meter_body if evidence.context is not None else None
    before = reading_of(canonical.decode(body, canonical.Cdr)) if body is not None else None
    if before is None or before.meter != reading.meter:
        return
    gap = reading.start_kwh - before.end_kwh
    if gap < -evidence.limits.number(49, "kwh"):
        yield Remark(49, "METER_ROLLBACK", HOLD, f"the meter starts {-gap.normalize():f} kWh below the end of the CDR before it")
    elif gap > evidence.limits.number(50, "kwh"):
        yield Remark(50, "METER_GAP", FLAG, f"{gap.normalize():f} kWh since the CDR before it are in none")


def signed_where_it_must(evidence: Evidence) -> Iterator[Remark]:
    """Check 59: an EVSE that declares calibration-law data sends it (hold in Germany and Austria)."""
    if evidence.place is not None and evidence.place.declares_signed_data and not evidence.signed:
        action = HOLD if evidence.country in _CALIBRATION_LAW else FLAG
        yield Remark(59, "SIGNED_DATA_MISSING", action, "the EVSE declares signed meter values, the CDR has none")


def signatures_verify(evidence: Evidence) -> Iterator[Remark]:
    """Check 60: a signed value fits its key. What cannot be verified is said, not held."""
    for verdict in evidence.signed:
        if verdict.verdict == "invalid":
            yield Remark(60, "SIGNATURE_INVALID", HOLD, f"signed value {verdict.number} ({verdict.nature}): {verdict.detail}")
            return
    unproven = [verdict for verdict in evidence.signed if verdict.verdict != "valid"]
    if unproven:
        yield Remark(60, "SIGNATURE_UNPROVEN", FLAG, f"signed value {unproven[0].number}: {unproven[0].verdict}; {unproven[0].detail}")


def signed_values_are_the_cdrs(evidence: Evidence) -> Iterator[Remark]:
    """Checks 61 and 62: signed energy and times are those of the CDR, and stand in no other CDR."""
    limits = evidence.limits
    begins = [verdict for verdict in evidence.signed if verdict.begin_kwh is not None]
    ends = [verdict for verdict in evidence.signed if verdict.end_kwh is not None]
    if begins and ends and begins[0].begin_kwh is not None and ends[-1].end_kwh is not None:
        signed = ends[-1].end_kwh - begins[0].begin_kwh
        if abs(signed - evidence.energy_kwh) > limits.number(61, "kwh"):
            message = f"signed are {signed.normalize():f} kWh, total_energy is {evidence.energy_kwh.normalize():f} kWh"
            yield Remark(61, "SIGNED_VALUES_DIFFER", HOLD, message)
        if begins[0].meter != ends[-1].meter:
            yield Remark(61, "SIGNED_BY_TWO_METERS", HOLD, "begin and end were signed by two meters")
        started, ended = begins[0].begin_at, ends[-1].end_at
        if (
            started is not None
            and started.tzinfo is not None
            and abs((started - evidence.started_at).total_seconds()) > limits.number(61, "seconds")
        ):
            yield Remark(61, "SIGNED_START_DIFFERS", HOLD, f"signed start is {started.isoformat()}")
        if (
            ended is not None
            and ended.tzinfo is not None
            and abs((ended - evidence.ended_at).total_seconds()) > limits.number(61, "seconds")
        ):
            yield Remark(61, "SIGNED_END_DIFFERS", HOLD, f"signed end is {ended.isoformat()}")
    gap = _gap_of_pages([verdict.page for verdict in evidence.signed])
    if gap:
        yield Remark(61, "SIGNED_PAGES_MISSING", HOLD, f"the meter counted its signed values {gap}: those between are missing")
    if evidence.reused_in:
        yield Remark(62, "SIGNED_DATA_REUSED", HOLD, f"the same signed value stands in {evidence.reused_in}")


def _gap_of_pages(pages: Sequence[str]) -> str:
    """OCMF counts pages per meter, `T7` then `T8`; a record that tells them tells all between its first and its last."""
    for before, after in pairwise(page for page in pages if page[1:].isdecimal()):
        if before[:1] != after[:1] or int(after[1:]) - int(before[1:]) not in (0, 1):
            return f"{before}, then {after}"
    return ""


RULES: tuple[Rule, ...] = (meter_says_the_energy, signed_where_it_must, signatures_verify, signed_values_are_the_cdrs)
