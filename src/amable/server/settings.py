"""Django settings. The database is chosen by the door that opens (see `server.database`)."""

from __future__ import annotations

from typing import Any

import environ

from amable.server.database import named

_env = environ.Env()

SECRET_KEY: str = _env.str("AMABLE_SECRET_KEY", default="")
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
    "django_scopes",
    "amable.organisation",
    "amable.evidence",
    "amable.ledger",
    "amable.banking",
    "amable.correspondence",
    "amable.dunning",
]

# ATOMIC_REQUESTS stays off: transactions are short and stand in the actions.
DATABASES: dict[str, dict[str, Any]] = {
    "default": named() or {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
}

# What wakes the workers keeps its queue in tables of its own, and knows no other database.
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.append("procrastinate.contrib.django")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # our modules called `tasks` are about people's
