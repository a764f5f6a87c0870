"""Where the password of a mailbox is read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from amable.work.mailboxes import SecretError, secret


def test_a_file_where_systemd_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "mailbox-password").write_text("open sesame\n", "utf-8")
    assert secret("file:$CREDENTIALS_DIRECTORY/mailbox-password") == "open sesame"


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretError, match="CREDENTIALS_DIRECTORY"):
        secret("file:$CREDENTIALS_DIRECTORY/mailbox-password")
