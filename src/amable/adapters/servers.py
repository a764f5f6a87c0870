"""Servers of mail: whom to trust, what went wrong on the way to one, and what it said."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from amable.plugs.transport import Login


def trusted(login: Login) -> ssl.SSLContext:
    """Certificates that hold for the server's name, by an authority of the system's or the login's own.

    Raises OSError when the file of that authority cannot be read.
    """
    context = ssl.create_default_context()
    if login.authority:
        context.load_verify_locations(cafile=login.authority)
    return context


def stays_here(sock: socket.socket) -> bool:
    """Whether the other end is this machine, so that nobody in between can listen."""
    peer = ip_address(sock.getpeername()[0].partition("%")[0])
    mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
    return (mapped or peer).is_loopback


def trouble(error: Exception) -> tuple[str, str] | None:
    """Why no conversation came about or where it broke off, and what was said; None for what is of one protocol."""
    match error:
        case ssl.SSLCertVerificationError():
            return "certificate", error.verify_message
        case TimeoutError():
            return "silent", ""
        case socket.gaierror():
            return "no_such_server", error.strerror or ""
        case ssl.SSLError():
            return "encryption_failed", error.reason or ""
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "lost", ""
        case OSError():
            return "no_connection", error.strerror or ""
        case UnicodeError():
            return "no_such_server", ""
        case _:
            return None


def in_one_line(said: str, secrets: Iterable[str], longest: int) -> str:
    """What a server said, without control characters and without our secrets, which some servers repeat."""
    for secret in secrets:
        said = said.replace(secret, "***")
    if not said.isprintable():
        said = "".join(character if character.isprintable() else " " for character in said)
    return " ".join(said.split())[:longest]
