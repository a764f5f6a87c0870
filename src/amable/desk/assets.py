"""The address of a file of the desk's own, with a stamp of its content, so that a browser may keep it for a year."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class Stamped(StaticFilesStorage):
    """Files as they lie in the package: nothing has to be collected before the first start."""

    def url(self, name: str | None, force: bool = False) -> str:
        """The stamped address."""
        return f"{super().url(name)}?{_stamp(name or '')}"

    def stored_name(self, name: str) -> Any:
        return name


@lru_cache(maxsize=256)
def _stamp(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return sha256(Path(found).read_bytes()).hexdigest()[:10]
