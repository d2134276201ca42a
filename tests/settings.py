"""Django's settings under test: the shipped ones, on a throw-away home and the database engine that the run is for."""

import os
import tempfile

_engine = os.environ.get("SFSYNC_TEST_DATABASE", "sqlite")
os.environ.setdefault("SFSYNC_HOME", tempfile.mkdtemp(prefix="sfsync-tests-"))
os.environ.setdefault("SFSYNC_HTTPS", "false")
if _engine == "postgresql":
    from tests import services

    os.environ["SFSYNC_DATABASE_URL"] = f"{services.postgres().url}/postgres"

from sfsync_server.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
