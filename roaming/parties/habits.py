"""Setting a partner's flags, and deciding what the hub proposes."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from roaming.parties import directory
from roaming.parties.credentials import Identified
from roaming.parties.models import Platform, ProfileProposal
from roaming.parties.profile import PLAIN, read_flag


class NotProposed(Exception):
    """The hub proposes nothing of that kind for this platform, or it was decided before."""


def learn(*, platform: Identified, flags: Mapping[str, str], evidence: str, correlation_id: str, at: datetime) -> None:
    """This function will set what worked in a handshake, where it is news, and keep the evidence as a confirmed proposal."""
    with transaction.atomic():
        row = Platform.objects.select_for_update().get(id=platform.id)
        news = {flag: value for flag, value in flags.items() if row.profile.get(flag, getattr(PLAIN, flag)) != value}
        if not news:
            return
        _store(row, news)
        for flag, value in news.items():
            ProfileProposal.objects.update_or_create(
                platform=row,
                flag=flag,
                value=value,
                defaults={"state": "confirmed", "evidence": evidence, "correlation_id": correlation_id, "last_at": at},
                create_defaults={
                    "state": "confirmed",
                    "evidence": evidence,
                    "correlation_id": correlation_id,
                    "first_at": at,
                    "last_at": at,
                },
            )


def set_flags(*, platform: Identified, flags: Mapping[str, str]) -> None:
    """This function will set flags, told as text, all or none; a proposal of the same value is confirmed by it.

    It raises UnknownFlag or BadFlag.
    """
    values = {flag: read_flag(flag=flag, text=text) for flag, text in flags.items()}
    with transaction.atomic():
        row = Platform.objects.select_for_update().get(id=platform.id)
        _store(row, values)
        for flag, value in values.items():
            ProfileProposal.objects.filter(platform=row, flag=flag, value=str(value)).update(state="confirmed")


def confirm_proposal(*, platform: Identified, proposal_id: int) -> ProfileProposal:
    """This function will set the flag that is proposed; it raises NotProposed where that was decided before."""
    with transaction.atomic():
        proposal = _open_proposal(platform, proposal_id)
        set_flags(platform=platform, flags={proposal.flag: proposal.value})
        proposal.state = "confirmed"
    return proposal


def dismiss_proposal(*, platform: Identified, proposal_id: int) -> ProfileProposal:
    """This function will put a proposal aside, so that it is not shown again; it raises NotProposed where it was decided before."""
    with transaction.atomic():
        proposal = _open_proposal(platform, proposal_id)
        proposal.state = "dismissed"
        proposal.save(update_fields=["state"])
    return proposal


def _open_proposal(platform: Identified, proposal_id: int) -> ProfileProposal:
    proposal = (
        ProfileProposal.objects.select_for_update(of=("self",))
        .filter(id=proposal_id, platform_id=platform.id, state="open")
        .select_related("platform")
        .first()
    )
    if proposal is None:
        raise NotProposed(f"there is no open proposal {proposal_id} for this platform")
    return proposal


def _store(row: Platform, values: Mapping[str, str | int]) -> None:
    row.profile = {**row.profile, **values}
    row.save(update_fields=["profile"])
    directory.changed()
