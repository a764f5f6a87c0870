"""The app of long work; whoever adds a kind of job names its module here."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from django.apps import AppConfig

_KINDS: Final = ("amable.work.files", "amable.work.looking", "amable.work.planning")


class Work(AppConfig):
    """Makes the kinds of jobs known to every process."""

    name = "amable.work"

    def ready(self) -> None:
        """Import the modules that register kinds."""
        for module in _KINDS:
            import_module(module)
