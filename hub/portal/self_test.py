"""Self-certification: the hub asks a partner's own server by harmless requests, and the partner keeps the report."""

from contextlib import suppress
from datetime import UTC

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from hub.portal.connection import platforms_of
from hub.portal.models import SelfTest
from hub.portal.scope import Scope, portal_page
from hub.portal.self_test_run import SelfTestRunning, ask_self_test
from hub.tasks import run_self_tests
from hub.users.permissions import Action


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def self_tests(request: HttpRequest, scope: Scope) -> HttpResponse:
    """This function will list the platforms and the latest reports."""
    platforms = platforms_of(scope.party)
    tests = SelfTest.objects.filter(platform__in=platforms).select_related("platform").order_by("-pk")[:20]
    return render(request, "portal/self_tests.html", {"scope": scope, "platforms": platforms, "tests": tests})


@require_POST
@portal_page(to=Action.MANAGE_CONNECTION)
def run(request: HttpRequest, scope: Scope, platform_id: int) -> HttpResponse:
    """This function will have a platform asked in the background."""
    platform = get_object_or_404(platforms_of(scope.party), pk=platform_id)
    try:
        test = ask_self_test(platform=platform, by=scope.user.email, at=timezone.now())
    except SelfTestRunning:
        messages.warning(request, _("This platform is being asked already."))
        return redirect("portal:self_tests")
    transaction.on_commit(_ring)
    return redirect("portal:self_test", test_id=test.pk)


def _ring() -> None:
    with suppress(OperationalError):
        run_self_tests.delay()


@require_safe
@portal_page(to=Action.SEE_OWN_CONNECTION)
def self_test(request: HttpRequest, scope: Scope, test_id: int) -> HttpResponse:
    """This function will show a report; asked for JSON it hands it out as a file."""
    test = get_object_or_404(SelfTest.objects.select_related("platform"), pk=test_id, platform__in=platforms_of(scope.party))
    passed = sum(not check.get("problem") for check in test.report)
    if request.GET.get("as") == "json":
        if request.GET.get("watch"):
            return JsonResponse({"state": "done" if test.finished_at else "running", "rows": 0, "total": 0})
        answer = JsonResponse(
            {
                "platform": test.platform.name,
                "version": test.platform.version,
                "asked_at": f"{test.asked_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "passed": passed,
                "failed": len(test.report) - passed,
                "problem": test.problem,
                "cases": test.report,
            },
            json_dumps_params={"indent": 1},
        )
        answer["Content-Disposition"] = f'attachment; filename="self-test_{test.pk}.json"'
        return answer
    return render(request, "portal/self_test.html", {"scope": scope, "test": test, "passed": passed, "failed": len(test.report) - passed})
