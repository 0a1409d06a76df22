"""Read findings."""

from django.db.models import QuerySet

from roaming.models import Cdr
from settlement.control.models import Finding


def list_findings(*, cdr: Cdr) -> QuerySet[Finding]:
    """This function will list everything the checks said about a CDR, by check number."""
    return Finding.objects.filter(cdr=cdr).order_by("check_number", "code")
