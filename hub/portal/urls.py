"""The portal's addresses, below /portal/."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from hub.portal import account, connection, downloads, overview, records, statements

app_name = "portal"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("party/", overview.switch, name="switch"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", account.account, name="account"),
    path("statements/", statements.statement_list, name="statements"),
    path("statements/<int:statement_id>/", statements.statement_detail, name="statement"),
    path("statements/<int:statement_id>/<str:file_format>/", downloads.download, name="download"),
    path("cdrs/", records.cdr_list, name="cdrs"),
    path("cdrs/<uuid:public_id>/", records.cdr_detail, name="cdr"),
    path("connection/", connection.connection, name="connection"),
]
