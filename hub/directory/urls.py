"""The public addresses."""

from django.urls import path

from hub.directory import views

app_name = "directory"
urlpatterns = [
    path("", views.home, name="home"),
    path("partners/", views.partners, name="partners"),
    path("network/", views.network, name="network"),
    path("status/", views.status, name="status"),
]
