"""Keeps a secret in a row so that only this installation can read it: sealed by a key derived from its own.

What is sealed stays readable under an earlier key of the installation as long as that is still named.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PURPOSE: Final = b"amable: secrets kept in rows"  # sessions and links are signed by the same key, but not by this one


class UnreadableError(Exception):
    """It was sealed by another key than this installation has now."""


def seal(secret: str) -> str:
    """A text that tells nobody else what the secret is. The same secret twice gives two texts."""
    return _keys().encrypt(secret.encode()).decode("ascii")


def unseal(kept: str) -> str:
    """The secret. Raises UnreadableError."""
    try:
        return _keys().decrypt(kept).decode()
    except (InvalidToken, ImproperlyConfigured) as error:  # another key, or none
        raise UnreadableError from error


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(key: str) -> bytes:
    return urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(key.encode()))
