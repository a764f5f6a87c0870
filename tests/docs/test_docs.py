"""The pages are true: their files are written, their commands run, and their output compared, from top to bottom.

A fenced block says in its first line what it is: `console` holds commands after `$ ` and what they print (`exit=1` when
the last one should fail), `title="a.csv"` is a file to write, `shows="out/why.csv"` an excerpt of a file that is there
by then. Three dots stand for whatever comes. `AMABLE_REMAKE=1` writes what was really printed into the page.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r'^```(\w+)(?: (title|shows|exit)="?([^"\n]+)"?)?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


class Block(NamedTuple):
    """One fenced block: its language, what it is for, and its text."""

    kind: str
    use: str
    value: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*found.groups("")) for found in BLOCK.finditer(page.read_text("utf-8"))]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if any(b.kind == "console" for b in blocks(p))], ids=name)
def test_the_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for block in blocks(page):
        if block.kind == "console":
            printed = run(block, tmp_path)
            if os.environ.get("AMABLE_REMAKE") and not fits(block.text, printed):
                remake(page, block, printed)
            else:
                assert fits(block.text, printed), f"{name(page)} promises\n{block.text}\nbut this is printed\n{printed}"
        elif block.use == "title":
            (tmp_path / block.value).write_text(block.text, "utf-8")
        elif block.use == "shows":
            text = readable(tmp_path / block.value)
            assert re.search(pattern(tidy(block.text)), tidy(text), re.DOTALL), f"{block.value} says\n{text}"


def run(block: Block, folder: Path) -> str:
    """The commands of a block, each with what it printed below it."""
    environment = {
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "AMABLE_LANGUAGE": "en",
    }
    printed = ""
    code = 0
    for command in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        code = done.returncode
        printed += f"$ {command}\n{done.stdout}{done.stderr}"
    wanted = int(block.value) if block.use == "exit" else 0
    assert code == wanted, f"exit code {code} instead of {wanted}:\n{printed}"
    return printed


def fits(expected: str, printed: str) -> bool:
    return re.fullmatch(pattern(tidy(expected)), tidy(printed), re.DOTALL) is not None


def tidy(text: str) -> str:
    """Without what a page cannot show: trailing and no-break spaces."""
    text = text.replace("\u00a0", " ").replace("\u202f", " ")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def pattern(expected: str) -> str:
    return ".*?".join(re.escape(part) for part in expected.split("..."))


def remake(page: Path, block: Block, printed: str) -> None:
    before = page.read_text("utf-8")
    assert before.count(block.text) == 1, f"{name(page)} has this block twice:\n{block.text}"
    page.write_text(before.replace(block.text, f"{tidy(DIGEST.sub('...', printed))}\n"), "utf-8")


def readable(file: Path) -> str:
    """A file as a person sees it: of a mail the head and the plain text."""
    if file.suffix != ".eml":
        return file.read_text("utf-8-sig")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    head = "".join(f"{field}: {mail[field]}\n" for field in ("From", "To", "Subject", "Date"))
    return f"{head}\n{body.get_content()}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {path}, which is not there"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{name(page)} links to {path}#{anchor}, which is not there"


def slug(heading: str) -> str:
    """A heading as the anchor that forges make of it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_is_reached_from_the_map() -> None:
    start = ROOT / "docs" / "README.md"
    reached = {(start.parent / path).resolve() for path, _ in LINK.findall(start.read_text("utf-8"))}
    lost = [name(page) for page in PAGES if start.parent in page.parents and page not in {*reached, start}]
    assert not lost


def test_the_generated_parts_are_up_to_date() -> None:
    """`make docs` brings them up to date."""
    fresh = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    behind = [name(page) for page, text in fresh.items() if page.read_text("utf-8") != text]
    assert not behind
