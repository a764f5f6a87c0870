"""The units and the compose file of the page about services are what systemd and YAML take them for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from amable.core import mailbox
from tests.docs.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "run-as-a-service.md"
FILES = {block.value: block.text for block in blocks(PAGE) if block.use == "title"}


@pytest.mark.parametrize("unit", ["amable.service", "amable-worker@.service"])
def test_systemd_takes_the_unit(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    # The program of the page is not installed here; any will do.
    text = FILES[unit].replace("/opt/amable/.venv/bin/amable", "/bin/true")
    path = tmp_path / unit.replace("@", "@1")
    path.write_text(text, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if path.name in line] == []


def test_the_workers_of_the_compose_file_are_no_superusers() -> None:
    found = yaml.safe_load(FILES["compose.yaml"])
    worker = found["services"]["worker"]
    assert worker["environment"]["DATABASE_URL"].startswith("postgres://amable:")
    assert "CREATE ROLE amable LOGIN PASSWORD" in found["configs"]["role"]["content"]
    assert {volume.partition(":")[0] for s in found["services"].values() for volume in s.get("volumes", [])} == set(
        found["volumes"]
    )


def test_the_mailbox_of_the_page_can_be_read() -> None:
    assert mailbox.read(FILES["mailbox.yaml"]).password == "file:$CREDENTIALS_DIRECTORY/mailbox-password"
