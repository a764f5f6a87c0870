"""What the tests of the contexts share: Django made ready, and a creditor to act for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import django
import pytest
from django.apps import apps

from amable.server.database import open_database
from tests.conftest import Home
from tests.stories.world import CREDITOR

if TYPE_CHECKING:
    from amable.organisation.models import Creditor


def pytest_pycollect_makemodule() -> None:
    """The modules of tests import models, so Django must stand before the first is collected."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    if not apps.ready:
        django.setup()


@pytest.fixture
def database(home: Home) -> Home:
    """The database of the test, open."""
    open_database(home.folder)
    return home


@pytest.fixture
def turia(database: Home) -> Creditor:
    """A hardware shop in Valencia, installed."""
    from amable.core import creditor as core
    from amable.organisation.actions import install

    return install(core.read(CREDITOR), placeholder=False)


@pytest.fixture
def acting(turia: Creditor) -> Iterator[Creditor]:
    """The same, with its rows in sight."""
    from amable.organisation.tenancy import acting_for

    with acting_for(turia):
        yield turia
