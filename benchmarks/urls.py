"""The hub's doors and a DRF view that does nothing: what any view under the same server costs."""

from django.http import HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.views import APIView

from benchmarks.baselines import ANSWER


class Constant(APIView):
    """Answers a fixed envelope: DRF's dispatch and nothing else."""

    def put(self, request: Request) -> HttpResponse:
        """This function will answer what every baseline answers."""
        return HttpResponse(ANSWER, content_type="application/json")

    post = put


urlpatterns = [path("bench/constant", Constant.as_view()), path("", include("hub.urls"))]
