"""A real Chromium before the desk of the sample's creditor, served by the process that serves it to people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import chromium, is_missing
from tests.contexts.conftest import pytest_pycollect_makemodule

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk

__all__ = ["pytest_pycollect_makemodule"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, started once for these tests: Playwright's event loop would be in the way of others."""
    if missing := is_missing():
        pytest.skip(missing)
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def _sample_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample's creditor on its day: six weeks behind it, today's plan waiting for approval."""
    from tests.browser.sample_desk import reached

    return reached(tmp_path_factory.mktemp("sample") / "data")


@pytest.fixture
def desk(_sample_day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleDesk]:
    """The same in a folder of the test's own, listening."""
    from tests.browser.sample_desk import serving

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread
    folder = tmp_path / "data"
    shutil.copytree(_sample_day, folder)
    with serving(folder) as desk:
        yield desk
