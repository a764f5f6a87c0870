"""Where the real test material lies: beside the repository, or where AMABLE_MATERIAL says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("AMABLE_MATERIAL", Path(__file__).resolve().parents[2] / "shared" / "data"))


def material(*parts: str) -> Path:
    """A file or folder of the test material; skips with the reason on a machine that does not have it."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"test material {'/'.join(parts)} is not here; set AMABLE_MATERIAL to its folder")
    return path
