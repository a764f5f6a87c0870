"""The app of long work; whoever adds a kind of job, or a place files come from, names its module here."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from django.apps import AppConfig

_KINDS: Final = (
    "amable.work.files",
    "amable.work.looking",
    "amable.work.planning",
    "amable.work.watched_folder",
    "amable.work.watched_mailbox",
)


class Work(AppConfig):
    """Makes the kinds of jobs and of places known to every process."""

    name = "amable.work"

    def ready(self) -> None:
        """Import the modules that register them."""
        for module in _KINDS:
            import_module(module)
