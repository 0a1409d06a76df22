"""Show a file in a dispute: what one side holds for its view goes into the evidence pack."""

import hashlib
from datetime import datetime

from django.db import transaction

from roaming.models import Party
from settlement.disputes.answer import NotYours
from settlement.disputes.end import lock_dispute
from settlement.disputes.models import Dispute, DisputeFile
from settlement.terms.rights import require

LARGEST = 2 * 1024 * 1024
MOST_FILES = 20


class WrongFile(Exception):
    """The file is empty or too large, its name says nothing, or there are too many already."""


def show_file(
    *, dispute: Dispute, name: str, content: bytes, by: str, by_role: str, at: datetime, party: Party | None = None
) -> DisputeFile:
    """This function will keep a file with a dispute; the same bytes again are the file that is there already.

    `party` is the company the person speaks for (none: the hub). It raises RoleMayNot, ResolvedAlready, NotYours and WrongFile.
    """
    require(action="answer_dispute", role=by_role, by=by)
    plain = name.replace("\\", "/").rpartition("/")[2].strip()[:100]
    if not plain or plain.startswith(".") or not plain.isprintable():
        raise WrongFile(f"{name!r} is no name of a file")
    if not 0 < len(content) <= LARGEST:
        raise WrongFile(f"{plain}: {len(content)} bytes; a file has some, and at most {LARGEST}")
    with transaction.atomic():
        waiting = lock_dispute(dispute=dispute)
        if party is not None and party.pk not in (waiting.cdr.owner_id, waiting.cdr.provider_id):
            raise NotYours(f"{party.key} is neither operator nor provider of the CDR in dispute {waiting.pk}")
        if waiting.files.count() >= MOST_FILES:
            raise WrongFile(f"dispute {waiting.pk} has {MOST_FILES} files already")
        shown, _ = DisputeFile.objects.get_or_create(
            dispute=waiting,
            digest=hashlib.sha256(content).digest(),
            defaults={"name": plain, "content": content, "by": by, "shown_at": at},
        )
    return shown
