"""Django's settings, all of them made from `sfsync_server.environment`."""

from __future__ import annotations

from pathlib import Path

from sfsync_server import environment as _environment

ENVIRONMENT = _environment.load()

SECRET_KEY = _environment.secret_key(ENVIRONMENT)
SECRET_KEY_FALLBACKS = [key for key in ENVIRONMENT.former_secret_keys.get_secret_value().split(",") if key]
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in ENVIRONMENT.allowed_hosts.split(",") if host.strip()]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "sfsync",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "sfsync_server.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {"default": _environment.database(ENVIRONMENT)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]

STATIC_URL = "static/"
STATIC_ROOT = Path(ENVIRONMENT.home) / "static"

for _name, _value in _environment.mail(ENVIRONMENT).items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
}

SFSYNC = {
    "timeout": ENVIRONMENT.timeout,
    "lease_seconds": ENVIRONMENT.lease_seconds,
    "ticket_lag_seconds": ENVIRONMENT.ticket_lag_seconds,
    "concurrency": ENVIRONMENT.concurrency,
    "paced": ENVIRONMENT.paced,
    "silence_minutes": ENVIRONMENT.silence_minutes,
    "patience_hours": ENVIRONMENT.patience_hours,
    "sweep_days": ENVIRONMENT.sweep_days,
}

CELERY_BROKER_URL = ENVIRONMENT.broker_url.get_secret_value()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BEAT_SCHEDULE = {"run-due-stores": {"task": "sfsync.tasks.run_due_stores", "schedule": 30.0}}
