"""Every door of the hub."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from hub import health, personal
from hub.admin_trials import trial
from hub.closing import pages as closing

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("language/<str:language>/", personal.choose_language, name="language"),
    path("admin/board/", admin.site.admin_view(closing.board), name="admin_board"),
    path("admin/close/<int:request_id>/stop/", admin.site.admin_view(closing.stop), name="admin_close_stop"),
    path("admin/close/<int:netting_set_id>/<str:period_name>/", admin.site.admin_view(closing.close), name="admin_close"),
    path("admin/trial/", admin.site.admin_view(trial), name="admin_trial"),
    path("admin/", admin.site.urls),
    path("", include("roaming.urls")),
    path("api/v1/", include("hub.api.urls")),
    path("portal/", include("hub.portal.urls")),
    path("account/", include("hub.users.urls")),
    path("", include("hub.directory.urls")),
]
