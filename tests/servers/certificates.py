"""Certificates of an authority that only the tests trust."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme


class Authority:
    """Who signs the certificates of our servers. `pem` is the file that a login trusts."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.pem = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.pem)

    def context(self, name: str = "localhost", *, expired: bool = False) -> ssl.SSLContext:
        """What a server called `name` shows: a certificate that holds, or one that did until 2020."""
        not_after = datetime(2020, 12, 31, tzinfo=UTC) if expired else None
        not_before = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name, not_before=not_before, not_after=not_after).configure_cert(context)
        return context
