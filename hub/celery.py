"""The Celery app: workers carry ids, PostgreSQL holds the work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.development")

app = Celery("roamhouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["roaming", "settlement", "hub"])
