"""One settings file, read from the environment; README.md lists the variables."""

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

# Whatever the process writes, the database and uploads before all, is for its own user only.
os.umask(0o077)
BASE_DIR = Path(__file__).resolve().parent.parent


def env(name, default=""):
    """A variable, or the content of the file that NAME_FILE points to (systemd credentials, Docker secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def env_int(name, default):
    try:
        return int(env(name) or default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{env(name)}”.") from None


MODE = env("MODE", "local")
if MODE not in ("local", "production"):
    raise ImproperlyConfigured(f"MODE must be “local” or “production”, not “{MODE}”.")
PRODUCTION = MODE == "production"
DEBUG = env("DEBUG") == "1"
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("MODE=production refuses DEBUG=1: error pages would show personal data.")

DATA_DIR = Path(env("DATA_DIR") or BASE_DIR / "var").resolve()
# Uploaded files and plans lie here, outside the web root, readable by their owner only.
PRIVATE_DIR = DATA_DIR / "private"
# A large upload is spooled here while it comes in, not in a folder that others can list.
FILE_UPLOAD_TEMP_DIR = PRIVATE_DIR / "incoming"
for folder in (DATA_DIR, PRIVATE_DIR, FILE_UPLOAD_TEMP_DIR):
    with contextlib.suppress(OSError):  # a check of Django's names a folder that is missing
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700


SHORTEST_KEY = 50


def secret_key():
    """The given key, or, locally, one generated once and kept beside the database."""
    if key := env("SECRET_KEY"):
        if PRODUCTION and len(key) < SHORTEST_KEY:
            raise ImproperlyConfigured(
                f"SECRET_KEY has {len(key)} characters; give it {SHORTEST_KEY} or more, at random."
            )
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("MODE=production needs SECRET_KEY (or SECRET_KEY_FILE): it refuses a generated key.")
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="utf-8")
    return path.read_text(encoding="utf-8")


SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = [key for key in env("SECRET_KEY_FALLBACKS").split(",") if key]


def database(url):
    """postgresql://user:password@host:port/name?option=value, or sqlite:///path; default: SQLite under DATA_DIR."""
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path).replace("//", "/", 1) if url else DATA_DIR / "registry.sqlite3",
            # 32 MB of pages a connection: an import and the process beside it stay within 250 MB.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=4000;",
            },
        }
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL begins with “{parts.scheme}”; use postgresql:// or sqlite:///.")
    # Compiling a query takes it half a second and more, and it does so wherever statistics make a short one look long.
    options = dict(parse_qsl(parts.query))
    options["options"] = f"-c jit=off {options.get('options', '')}".rstrip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or "") or env("DATABASE_PASSWORD"),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        "OPTIONS": options,
    }


DATABASES = {"default": database(env("DATABASE_URL"))}
if PRODUCTION and DATABASES["default"]["ENGINE"].endswith("sqlite3") and env("ALLOW_SQLITE") != "1":
    raise ImproperlyConfigured(
        "MODE=production expects PostgreSQL in DATABASE_URL; to run on SQLite say ALLOW_SQLITE=1."
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ALLOWED_HOSTS = [host for host in env("ALLOWED_HOSTS").split(",") if host] or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [origin for origin in env("CSRF_TRUSTED_ORIGINS").split(",") if origin]

INSTALLED_APPS = [
    "registry.apps.RegistryConfig",
    "registry.apps.RegistryAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "import_export",
    "simple_history",
    "django_tasks",
    "django_tasks_db",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.scope.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
FORM_RENDERER = "registry.form_renderer.FormRenderer"
INSTALLED_APPS.insert(0, "django.forms")

# People
AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = ["registry.scope.RoleBackend"]
LOGIN_URL = "admin:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "registry.passwords.NotThePresentPassword"},
]
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# Transport and content
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env("SECURE_SSL_REDIRECT", "1") == "1"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env("BEHIND_PROXY") == "1" else None
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Language and time: people read Asia/Almaty, the database keeps UTC
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # the interface's; registers are kept and exported in three
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "Asia/Almaty"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# Rows to be added and the desk's counts: each web process keeps its own, so that nothing of them outlives a release.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1000}},
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": PRIVATE_DIR}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # locally nothing is collected; files come from the finders

# History: reasons are free text; rows are found through the journal, never by date
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_DATE_INDEX = False

# CRM imports: a file beyond the first three limits is refused, of a longer cell the row is rejected
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_SKIP_ADMIN_LOG = True
IMPORT_MAX_BYTES = env_int("IMPORT_MAX_BYTES", 512 * 1024 * 1024)
IMPORT_MAX_ROWS = env_int("IMPORT_MAX_ROWS", 2_000_000)
IMPORT_MAX_COLUMNS = env_int("IMPORT_MAX_COLUMNS", 200)
IMPORT_MAX_CELL_LENGTH = env_int("IMPORT_MAX_CELL_LENGTH", 10_000)
IMPORT_FILE_LIFETIME_HOURS = 1
# Larger files are read, applied and undone by the worker; smaller ones while the browser waits.
IMPORT_BACKGROUND_BYTES = env_int("IMPORT_BACKGROUND_BYTES", 1024 * 1024)

# Long work: `manage.py worker` takes it from a table of the database. Arguments are ids only.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# Mail: reports of imports, reminders, letters of cases. Without a host it is written to files under PRIVATE_DIR and counts as sent.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env("EMAIL_USER"), env("EMAIL_PASSWORD")
EMAIL_USE_TLS = env("EMAIL_TLS", "1") == "1"
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "registry@localhost")
EMAIL_FILE_PATH = PRIVATE_DIR / "mail"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"

# Mailboxes that requests come to. The names end in the operator's code, in capitals: IMAP_URL_ALFA_LAB.
MAILBOXES = {
    suffix: {
        "url": env(f"IMAP_URL_{suffix}"),
        "password": env(f"IMAP_PASSWORD_{suffix}"),
        "authserv": env(f"IMAP_AUTHSERV_{suffix}"),
    }
    for suffix in {
        name.removeprefix("IMAP_URL_").removeprefix("IMAP_AUTHSERV_").removesuffix("_FILE")
        for name in os.environ
        if name.startswith(("IMAP_URL_", "IMAP_AUTHSERV_"))
    }
}

# Tracebacks carry local variables, hence personal values: the log gets the type and the place only.
DEFAULT_EXCEPTION_REPORTER_FILTER = "registry.scope.NoValuesReporterFilter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_values": {"()": "config.logs.NoValues"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_values"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    # The last two bring handlers of their own, which print what they are given.
    "loggers": {
        "django": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO"), "propagate": False},
        "django.server": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO"), "propagate": False},
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
    },
}
