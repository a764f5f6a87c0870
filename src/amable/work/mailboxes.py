"""Opens the mailbox of a creditor, with its secret read from where it is kept at that moment."""

from __future__ import annotations

import os
from pathlib import Path

from amable.organisation import sealed
from amable.organisation.models import Sending
from amable.plugs.loading import transports
from amable.plugs.transport import Connection, Encryption, Envelope, Login, Receipt, Unreachable


class SecretError(Exception):
    """A password that is not where it should be; the sentence is `mailbox.<rule>`."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(f"{rule}: {params.get('name', '')}")
        self.rule, self.params = rule, params


def secret(kept: str) -> str:
    """The secret that is kept in the environment (`env:NAME`), in a file (`file:PATH`) or in the row itself, sealed
    (`sealed:…`); empty for none.

    A path may begin with a variable, as `$CREDENTIALS_DIRECTORY`, in which systemd puts what one service may read.
    """
    where, _, name = kept.partition(":")
    if where == "env":
        found = os.environ.get(name)
        if found is None:
            raise SecretError("secret_env", name=name)
        return found
    if where == "file":
        try:
            return Path(os.path.expandvars(name)).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise SecretError("secret_file", name=name, why=why) from error
    if where == "sealed":
        try:
            return sealed.unseal(name)
        except sealed.UnreadableError as error:
            raise SecretError("secret_sealed") from error
    return ""


def is_sealed(sending: Sending) -> bool:
    """Whether the password is in the row itself, to be read with the key of the installation alone."""
    return sending.password_from.startswith("sealed:")


def login(sending: Sending) -> Login:
    """How to reach the mailbox, and as whom. Raises SecretError."""
    return Login(
        sending.server,
        sending.port,
        Encryption(sending.encryption),
        sending.user,
        secret(sending.password_from),
        sending.authority,
    )


def connect(sending: Sending) -> list[Connection]:
    """The connections of a mailbox, not opened yet."""
    try:
        as_ = login(sending)
    except SecretError as error:
        return [_Shut(error)]
    return [transports()["smtp"].connect(as_) for _ in range(sending.connections)]


class _Shut:
    """A mailbox that cannot be opened, for want of its password."""

    def __init__(self, error: SecretError) -> None:
        self.error = error

    def open(self) -> Unreachable:
        return Unreachable("", self.error.rule, str(self.error))

    def deliver(self, envelope: Envelope) -> Receipt:
        return self.open()

    def close(self) -> None:
        pass
