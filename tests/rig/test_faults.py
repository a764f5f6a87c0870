"""Every fault of the rig in its short form, one test each; `make crash` does the long one and prints the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rig.crash import FAULTS, Fault
from tests.rig.house import Rig

pytestmark = pytest.mark.rig


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = Rig(tmp_path_factory.mktemp("rig") / "rig")
    yield made
    made.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(rig: Rig, fault: Fault) -> None:
    result = fault.do(rig, fault.short)
    assert result.wrong == []
    assert (result.lost, result.twice) == (0, 0)
