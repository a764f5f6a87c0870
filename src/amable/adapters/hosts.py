"""Hosts: the name of a machine as the DNS knows it."""

from __future__ import annotations

import unicodedata


class NotAHostError(ValueError):
    """No machine can have this name."""


def in_ascii(host: str) -> str:
    """The host by IDNA 2008: each label that is not ASCII as an A-label. Raises NotAHostError.

    Python's own idna codec is of 2003 and makes `ss` of ß: another host.
    """
    return host if host.isascii() else ".".join(map(_a_label, host.split(".")))


def _a_label(label: str) -> str:
    normal = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", label).lower())
    if normal.isascii():
        return normal
    if any(unicodedata.category(character)[0] not in "LMN" and character not in "-·" for character in normal):
        raise NotAHostError(label)
    return f"xn--{normal.encode('punycode').decode('ascii')}"
