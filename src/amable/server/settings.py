"""Django settings. The database is chosen by the door that opens (see `server.database`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import environ

from amable.server.database import named

_env = environ.Env()

# The key that signs sessions and links and seals stored secrets. A folder keeps one of its own (see `server.keys`);
# several machines share this. What was made with an earlier key stays good while that is named beside it.
SECRET_KEY: str = _env.str("AMABLE_SECRET_KEY", default="")
SECRET_KEY_FALLBACKS: list[str] = _env.list("AMABLE_EARLIER_SECRET_KEYS", default=[])
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("ro", "Română"), ("fr", "Français")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organisation.User"
ROOT_URLCONF = "amable.server.urls"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_scopes",
    "lucide",
    "amable.desk",  # before these two: their pages and lists to choose from are ours to draw
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "amable.organisation",
    "amable.evidence",
    "amable.ledger",
    "amable.agreements",
    "amable.banking",
    "amable.correspondence",
    "amable.dunning",
    "amable.work",
]

# ATOMIC_REQUESTS stays off: transactions are short and stand in the actions.
DATABASES: dict[str, dict[str, Any]] = {
    "default": named() or {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}

# What wakes the workers keeps its queue in tables of its own, and knows no other database.
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.append("procrastinate.contrib.django")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # our modules called `tasks` are about people's

# --- the desk --------------------------------------------------------------------------------------------------------

# Where people reach the desk when it is not on this machine: `https://desk.example.com`.
ADDRESS: str = _env.str("AMABLE_ADDRESS", default="").rstrip("/")
_public = urlsplit(ADDRESS)
_secure = _public.scheme == "https"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, [_public.hostname])]
CSRF_TRUSTED_ORIGINS = [ADDRESS] if _secure else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_AGE = 14 * 24 * 3600
# How many proxies of ours a request passes: the address before the last so many is believed, none by default.
PROXIES: int = _env.int("AMABLE_PROXIES", default=0)
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "amable.desk.refusals.forged"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

MIDDLEWARE = [
    "amable.server.health.watched",
    "amable.desk.middleware.known_host",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "amable.desk.middleware.limited",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "amable.desk.middleware.in_their_language",
    "amable.desk.middleware.legible",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "amable.desk.middleware.seen",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["amable.desk.templatetags.desk"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Nothing from outside, nothing inline. A message's own page has a policy of its own.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'none'"],
    }
}

STATIC_URL = "/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "amable.desk.assets.Stamped"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000  # the address carries a stamp of the content

# --- signing in ------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "amable.desk.passwords.NotLikeThePerson"},
    {"NAME": "amable.desk.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "amable.desk.passwords.NotCommon"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
ACCOUNT_ADAPTER = "amable.desk.signing_in.ByInvitation"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "amable.desk.signing_in_forms.SignIn",
    "reauthenticate": "amable.desk.signing_in_forms.SayPassword",
    "change_password": "amable.desk.signing_in_forms.ChangePassword",
    "set_password": "amable.desk.signing_in_forms.SetPassword",
}
# Guessing is slow: from one place, for one person, and with one person's codes.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "amable.desk.signing_in.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Amable"
MFA_TOTP_TOLERANCE = 1  # the code before and after: clocks differ
MFA_RATE_LIMITS = {"webauthn_login": "10/m/ip"}
MFA_FORMS = {
    "authenticate": "amable.desk.signing_in_forms.SayCode",
    "reauthenticate": "amable.desk.signing_in_forms.SayCodeAgain",
    "activate_totp": "amable.desk.signing_in_forms.FirstCode",
    "add_webauthn": "amable.desk.signing_in_forms.AddPasskey",
    "edit_webauthn": "amable.desk.signing_in_forms.NamePasskey",
    "login_webauthn": "amable.desk.signing_in_forms.EnterByPasskey",
    "authenticate_webauthn": "amable.desk.signing_in_forms.SayPasskey",
    "reauthenticate_webauthn": "amable.desk.signing_in_forms.SayPasskeyAgain",
}

# Tries are counted where all processes see them: in PostgreSQL; beside a file there is one process.
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "amable_cache"}
        if DATABASES["default"]["ENGINE"].endswith("postgresql")
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
