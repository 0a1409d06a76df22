"""The doors of the protocols."""

from django.urls import include, re_path

urlpatterns = [
    re_path(r"^ocpi(?:/|$)", include("roaming.protocols.ocpi.urls")),
    re_path(r"^api/oicp/", include("roaming.protocols.oicp.urls")),
]
