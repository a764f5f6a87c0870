"""Tells an address of the operator's that a plan was made, so that its silence raises an alarm elsewhere.

One GET without any data. A redirect is not followed, the answer is not read, and a failure is only logged.
"""

from __future__ import annotations

import logging
from http.client import HTTPException
from threading import Thread
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.db import connection

_log = logging.getLogger(__name__)

PATIENCE: Final = 10.0  # seconds for the connection, and for each piece of the answer's head


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Go nowhere else: then a redirect is an error."""


def call(address: str) -> None:
    """Call the address, if there is one. It takes as long as the other side does: see `call_aside`."""
    if not address.startswith(("https://", "http://")):
        return
    if connection.in_atomic_block:
        raise RuntimeError("nobody outside is called while a transaction is open")
    try:
        request = Request(address, headers={"User-Agent": "amable"})  # noqa: S310 - see above
        with build_opener(_NoRedirect).open(request, timeout=PATIENCE):
            pass
    except HTTPError as error:
        error.close()
        _log.warning("the heartbeat was refused", extra={"status": error.code})
    except (OSError, HTTPException, ValueError):
        _log.warning("the heartbeat could not be told", exc_info=True)
    else:
        _log.info("the heartbeat was told")


def call_aside(address: str) -> None:
    """The same without waiting for it."""
    if address:
        Thread(target=call, args=(address,), name="heartbeat", daemon=True).start()
