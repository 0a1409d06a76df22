"""Keep what the rules said, once per CDR and code."""

from collections.abc import Mapping, Sequence

from settlement.control.models import Finding
from settlement.control.verdict import Remark


def record_findings(*, remarks: Mapping[int, Sequence[Remark]]) -> None:
    """This function will store the remarks on each CDR (by row); what was said before is not said again."""
    findings = [
        Finding(cdr_id=cdr, check_number=remark.check, code=remark.code, action=remark.action, message=remark.message[:300])
        for cdr, of_cdr in remarks.items()
        for remark in of_cdr
    ]
    if findings:
        Finding.objects.bulk_create(findings, batch_size=2000, ignore_conflicts=True)
