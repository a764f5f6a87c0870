"""The procedures that come with Amable, as texts; the usual one first."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

SHIPPED: Final = ("starter", "gentle", "firm")


@lru_cache(maxsize=len(SHIPPED))
def shipped(name: str = SHIPPED[0]) -> str:
    """The text of one of them."""
    return files(__name__).joinpath(f"{name}.yaml").read_text("utf-8")
