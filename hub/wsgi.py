"""Django for everything that is not on the hot lane."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub_settings.development")

application = get_wsgi_application()
