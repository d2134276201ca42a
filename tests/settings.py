"""Django's settings under test: the shipped ones, on a throw-away home and the database engine that the run is for."""

import atexit
import os
import shutil
import tempfile

_engine = os.environ.get("SFSYNC_TEST_DATABASE", "sqlite")
if "SFSYNC_HOME" not in os.environ:
    os.environ["SFSYNC_HOME"] = tempfile.mkdtemp(prefix="sfsync-tests-")
    atexit.register(shutil.rmtree, os.environ["SFSYNC_HOME"], ignore_errors=True)
os.environ.setdefault("SFSYNC_HTTPS", "false")
if _engine == "postgresql":
    from tests import services

    os.environ["SFSYNC_DATABASE_URL"] = f"{services.postgres().url}/postgres"

from sfsync_server.settings import *  # noqa: E402, F403
from sfsync_server.settings import CACHES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Tests clear the cache: each of the processes that they are spread over has its own.
CACHES["default"]["LOCATION"] = f"{os.environ['SFSYNC_HOME']}/cache-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
# Each browser of a test would read and measure all files of the pages before its first page: one at a time, when asked.
WHITENOISE_AUTOREFRESH = True
