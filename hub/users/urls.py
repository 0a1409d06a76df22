"""The addresses of a person's own access, below /account/."""

from django.urls import path, re_path

from hub.users import bookmarks, forgotten, pages

app_name = "account"
urlpatterns = [
    path("", pages.security, name="security"),
    path("app/", pages.new_app, name="new_app"),
    path("recovery-codes/", pages.new_recovery_codes, name="recovery_codes"),
    path("remove/<int:factor_id>/", pages.remove, name="remove"),
    re_path(r"^passkey/(?P<purpose>new)/(?P<step>begin|complete)/$", pages.passkey, name="new_passkey"),
    path("bookmarks/", bookmarks.keep, name="keep_bookmark"),
    path("bookmarks/<int:bookmark_id>/forget/", bookmarks.forget, name="forget_bookmark"),
    path("second-factor/", pages.second_factor, name="second_factor"),
    re_path(r"^second-factor/passkey/(?P<step>begin|complete)/$", pages.passkey, {"purpose": "show"}, name="passkey"),
    path("forgotten/", forgotten.forgotten, name="forgotten"),
    path("new-password/<str:who>/<str:token>/", forgotten.new_password, name="new_password"),
    path("invitation/<str:who>/<str:token>/", pages.invitation, name="invitation"),
]
