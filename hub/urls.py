"""Every door of the hub."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from hub import health, personal
from hub.admin_trials import trial

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("language/<str:language>/", personal.choose_language, name="language"),
    path("admin/trial/", admin.site.admin_view(trial), name="admin_trial"),
    path("admin/", admin.site.urls),
    path("", include("roaming.urls")),
    path("api/v1/", include("hub.api.urls")),
    path("portal/", include("hub.portal.urls")),
    path("account/", include("hub.users.urls")),
    path("", include("hub.directory.urls")),
]
