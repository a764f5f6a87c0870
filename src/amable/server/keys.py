"""The key by which sessions and links are signed: of the environment, else one kept in the data folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

_FILE: Final = "secret.key"


def use_key_of(folder: Path) -> None:
    """Sign by AMABLE_SECRET_KEY, else by the folder's own key, made at first. Only its owner can read the file."""
    if os.environ.get("AMABLE_SECRET_KEY"):
        return
    path = folder / _FILE
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=folder)  # readable by its owner only
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was quicker: its key it is
            os.link(fresh, path)
        Path(fresh).unlink()
    settings.SECRET_KEY = path.read_text("utf-8").strip()
