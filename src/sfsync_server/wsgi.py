"""What gunicorn serves: `gunicorn sfsync_server.wsgi`, or `sfsync serve`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")

pages = get_wsgi_application()

from sfsync_server.front import Front  # noqa: E402
from sfsync_server.settings import ENVIRONMENT, FORCE_SCRIPT_NAME, HTTPS  # noqa: E402

application = Front(pages, proxies=ENVIRONMENT.proxies, path=FORCE_SCRIPT_NAME or "", https=HTTPS)
