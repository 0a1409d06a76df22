"""The doors of the read API, and its description for machines and for people."""

from datetime import UTC
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hub.api.keys import KeyAuthentication
from hub.api.limits import PerKey
from hub.api.shapes import CdrPage, CdrShape, StatementPage, StatementShape
from hub.portal.cdr_filters import STATES, cdrs_of, counterparties_of, cursor_of, read_filters
from hub.portal.models import ApiKey
from roaming.models import Party
from settlement.documents.answer import answer_with_document
from settlement.documents.invoices import MissingVatId
from settlement.documents.package import NotIssued
from settlement.documents.render import FORMATS, UnknownFormat
from settlement.documents.validate import InvoiceInvalid, InvoiceUnchecked
from settlement.models import Statement

PAGE_SIZE = 100


class HasKey(BasePermission):
    """Whoever shows a key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """This method will tell whether a key was shown."""
        return isinstance(request.user, ApiKey)


class Door(APIView):
    """What every door shares: a key, JSON, and nothing that a cache may keep."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasKey]
    throttle_classes = [PerKey]

    def party(self) -> Party:
        """This method will return the party of the key."""
        key: object = self.request.user
        assert isinstance(key, ApiKey)
        return key.party

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """This method will keep caches away (reliability T14)."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "private, no-store"
        return answer


def _issued(party: Party) -> QuerySet[Statement]:
    return Statement.objects.filter(party=party, state=Statement.State.ISSUED).select_related("run", "party").defer("content")


class Statements(Door):
    """The party's issued statements."""

    @extend_schema(
        operation_id="list_statements",
        responses=StatementPage,
        parameters=[OpenApiParameter("before", int, description="Statements with a smaller id: `next` of the page before names it.")],
    )
    def get(self, request: Request) -> Response:
        """List your statements, newest first, 100 a page."""
        before = request.query_params.get("before", "")
        rows = _issued(self.party()).order_by("-pk")
        if before.isdecimal() and len(before) < 19:
            rows = rows.filter(pk__lt=int(before))
        found = list(rows[: PAGE_SIZE + 1])
        follows = f"before={found[PAGE_SIZE - 1].pk}" if len(found) > PAGE_SIZE else None
        return Response({"results": StatementShape(found[:PAGE_SIZE], many=True).data, "next": follows})


class OneStatement(Door):
    """One of them."""

    @extend_schema(operation_id="get_statement", responses=StatementShape)
    def get(self, request: Request, statement_id: int) -> Response:
        """Return one statement."""
        return Response(StatementShape(get_object_or_404(_issued(self.party()), pk=statement_id)).data)


class StatementFile(Door):
    """One of its files."""

    @extend_schema(
        operation_id="get_statement_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 409: OpenApiTypes.OBJECT},
        parameters=[OpenApiParameter("file_format", str, OpenApiParameter.PATH, enum=list(FORMATS))],
    )
    def get(self, request: Request, statement_id: int, file_format: str) -> HttpResponseBase:
        """Return a file, the same bytes each time; 409 and a sentence where an e-invoice lacks something."""
        statement = get_object_or_404(_issued(self.party()).defer(None), pk=statement_id)
        try:
            return answer_with_document(statement=statement, format=file_format)
        except UnknownFormat as unknown:
            raise Http404 from unknown
        except (MissingVatId, InvoiceInvalid, InvoiceUnchecked, NotIssued) as refusal:
            return Response({"detail": str(refusal)}, status=409)


class Cdrs(Door):
    """The party's CDRs."""

    @extend_schema(
        operation_id="list_cdrs",
        responses=CdrPage,
        parameters=[
            OpenApiParameter("month", str, description="UTC month in which the session ended, e.g. 2026-10; this one unless told."),
            OpenApiParameter("side", str, enum=["operator", "provider"], description="From which of your roles you look."),
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("q", str, description="A CDR or session id, in every month."),
            OpenApiParameter("before", str, description="Where the page begins: `next` of the page before names it."),
        ],
    )
    def get(self, request: Request) -> Response:
        """List your CDRs of a month, newest first by end of session, 100 a page."""
        party = self.party()
        roles = set(party.roles.values_list("role", flat=True))
        sides = [side for side, role in (("operator", "CPO"), ("provider", "EMSP")) if role in roles]
        today = timezone.now().astimezone(UTC).date()
        filters = read_filters(given=request.query_params, sides=sides, counterparties=counterparties_of(party), today=today)
        found = list(cdrs_of(party, filters)[: PAGE_SIZE + 1])
        follows = filters.address(before=cursor_of(found[PAGE_SIZE - 1])) if len(found) > PAGE_SIZE else None
        return Response({"results": CdrShape(found[:PAGE_SIZE], many=True).data, "next": follows})


@cache
def describe() -> dict[str, Any]:
    """This function will return the OpenAPI description; it is made once per process."""
    schema: dict[str, Any] = SchemaGenerator(  # type: ignore[no-untyped-call]
        urlconf="hub.api.urls", title="Roamhouse read API", description="Statements and CDRs of your company.", version="1"
    ).get_schema(request=None, public=True)
    schema["info"] = {"title": "Roamhouse read API", "version": "1", "description": "Statements and CDRs of your company."}
    schema["paths"] = {f"/api/v1{path}": operations for path, operations in schema["paths"].items()}
    return schema


@require_safe
@cache_control(public=True, max_age=300)
def openapi(request: HttpRequest) -> HttpResponse:
    """This function will hand out the description for machines."""
    return JsonResponse(describe(), json_dumps_params={"indent": 1})


@require_safe
@cache_control(public=True, max_age=300)
def documentation(request: HttpRequest) -> HttpResponse:
    """This function will show the description to people."""
    schema = describe()
    operations = [
        {"path": path, "verb": verb.upper(), **operation}
        for path, by_verb in schema["paths"].items()
        for verb, operation in by_verb.items()
    ]
    shapes = {name: shape for name, shape in schema["components"]["schemas"].items() if not name.endswith("Page")}
    return render(request, "directory/api.html", {"operations": operations, "shapes": shapes})
