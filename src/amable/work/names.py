"""Asks the DNS for the texts of a name, by the resolver of the machine."""

from __future__ import annotations

from typing import Final

import dns.exception
import dns.resolver

_PATIENCE: Final = 8.0  # seconds for one name, all servers and tries together


class UnansweredError(Exception):
    """Nobody could say whether there is anything of this name."""


def texts(name: str) -> tuple[str, ...]:
    """The TXT records of a name, each in one piece; none when there are none. Raises UnansweredError."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=_PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, UnicodeError, OSError) as error:
        raise UnansweredError(name) from error
    return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)
