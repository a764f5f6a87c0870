"""The reference leaves nothing out: each column, key, word and entry that the code knows has its line."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from amable.adapters.invoices.spreadsheet import COLUMNS
from amable.core import creditor, mailbox, procedure
from amable.core.delivery import EVENTS, State
from amable.core.languages import sentences
from amable.core.planning import Outcome
from tests.conftest import Home
from tests.docs.test_docs import ROOT

REFERENCE = ROOT / "docs" / "reference"


def named(page: str, heading: str) -> set[str]:
    """The names in the first cells of the tables below a heading, up to the next heading of its rank."""
    text = (REFERENCE / page).read_text("utf-8")
    rank = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert rank, f"{page} has no heading {heading}"
    below = re.split(rf"^#{{1,{len(rank[1])}}} ", text[rank.end() :], maxsplit=1, flags=re.MULTILINE)[0]
    return {
        found for cell in re.findall(r"^\| (`.*?) \|", below, re.MULTILINE) for found in re.findall(r"`([^`]+)`", cell)
    }


def test_every_column_of_a_ledger() -> None:
    assert named("ledger-columns.md", "The columns") == COLUMNS


def test_every_key_of_the_creditor_file() -> None:
    assert named("creditor-file.md", "The keys") == set(creditor._KEYS)
    assert named("creditor-file.md", "The sender") == set(creditor._SENDER_KEYS)


def test_every_key_of_a_procedure() -> None:
    assert named("procedure-language.md", "A step") == set(procedure._STEP_KEYS)
    assert named("procedure-language.md", "What a step does") == {act.value for act in procedure.Act}


@pytest.mark.parametrize("words", sorted(named("procedure-language.md", "When")))
def test_every_offset_that_is_shown_is_understood(words: str) -> None:
    assert procedure.offset(words), words


def test_every_outcome() -> None:
    assert named("verdicts-and-rules.md", "Outcomes") == {outcome.value for outcome in Outcome}


def test_every_kind_of_evidence() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(str(files("amable"))).rglob("*.py"))
    told = {key.removeprefix("record.entry.") for key in sentences("en") if key.startswith("record.entry.")}
    assert set(re.findall(r'\bEvent\(\s*"([a-z_.]+)"', source)) <= told
    assert {f"message.{state}" for state in (*EVENTS, State.REFUSED, State.REJECTED)} <= told
    assert named("evidence-entries.md", "The kinds") == told


def test_every_column_that_is_written(home: Home) -> None:
    from amable.cli.folder import REJECTED_COLUMNS, WHY_COLUMNS

    assert home.folder.is_dir()  # the tables are there, or the import above would fail
    assert named("folder.md", "why.csv") == set(WHY_COLUMNS)
    assert named("folder.md", "rejected.csv") == set(REJECTED_COLUMNS)


def test_every_state_of_a_message() -> None:
    text = (REFERENCE / "states-of-a-message.md").read_text("utf-8")
    states = {
        state for cell in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for state in re.findall("`(.*?)`", cell)
    }
    assert states == set(State)


def test_every_line_of_the_mailbox_file() -> None:
    text = (REFERENCE / "mailbox-file.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(mailbox.KEYS)
