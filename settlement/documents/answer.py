"""Hand a statement's file to a browser: the one answer that admin and portal give."""

from django.http import FileResponse

from settlement.documents.store import open_document
from settlement.statements.models import Statement


def answer_with_document(*, statement: Statement, format: str) -> FileResponse:
    """This function will return the file as a download that no cache keeps; it raises what `open_document` raises.

    Who may see the statement is the caller's question.
    """
    document = open_document(statement=statement, format=format)
    response = FileResponse(document.file, as_attachment=True, filename=document.filename, content_type=document.content_type)
    response["Content-Length"] = str(document.size)
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Document-SHA256"] = document.sha256
    return response
