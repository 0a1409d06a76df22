"""Every door of the hub."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from hub import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
]
