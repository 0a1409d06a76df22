"""The doors of the protocols."""

from django.urls import include, re_path

urlpatterns = [
    re_path(r"^ocpi(?:/|$)", include("roaming.protocols.ocpi.urls")),
]
