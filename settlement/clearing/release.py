"""Release a held CDR: a person looked at it and lets it become money."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from settlement.clearing.clear import clear_rows
from settlement.clearing.gate import enter_clearing
from settlement.clearing.models import Hold
from settlement.control.gather import gather
from settlement.terms.rights import require


class NotHeld(Exception):
    """The CDR is not held (any more)."""


class ReasonMissing(Exception):
    """A release says why."""


class CannotRelease(Exception):
    """No person's word can replace what is missing: an agreement, or the original that a credit takes back."""


class AboveLimit(Exception):
    """The CDR is worth more than this role may release."""


class SecondPersonNeeded(Exception):
    """Above the limit two people release a CDR, and this is the one who asked for it."""


def release_hold(*, hold: Hold, by: str, by_role: str, reason: str, at: datetime) -> Hold:
    """This function will release a hold and book the charge of its CDR, in one transaction.

    Credits that waited for this CDR follow it. Above HUB_RELEASE_ALONE (net, in the CDR's own currency) the first call only asks: the
    hold is returned as it stands, and another person's call releases it (clearing §3.2). It raises RoleMayNot, ReasonMissing, NotHeld,
    CannotRelease, AboveLimit and SecondPersonNeeded.
    """
    require(action="release_hold", role=by_role, by=by)
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("a release needs a reason")
    with transaction.atomic():
        enter_clearing(wait=True)
        held = Hold.objects.select_for_update().get(pk=hold.pk)
        if held.state != Hold.State.HELD:
            raise NotHeld(f"this CDR was released by {held.released_by}")
        net = _refuse_what_nobody_can_release(held)
        _refuse_above_limit(net, held, by=by, by_role=by_role)
        if abs(net) > settings.HUB_RELEASE_ALONE and not held.release_asked_by:
            held.release_asked_by, held.release_asked_at = by, at
            held.save(update_fields=["release_asked_by", "release_asked_at"])
            return held
        _release(held, by=by, reason=reason, at=at)
        for credit in Hold.objects.filter(state=Hold.State.HELD, cdr__credit_of=held.cdr_id):
            if {told["code"] for told in credit.reasons} == {"ORIGINAL_HELD"}:
                _release(credit, by=by, reason=f"released with its original: {reason}", at=at)
    return held


def _refuse_above_limit(net: Decimal, held: Hold, *, by: str, by_role: str) -> None:
    if by_role == "analyst" and abs(net) > settings.HUB_RELEASE_ANALYST:
        raise AboveLimit(f"a CDR of {net} {held.cdr.currency} is above what an analyst may release ({settings.HUB_RELEASE_ANALYST})")
    if abs(net) > settings.HUB_RELEASE_ALONE and held.release_asked_by == by:
        raise SecondPersonNeeded(f"{by} asked for this release of {net} {held.cdr.currency}: another person releases it")


def _refuse_what_nobody_can_release(held: Hold) -> Decimal:
    """This function will return the net amount that a release would charge; it raises CannotRelease."""
    evidence = gather(cdr_ids=[held.cdr_id])[0]
    if evidence.terms is None and not evidence.is_credit:
        raise CannotRelease(f"still no agreement between {evidence.owner_key} and {evidence.provider_key}: sign one first")
    if evidence.original is not None and Hold.objects.filter(cdr=evidence.original, state=Hold.State.HELD).exists():
        raise CannotRelease("the CDR that this credit takes back is held: release that one, the credit follows")
    if evidence.original_net is not None and evidence.net != -evidence.original_net:
        raise CannotRelease("a partial credit cannot be charged: the operator sends a full credit and a new CDR")
    return evidence.charged_net


def _release(held: Hold, *, by: str, reason: str, at: datetime) -> None:
    held.state = Hold.State.RELEASED
    held.released_at = at
    held.released_by = by
    held.release_reason = reason[:300]
    held.save(update_fields=["state", "released_at", "released_by", "release_reason"])
    clear_rows(cdr_ids=[held.cdr_id], at=at, regardless=True)
