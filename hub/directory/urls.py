"""The public addresses."""

from django.urls import path

from hub.api.views import documentation, openapi
from hub.directory import guides, views

app_name = "directory"
urlpatterns = [
    path("", views.home, name="home"),
    path("partners/", views.partners, name="partners"),
    path("network/", views.network, name="network"),
    path("connect/<str:name>/", guides.guide, name="guide"),
    path("api/", documentation, name="api"),
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("status/", views.status, name="status"),
]
