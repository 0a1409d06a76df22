"""Verify a statement in the portal: computed anew before the reader's eyes, and an own copy compared with what was issued."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hub.portal.scope import Scope, portal_page
from hub.portal.statements import find_statement
from hub.users.permissions import Action
from roaming.models import Cdr
from settlement.documents.store import is_intact
from settlement.models import Document, Statement

_MOST_SEALS = 5_000


@dataclass(frozen=True)
class Step:
    """One thing that was looked at."""

    what: str
    is_right: bool
    detail: str


class CopyForm(forms.Form):
    """A file that somebody kept."""

    copy = forms.FileField(label=gettext_lazy("Your copy of a file"))


def verify(statement: Statement) -> Iterator[Step]:
    """This function will compute a statement's sums, files and seals anew and say what is right."""
    lines = statement.lines.aggregate(sum=Sum("gross"))["sum"] or Decimal(0)
    yield Step(_("The lines sum to the net amount"), lines == statement.net, f"{lines:f} {statement.currency}")
    net = statement.receivable - statement.payable - statement.fees
    yield Step(_("What you get, minus what you pay and the fees, is the net amount"), net == statement.net, f"{net:f} {statement.currency}")
    for document in Document.objects.filter(statement=statement).order_by("format"):
        what = _("The %(format)s file is, byte for byte, the one that was issued") % {"format": document.format.upper()}
        yield Step(what, is_intact(document=document), document.sha256)
    checked, broken = _seals(statement)
    what = _("The seals of the CDRs behind it, computed anew from the bytes received")
    yield Step(what, not broken, broken or _("%(count)s seals are right") % {"count": checked})


def _seals(statement: Statement) -> tuple[int, str]:
    run = statement.run
    rows = Cdr.objects.filter(
        Q(owner=statement.party) | Q(provider=statement.party),
        charge__netting_set=run.netting_set_id,
        charge__period=run.period,
        charge__currency=statement.currency,
    ).order_by("pk")
    checked = 0
    for cdr in rows.only("cdr_id", "received", "body", "seal")[:_MOST_SEALS].iterator(chunk_size=200):
        seal = hashlib.sha256(hashlib.sha256(bytes(cdr.received)).digest() + bytes(cdr.body)).digest()
        if seal != bytes(cdr.seal):
            return checked, _("the seal of %(cdr)s is broken") % {"cdr": cdr.cdr_id}
        checked += 1
    return checked, ""


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def verification(request: HttpRequest, scope: Scope, statement_id: int) -> HttpResponse:
    """This function will show the steps, and compare an uploaded copy by its SHA-256; the copy is kept nowhere."""
    statement = find_statement(scope, statement_id)
    form = CopyForm(request.POST or None, request.FILES or None)
    copy = None
    if request.method == "POST" and form.is_valid():
        digest = hashlib.sha256()
        for block in form.cleaned_data["copy"].chunks():
            digest.update(block)
        same = Document.objects.filter(statement=statement, sha256=digest.hexdigest()).first()
        copy = {"sha256": digest.hexdigest(), "document": same}
    steps = list(verify(statement))
    return render(
        request,
        "portal/verify.html",
        {
            "scope": scope,
            "statement": statement,
            "steps": steps,
            "is_right": all(step.is_right for step in steps),
            "form": form,
            "copy": copy,
        },
    )
