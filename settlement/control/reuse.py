"""Find signed meter values that stand in another CDR already (check 62)."""

import hashlib
from collections.abc import Mapping

from roaming import canonical
from settlement.control.models import SignedReading


def read_reused(*, cdrs: Mapping[int, canonical.Cdr]) -> dict[int, str]:
    """This function will name, per CDR (by row), an earlier one that carries one of its signed values and was not credited."""
    digests: dict[bytes, list[int]] = {}
    for row, cdr in sorted(cdrs.items()):
        for value in cdr.signed_data.signed_values if cdr.signed_data is not None and not cdr.credit else ():
            digests.setdefault(hashlib.sha256(value.signed_data.encode()).digest(), []).append(row)
    if not digests:
        return {}
    reused = {row: _name(cdrs[rows[0]]) for rows in digests.values() for row in rows if row != rows[0]}
    known = SignedReading.objects.filter(digest__in=list(digests), cdr__credits=None).select_related("cdr__owner")
    for reading in known:
        for row in digests[bytes(reading.digest)]:
            if reading.cdr_id < row:
                reused[row] = f"{reading.cdr.owner.key}/{reading.cdr.cdr_id}"
    return reused


def _name(cdr: canonical.Cdr) -> str:
    return f"{cdr.owner}/{cdr.id}"
