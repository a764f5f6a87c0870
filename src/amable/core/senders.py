"""Whose mail is read: addresses and domains as a person lists them, and whether a header names one of them alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.utils import getaddresses
from typing import Final

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LOCAL: Final = re.compile(r"[a-z0-9.!#$&'+/=?^_{|}~-]{1,64}")


def listed(text: str) -> tuple[list[str], list[str]]:
    """The addresses and domains of a text, a line each or with commas between; and what of it is neither."""
    words = [word.casefold().removeprefix("@") for word in re.split(r"[\s,;]+", text) if word]
    known = [word for word in dict.fromkeys(words) if _is_one(word)]
    return known, [word for word in words if not _is_one(word)]


def _is_one(word: str) -> bool:
    local, at, domain = word.rpartition("@")
    return bool(_DOMAIN.fullmatch(domain)) and (not at or bool(_LOCAL.fullmatch(local)))


def sender(headers: Iterable[str]) -> str:
    """The one address that the From headers of a message name, empty where they name none or several."""
    named = [address.casefold() for _, address in getaddresses(list(headers)) if address]
    return named[0] if len(named) == 1 and "@" in named[0] else ""


def is_listed(address: str, known: Sequence[str]) -> bool:
    """Whether an address, or exactly its domain, is among those listed."""
    return bool(address) and (address in known or address.rpartition("@")[2] in known)
