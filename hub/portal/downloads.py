"""A statement's files in the portal: the bytes that were rendered once, never kept by a cache."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hub.portal.scope import Scope, portal_page
from hub.portal.statements import find_statement
from hub.users.permissions import Action
from settlement.documents.render import UnknownFormat, render_statement


@require_safe
@portal_page(to=Action.SEE_OWN_STATEMENTS)
def download(request: HttpRequest, scope: Scope, statement_id: int, file_format: str) -> HttpResponse:
    """This function will answer with one file of a statement of the person's parties; everything else is a 404."""
    statement = find_statement(scope, statement_id)
    try:
        rendered = render_statement(statement=statement, format=file_format)
    except UnknownFormat as unknown:
        raise Http404 from unknown
    answer = HttpResponse(rendered.content, content_type=rendered.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{rendered.filename}"'
    return answer
