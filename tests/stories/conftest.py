"""Each story has a business of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Home
from tests.stories.world import Business


@pytest.fixture
def business(home: Home, tmp_path: Path) -> Business:
    """A creditor with an empty ledger and an outbox."""
    place = tmp_path / "files"
    place.mkdir()
    return Business(place, home.folder)
