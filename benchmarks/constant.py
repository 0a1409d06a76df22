"""The least that Django REST framework can do: one view, no middleware, no database. Served by granian as the hub's web process is."""

from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None},
)

import django  # noqa: E402  (the settings come first)

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from benchmarks.baselines import ANSWER  # noqa: E402


class Constant(APIView):
    """Answers a fixed envelope: DRF's dispatch and nothing else."""

    def put(self, request: Request) -> HttpResponse:
        """This function will answer what every baseline answers."""
        return HttpResponse(ANSWER, content_type="application/json")

    post = put


urlpatterns = [path("constant", Constant.as_view())]
application = get_wsgi_application()
