"""One settings file, read from the environment alone (see config/env.py and docs/configuration.md).

It loads without a database and without secrets, so that linters and type checkers can import it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env, secrets, served
from config.server import database

BASE_DIR = env.BASE_DIR
DESK_HOME = Path(env.text("DESK_HOME", str(BASE_DIR / ".desk"))).expanduser().resolve()

# --- Where the desk is reached ------------------------------------------------------------------
PUBLIC_URL = env.origin(
    "PUBLIC_URL", f"http://127.0.0.1:{env.number('PORT', served.port(DESK_HOME), low=1, high=65535)}"
)
IS_HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or secrets.get_or_create(DESK_HOME, "secret_key")
# What seals the secrets of channels, such as a mailbox's password: the present key, then those of before.
_KEYS_BEFORE = env.text("CHANNEL_SECRETS_KEYS_BEFORE") or secrets.kept(DESK_HOME, "channel_secrets_keys_before")
CHANNEL_SECRETS_KEYS = [
    env.text("CHANNEL_SECRETS_KEY") or secrets.get_or_create(DESK_HOME, "channel_secrets_key"),
    *(key.strip() for key in _KEYS_BEFORE.split(",") if key.strip()),
]
ALLOWED_HOSTS = env.hosts(
    "ALLOWED_HOSTS", (urlsplit(PUBLIC_URL).hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]")
)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", (PUBLIC_URL,))
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, high=10)

ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "conversations.api.fallbacks.csrf_failure"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
# Woes and Bancroft differ in three paths by the trailing slash alone: each form has its own view and nothing redirects.
APPEND_SLASH = False

INSTALLED_APPS = [
    "config",
    "conversations",
    "tickets",
    "accounts",
    "accounts.adminconfig.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "lucide",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.web.csp.ContentSecurityPolicyMiddleware",
    "accounts.web.error_pages.ErrorPageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.web.forms.FormMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.web.languages.LanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.middleware.WorkspaceMiddleware",
    "accounts.web.middleware.RefusedValueMiddleware",
    "accounts.web.bodies.BodyMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    # The screens' own; all that is not there is the next engine's.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates/screens"],
        "OPTIONS": {
            "environment": "conversations.screens.engine.environment",
            "context_processors": ["conversations.screens.engine.every_page"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------
DATABASES = {"default": database.settings(env.text("DATABASE_URL"), DESK_HOME)}
# A replica for reports (accounts/replica.py); more seconds behind than that, and the primary is asked.
REPLICA_DATABASE_URL = env.text("REPLICA_DATABASE_URL")
REPLICA_LAG_LIMIT = env.number("REPLICA_LAG_LIMIT", 60, low=1, high=86_400)
if REPLICA_DATABASE_URL:
    DATABASES["replica"] = database.replica(REPLICA_DATABASE_URL)
    DATABASE_ROUTERS = ["accounts.replica.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# LISTEN and the job queue need a direct connection where DATABASE_URL points to a transaction pooler.
DIRECT_DATABASE_URL = env.text("DIRECT_DATABASE_URL")
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
# Shared by all processes either way; Redis needs the package `redis` (requirements-hosts.lock).
REDIS_URL = env.text("REDIS_URL")
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
        },  # else a silent one holds a request thread for ever
    }
MEDIA_ROOT = DESK_HOME / "files"
# Uploads: the folder above, or a bucket (config/s3.py; needs the packages of requirements-hosts.lock).
S3_BUCKET = env.text("S3_BUCKET")
S3: dict[str, Any] = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env.text("S3_ENDPOINT") or None,
    "region_name": env.text("S3_REGION") or None,
    "access_key": env.text("S3_ACCESS_KEY") or None,
    "secret_key": env.text("S3_SECRET_KEY") or None,
    "location": env.text("S3_PREFIX").strip("/"),
    "addressing": env.choice("S3_ADDRESSING", "AUTO", "AUTO", "PATH", "VIRTUAL").lower(),
}
if bool(S3["access_key"]) != bool(S3["secret_key"]):
    raise ImproperlyConfigured("S3_ACCESS_KEY and S3_SECRET_KEY belong together: set both or none")
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "config.s3.Bucket", "OPTIONS": S3}
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DESK_HOME / "static"

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "config/locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.signin.adapter.DeskAccountAdapter"
ACCOUNT_FORMS = {
    "change_password": "accounts.signin.forms.ChangePasswordForm",
    "reset_password": "accounts.signin.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.signin.forms.ResetPasswordKeyForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.credentials.links.ResetTokens"  # noqa: S105 (a class)
PASSWORD_RESET_TIMEOUT = 4 * 3600
# A reset link lets people in whom a stranger's guesses keep from signing in.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# A key of login_failed is an address and an account together, one of reset_mail is an account. Following a reset link is
# not limited: its token cannot be guessed, and nobody shall be kept from it.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip",
    "reset_password_from_key": None,
    "reset_mail": "3/15m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
# Second factors: an authenticator app, passkeys, and recovery codes, which are shown once.
MFA_ADAPTER = "accounts.signin.second_factor.DeskMFAAdapter"
MFA_FORMS = {"login_webauthn": "accounts.signin.passkeys.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Parley"
MFA_TOTP_TOLERANCE = 1  # a code is good half a minute longer, for clocks that differ
# An invited person may not have proven their address yet, and has to set one up where a workspace requires it.
MFA_ALLOW_UNVERIFIED_EMAIL = True

# --- Safety -------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "accounts.web.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = IS_HTTPS and env.flag("SECURE_SSL_REDIRECT", True)
# Probes and Prometheus come over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# Who shows it may read /metrics; without it there are none to read.
METRICS_TOKEN = env.text("METRICS_TOKEN")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000 if IS_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS and env.flag("SECURE_HSTS_SUBDOMAINS", True)
# Asks browsers' makers to list the domain: hard to undo, hence only on request.
SECURE_HSTS_PRELOAD = IS_HTTPS and env.flag("SECURE_HSTS_PRELOAD")
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # which asks for it all the same
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The names of Django 6, so that its own middleware can take over (accounts/web/csp.py).
SECURE_CSP: dict[str, list[str]] = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

# --- Size: read here, so that a mistake is found before anything starts ---------------------------
WEB_THREADS = env.number("WEB_THREADS", 4, low=1, high=256)
WEB_QUEUE = env.number("WEB_QUEUE", 1000, low=1, high=100_000)
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 4, low=1, high=64)
CHECK_CONCURRENCY = env.number("CHECK_CONCURRENCY", 4, low=1, high=64)
ASSISTANT_CONCURRENCY = env.number("ASSISTANT_CONCURRENCY", 16, low=1, high=256)

# --- Limits -------------------------------------------------------------------------------------
JSON_BODY_LIMIT = env.number("JSON_BODY_LIMIT", 1024 * 1024, low=1024)
UPLOAD_LIMIT = env.number("UPLOAD_LIMIT", 25 * 1024 * 1024, low=1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = JSON_BODY_LIMIT
# What the web process waits for, and how much of it at once (docs/adr/0010-limits-of-the-web-front.md); seconds and bytes.
HEADERS_TIMEOUT = env.number("HEADERS_TIMEOUT", 10, low=1, high=600)
BODY_TIMEOUT = env.number("BODY_TIMEOUT", 60, low=1, high=3600)
KEEP_ALIVE_TIMEOUT = env.number("KEEP_ALIVE_TIMEOUT", 30, low=1, high=3600)
BODY_MEMORY = env.number("BODY_MEMORY", 64 * 1024 * 1024, low=1024 * 1024)
UNFINISHED_CONNECTIONS = env.number("UNFINISHED_CONNECTIONS", 512, low=1, high=100_000)
REQUESTS_PER_ADDRESS = env.number("REQUESTS_PER_ADDRESS", 200, low=1, high=100_000)
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Mail ---------------------------------------------------------------------------------------
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    raise ImproperlyConfigured("EMAIL_USE_SSL and EMAIL_USE_TLS exclude each other: set one of them to no")
EMAIL_PORT = env.number("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", "Parley <desk@localhost>")
# The recipients of the feedback form (comma-separated); nobody unless set.
FEEDBACK_RECIPIENTS = env.addresses("FEEDBACK_RECIPIENTS")
# Without a mail server, mail is written to files where a newcomer can read it.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = DESK_HOME / "mail"

# --- Channels -----------------------------------------------------------------------------------
# Mail servers that people of a workspace name may be at private addresses (accounts/outside.py).
ALLOW_PRIVATE_HOSTS = env.flag("ALLOW_PRIVATE_HOSTS")
# Where mail servers hand mails over: lmtp://127.0.0.1:8024, smtp://… or lmtp:///path/to/socket; nowhere unless set.
MAIL_DOOR = env.door("MAIL_DOOR")
# Mails of one sender to one mailbox within ten minutes; more are set aside. 0 lifts the limit.
MAIL_FLOOD_LIMIT = env.number("MAIL_FLOOD_LIMIT", 60)
# Who this desk is to the providers at which people sign in for a mailbox.
GOOGLE_OAUTH_CLIENT_ID = env.text("GOOGLE_OAUTH_CLIENT_ID")
GOOGLE_OAUTH_CLIENT_SECRET = env.text("GOOGLE_OAUTH_CLIENT_SECRET")
MICROSOFT_OAUTH_CLIENT_ID = env.text("MICROSOFT_OAUTH_CLIENT_ID")
MICROSOFT_OAUTH_CLIENT_SECRET = env.text("MICROSOFT_OAUTH_CLIENT_SECRET")
MICROSOFT_OAUTH_TENANT = env.text("MICROSOFT_OAUTH_TENANT", "common")
# Other addresses for signing in and for tokens, by provider: {"google": ("https://…", "https://…")}; for tests.
OAUTH_ENDPOINTS: dict[str, tuple[str, str]] = {}

# --- API ----------------------------------------------------------------------------------------
# Nothing global speaks a wire format: parsers, renderers, authentication and paging are class attributes of each view family.
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
# Per key and web process; 0 lifts the limit.
API_CALLS_PER_MINUTE = env.number("API_CALLS_PER_MINUTE", 6000)
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Parley",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "config.document.Generator",
    "SERVE_INCLUDE_SCHEMA": False,
    # Enums stay where they are used: formats share field names, and a shared name would have to be settled outside them.
    "POSTPROCESSING_HOOKS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # What a PATCH needs is stated by its serializer, as for every call.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Assistant ----------------------------------------------------------------------------------
# Any OpenAI-compatible endpoint; used by the workspaces that chose and approved it (manage.py set_assistant).
ASSISTANT_BASE_URL = env.text("ASSISTANT_BASE_URL")
ASSISTANT_API_KEY = env.text("ASSISTANT_API_KEY")
ASSISTANT_MODEL = env.text("ASSISTANT_MODEL", "gpt-4o-mini")
ASSISTANT_TIMEOUT = env.number("ASSISTANT_TIMEOUT", 60, low=1, high=600)  # seconds, for the whole answer
ASSISTANT_SILENCE = env.number("ASSISTANT_SILENCE", 30, low=1, high=600)  # seconds between two pieces of a stream
ASSISTANT_RETRIES = env.number("ASSISTANT_RETRIES", 2, high=10)
# Per million tokens, in the operator's currency.
ASSISTANT_PRICE_PROMPT = env.decimal("ASSISTANT_PRICE_PROMPT", "0")
ASSISTANT_PRICE_COMPLETION = env.decimal("ASSISTANT_PRICE_COMPLETION", "0")
# How long nobody may have written before a conversation that the assistant answered counts as resolved.
ASSISTANT_QUIET_HOURS = env.number("ASSISTANT_QUIET_HOURS", 24, low=1, high=24 * 90)
# Per key and web process; 0 lifts the limit.
ASSISTANT_SUGGESTIONS_PER_MINUTE = env.number("ASSISTANT_SUGGESTIONS_PER_MINUTE", 10)
ASSISTANT_STARTS_PER_MINUTE = env.number("ASSISTANT_STARTS_PER_MINUTE", 120)
# Per workspace and web process, whatever the key.
ASSISTANT_WORKSPACE_STARTS_PER_MINUTE = env.number("ASSISTANT_WORKSPACE_STARTS_PER_MINUTE", 600)

# --- Jobs ---------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = "config.jobs.on_app_ready"

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMAT = env.choice("LOG_FORMAT", "LINE", "LINE", "JSON").lower()
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.Line"}, "json": {"()": "config.logs.Json"}},
    "filters": {"others": {"()": "config.logs.WithoutTracebackOfOthers"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["others"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "imapclient": {"level": "WARNING"},  # at DEBUG it writes what it reads: mails
        "mail.log": {"level": "ERROR"},  # aiosmtpd, which writes addresses and what it does not understand otherwise
    },
}
