"""Django's settings, all of them made from `sfsync_server.environment`."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from sfsync.guard.groups import read_roles
from sfsync_server import derived as _derived
from sfsync_server import own_database as _own_database
from sfsync_server.environment import load as _load
from sfsync_server.private_files import keep_private
from sfsync_server.secret_keys import secret_keys as _secret_keys

ENVIRONMENT = _load()

SECRET_KEY, *SECRET_KEY_FALLBACKS = _secret_keys(ENVIRONMENT)
SFSYNC_SECRET_KEYS = partial(_secret_keys, ENVIRONMENT)
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in ENVIRONMENT.allowed_hosts.split(",") if host.strip()]

INSTALLED_APPS = [
    "sfsync",  # first: of two translations of one text, the first app's wins
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "sfsync.guard",  # before allauth's apps: its templates win
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sfsync_server.first_visit.FirstVisit",
    "allauth.account.middleware.AccountMiddleware",
    "sfsync.guard.second_factor.SecondFactor",
]
# Pages and static files are where SFSYNC_URL says; `wsgi` takes the path off a request that still has it.
FORCE_SCRIPT_NAME = urlsplit(ENVIRONMENT.url).path.rstrip("/") or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{FORCE_SCRIPT_NAME or ''}/"
ROOT_URLCONF = "sfsync_server.urls"
WSGI_APPLICATION = "sfsync_server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "backoffice:overview"
LOGOUT_REDIRECT_URL = "account_login"

BACKOFFICE_ASK_AGAIN = "sfsync.guard.identity.ask_again"
BACKOFFICE_NO_LINK_FOR = "sfsync.guard.identity.needs_no_password"
GUARD_SECOND_FACTOR = ENVIRONMENT.second_factor
GUARD_PASSWORD_FORM = ENVIRONMENT.password_form
GUARD_GROUPS_CLAIM = ENVIRONMENT.oidc_groups_claim
GUARD_GROUP_ROLES = read_roles(ENVIRONMENT.oidc_roles)
ACCOUNT_ADAPTER = "sfsync.guard.accounts.Accounts"
ACCOUNT_FORMS = {"login": "sfsync.guard.forms.SignIn"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa"} if GUARD_PASSWORD_FORM else {"mfa"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds, as in `sfsync.guard.identity`
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "sfsync.guard.factors.Factors"
MFA_FORMS = {"add_webauthn": "sfsync.guard.forms.AddPasskey", "edit_webauthn": "sfsync.guard.forms.RenamePasskey"}
MFA_TOTP_TOLERANCE = 1  # periods of half a minute that a telephone's clock may be off
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "sfsync"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENVIRONMENT.https
SOCIALACCOUNT_ADAPTER = "sfsync.guard.accounts.Provider"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": _derived.providers(ENVIRONMENT)}}

HTTPS = ENVIRONMENT.https
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"(^|/)healthz$", r"(^|/)readyz$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and ENVIRONMENT.hsts_subdomains
SECURE_HSTS_PRELOAD = HTTPS and ENVIRONMENT.hsts_preload
# HSTS of subdomains and preload are the operator's to choose: not having them is no fault of a deployment.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 7 * 24 * 3600
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sfsync.backoffice.kit.error_pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

DATABASES = {"default": _own_database.database(ENVIRONMENT)}
_own_database.limit_connections(ENVIRONMENT)
_own_database.read_moments_once()
keep_private(DATABASES["default"]["NAME"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]

STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
WHITENOISE_USE_FINDERS = True  # served from the installed packages: nothing to collect first
WHITENOISE_MAX_AGE = 3600

for _name, _value in _derived.mail(ENVIRONMENT).items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from

# What the process logger keeps in the database is repeated on stderr only where somebody asked for that much.
_PROCESS_LEVEL = ENVIRONMENT.log_level if ENVIRONMENT.log_level in ("DEBUG", "INFO") else "CRITICAL"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {
        "refusals": {"()": "sfsync_server.log_lines.RefusalsInOneLine"},
        "links": {"()": "sfsync_server.log_lines.LinksLeftOut"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals", "links"]}},
    "loggers": {"sfsync.process": {"level": _PROCESS_LEVEL}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
}

CACHES = {"default": _derived.cache(ENVIRONMENT)}

SFSYNC = {
    "timeout": ENVIRONMENT.timeout,
    "lease_seconds": ENVIRONMENT.lease_seconds,
    "poll_seconds": ENVIRONMENT.poll_seconds,
    "turn_seconds": ENVIRONMENT.turn_seconds,
    "ticket_lag_seconds": ENVIRONMENT.ticket_lag_seconds,
    "concurrency": ENVIRONMENT.concurrency,
    "paced": ENVIRONMENT.paced,
    "silence_minutes": ENVIRONMENT.silence_minutes,
    "patience_hours": ENVIRONMENT.patience_hours,
    "sweep_days": ENVIRONMENT.sweep_days,
    "url": ENVIRONMENT.url or None,
    "plain_http_hosts": tuple(filter(None, map(str.strip, ENVIRONMENT.plain_http_hosts.split(",")))),
    "proxy": ENVIRONMENT.outgoing_proxy.get_secret_value() or None,
    "pace_url": _derived.pace_url(ENVIRONMENT),
    "wake": "sfsync_server.celery.wake" if ENVIRONMENT.broker_url.get_secret_value() else None,
    "home": str(ENVIRONMENT.home),
}

CELERY_BROKER_URL = ENVIRONMENT.broker_url.get_secret_value()
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"queue_order_strategy": "sfsync.queues:TroubledLast"}
CELERY_BEAT_SCHEDULE = {
    "run-due-stores": {
        "task": "sfsync.tasks.run_due_stores",
        "schedule": 2.0,
        "options": {"queue": "sfsync.due", "expires": 10.0},
    }
}

SFSYNC_CRON_KEY = ENVIRONMENT.cron_key.get_secret_value()
SFSYNC_METRICS_KEY = ENVIRONMENT.metrics_key.get_secret_value()
