"""The key by which sessions and links are signed and stored secrets sealed: the environment's, else the data folder's.

The folder's file has the key in its first line. Earlier keys may stand below it: what was made with them stays good.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

FILE: Final = "secret.key"


def use_key_of(folder: Path) -> None:
    """Use AMABLE_SECRET_KEY, else the folder's own key, made at first. Only its owner can read the file."""
    if os.environ.get("AMABLE_SECRET_KEY"):
        return
    path = folder / FILE
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=folder)  # readable by its owner only
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was quicker: its key it is
            os.link(fresh, path)
        Path(fresh).unlink()
    read_key_of(folder)


def read_key_of(folder: Path) -> None:
    """The same without making one: a command that needs no key works without."""
    if os.environ.get("AMABLE_SECRET_KEY") or not (folder / FILE).exists():
        return
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = (folder / FILE).read_text("utf-8").split()
