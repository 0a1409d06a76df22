"""The addresses of the read API, below /api/v1/."""

from django.urls import path

from hub.api import views

urlpatterns = [
    path("statements", views.Statements.as_view()),
    path("statements/<int:statement_id>", views.OneStatement.as_view()),
    path("statements/<int:statement_id>/<str:file_format>", views.StatementFile.as_view()),
    path("cdrs", views.Cdrs.as_view()),
]
