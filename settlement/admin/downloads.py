"""A statement's files in the admin: links, and the view behind them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from settlement.documents.answer import answer_with_document
from settlement.documents.invoices import MissingVatId
from settlement.documents.render import FORMATS, UnknownFormat
from settlement.documents.validate import InvoiceInvalid, InvoiceUnchecked
from settlement.models import Statement


def download_links(statement: Statement) -> SafeString | str:
    """This function will link to every file of an issued statement; a draft has none, since its figures may still change."""
    if statement.state != Statement.State.ISSUED:
        return "when issued"
    links = (
        (reverse("admin:settlement_statement_download", args=[statement.pk, name]), file_format.button or name.upper())
        for name, file_format in FORMATS.items()
    )
    return format_html('<span class="downloads">{}</span>', format_html_join(" ", '<a class="download" href="{}">{}</a>', links))


def download(request: HttpRequest, statement_id: int, file_format: str) -> HttpResponse:
    """This function will answer with one file of an issued statement: the bytes the partner gets too."""
    if not request.user.has_perm("settlement.export_statement"):
        raise PermissionDenied
    statement = get_object_or_404(Statement, pk=statement_id, state=Statement.State.ISSUED)
    try:
        # FileResponse is a streaming answer; for the admin's purposes it is one like any other.
        answer: HttpResponse = answer_with_document(statement=statement, format=file_format)  # type: ignore[assignment]
    except (MissingVatId, InvoiceInvalid, InvoiceUnchecked) as missing:
        messages.warning(request, str(missing))
        return redirect(reverse("admin:settlement_statement_change", args=[statement.pk]))
    except UnknownFormat as unknown:
        raise Http404 from unknown
    return answer
