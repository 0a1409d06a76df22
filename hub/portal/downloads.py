"""A statement's files in the portal: the bytes that were rendered once, never kept by a cache."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from hub.portal.scope import Scope, portal_page
from hub.portal.statements import find_statement
from hub.users.permissions import Action
from settlement.documents.answer import answer_with_document
from settlement.documents.invoices import MissingVatId
from settlement.documents.render import UnknownFormat
from settlement.documents.validate import InvoiceInvalid, InvoiceUnchecked


@require_safe
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def download(request: HttpRequest, scope: Scope, statement_id: int, file_format: str) -> HttpResponse:
    """This function will answer with one file of a statement of the person's parties; everything else is a 404."""
    statement = find_statement(scope, statement_id)
    try:
        # FileResponse is a streaming answer; for the portal's purposes it is one like any other.
        answer: HttpResponse = answer_with_document(statement=statement, format=file_format)  # type: ignore[assignment]
    except (MissingVatId, InvoiceInvalid, InvoiceUnchecked) as missing:
        messages.warning(request, str(missing))
        return redirect("portal:statement", statement_id=statement.pk)
    except UnknownFormat as unknown:
        raise Http404 from unknown
    return answer
