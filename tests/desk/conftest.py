"""The desks of creditors, with people of every role at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Home
from tests.contexts.conftest import database, pytest_pycollect_makemodule, turia

if TYPE_CHECKING:
    from amable.organisation.models import Creditor
    from tests.desk.desks import Desk

__all__ = ["database", "pytest_pycollect_makemodule", "turia"]


@pytest.fixture
def settings_of(desk: Desk) -> Iterator[Callable[..., None]]:
    """Work under other settings until the end of the test."""
    from django.test import override_settings

    with ExitStack() as stack:
        yield lambda **facts: stack.enter_context(override_settings(**facts))


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    """The desk of the hardware shop in Valencia, on the morning of a first reminder."""
    from tests.desk.desks import opened

    return opened(database.folder, turia)
