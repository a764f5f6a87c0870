"""The invoice PDF a ledger names: found below the folders that were allowed, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

LARGEST: Final = 10 * 1024 * 1024  # bytes
_MAGIC: Final = b"%PDF"


def find(name: str, folders: Sequence[Path]) -> Path | str:
    """The real path of the PDF, or the rule that says why there is none. Nothing outside the folders is opened.

    A relative name is tried in each folder, in order. A name that leaves its folder by `..` is not looked up at all;
    one that leaves it by a symbolic link is not opened.
    """
    faults = []
    for folder in folders:
        answer = _below(name, folder)
        if isinstance(answer, Path):
            return answer
        faults.append(answer)
    return next((fault for fault in faults if fault not in ("pdf_missing", "pdf_outside")), _worst(faults))


def _worst(faults: list[str]) -> str:
    return "pdf_outside" if faults and all(fault == "pdf_outside" for fault in faults) else "pdf_missing"


def _below(name: str, folder: Path) -> Path | str:
    root = os.path.realpath(folder)
    wanted = os.path.normpath(os.path.join(root, name if os.sep == "\\" else name.replace("\\", "/")))  # noqa: PTH118
    if not Path(wanted).is_relative_to(root) and not Path(wanted).is_relative_to(Path(folder).absolute()):
        return "pdf_outside"
    try:
        real = Path(wanted).resolve(strict=True)
        if not real.is_relative_to(root):
            return "pdf_outside"
        return _checked(real)
    except PermissionError:
        return "pdf_unreadable"
    except (OSError, ValueError, RuntimeError):  # no such file, a name no file can have, a ring of links
        return "pdf_missing"


def _checked(real: Path) -> Path | str:
    """The path itself when it is a PDF of a size that can travel by mail; a pipe or device is never opened."""
    facts = real.lstat()
    if not stat.S_ISREG(facts.st_mode):
        return "pdf_missing"
    if facts.st_size > LARGEST:
        return "pdf_too_large"
    with real.open("rb") as file:
        return real if file.read(len(_MAGIC)) == _MAGIC else "pdf_not_pdf"
