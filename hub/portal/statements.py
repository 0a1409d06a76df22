"""A party's statements: the list, one of them line by line, and its files. Only issued ones: a draft may still change."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from hub.portal.flow import netting_of
from hub.portal.scope import Scope, portal_page
from hub.users.permissions import Action
from roaming.figures import party_name
from roaming.models import Party
from settlement.documents.render import FORMATS
from settlement.models import Document, PlannedPayment, Statement
from settlement.statements.content import read_content

OFFERED = {name: _(form.words) for name, form in FORMATS.items()}


def statements_of(scope: Scope) -> QuerySet[Statement]:
    """This function will return the issued statements of the party looked at, newest first."""
    return (
        Statement.objects.filter(party=scope.party, state=Statement.State.ISSUED)
        .select_related("run", "party")
        .defer("content")
        .order_by("-run__starts_at", "currency", "-pk")
    )


def find_statement(scope: Scope, statement_id: int) -> Statement:
    """This function will return an issued statement of any of the person's parties; every other one is a 404, whoever's it is."""
    return get_object_or_404(
        Statement.objects.select_related("run", "party"),
        pk=statement_id,
        state=Statement.State.ISSUED,
        party__in=scope.parties(to=Action.SEE_OWN_STATEMENTS),
    )


@require_safe
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def statement_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list the statements."""
    return render(request, "portal/statements.html", {"scope": scope, "statements": statements_of(scope)[:240]})


@require_safe
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def statement_detail(request: HttpRequest, scope: Scope, statement_id: int) -> HttpResponse:
    """This function will show a statement with its lines, payments and files."""
    statement = find_statement(scope, statement_id)
    own = str(statement.party.key)
    payments = read_content(statement=statement).payments
    names = {str(party.key): party_name(party) for party in Party.objects.filter(pk__in=_paying(statement))}
    return render(
        request,
        "portal/statement.html",
        {
            "scope": scope,
            "statement": statement,
            "lines": statement.lines.select_related("counterparty"),
            "to_pay": [payment for payment in payments if payment.payer == own],
            "to_get": [(names.get(payment.payer, payment.payer), payment) for payment in payments if payment.payee == own],
            "netting": netting_of(statement),
            "formats": OFFERED,
            "documents": Document.objects.filter(statement=statement).order_by("format"),
        },
    )


def _paying(statement: Statement) -> QuerySet[PlannedPayment, int]:
    own = PlannedPayment.objects.filter(run=statement.run, currency=statement.currency, payee=statement.party)
    return own.values_list("payer", flat=True)
