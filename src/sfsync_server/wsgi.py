"""What gunicorn serves: `gunicorn sfsync_server.wsgi`, or `sfsync serve`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")

application = get_wsgi_application()
