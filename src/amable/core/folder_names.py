"""Names of files as strangers choose them: which are left alone, and what a file is called where its name is taken."""

from __future__ import annotations

from typing import Final

# What is still being written, belongs to a program that has the file open, or to the system.
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", ".lock")
_OPEN: Final = ("~$", ".~lock.", "~")
_OF_THE_SYSTEM: Final = frozenset({"desktop.ini", "thumbs.db"})
_LONGEST: Final = 200  # bytes: room for a number and an ending within what file systems allow (255)


def is_left_alone(name: str) -> bool:
    """Whether a file of this name is nobody's to take: hidden, unfinished, or a lock."""
    folded = name.casefold()
    return folded.startswith((".", *_OPEN)) or folded.endswith((*_UNFINISHED, "~")) or folded in _OF_THE_SYSTEM


def plain(name: str) -> str:
    """The name without what is no letter, figure or sign, and no longer than a file system takes beside ours."""
    kept = "".join(one if one.isprintable() and one not in "/\\" else "_" for one in name).strip() or "_"
    stem, dot, ending = kept.rpartition(".")
    if not dot or not stem or len(ending) > 10:
        stem, dot, ending = kept, "", ""
    room = _LONGEST - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def numbered(name: str, n: int) -> str:
    """`bank (2).xml`: the name for the second of a name; of the first it is its own."""
    if n < 2:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({n}){dot}{ending}" if dot and stem else f"{name} ({n})"
