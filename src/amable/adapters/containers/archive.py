"""Opens ZIP archives: what is inside by its bare name, within limits of number, size and ratio."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final

from amable.plugs.complaint import Complaint
from amable.plugs.containers import Enclosed

_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
_MOST: Final = 20_000  # files
_LARGEST: Final = 40 * 2**20  # bytes of one file
_LARGEST_TOGETHER: Final = 160 * 2**20  # bytes
_RATIO: Final = 200  # unpacked to packed; text packs about ten to one, what packs better than this was made to
_RATIO_FROM: Final = 2**20  # bytes below which a ratio says nothing
_ENTRY: Final = b"PK\x01\x02"  # begins each line of an archive's list, which zipfile reads as a whole
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Workbooks and documents of offices are archives too: they are read as what they are.
_OFFICE: Final = frozenset(("[content_types].xml", "mimetype"))
# What programs leave in archives beside the files that were meant.
_LEFT: Final = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


class Archive:
    """Opens ZIP archives."""

    def recognises(self, data: bytes) -> bool:
        """Whether this is a ZIP archive that is no workbook."""
        if not data.startswith(_MAGIC):
            return False
        if _endless(data):
            return True
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                return not any(name.lower() in _OFFICE for name in archive.namelist()[:_MOST])
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
            return True  # broken: said when it is opened
        except Exception:  # noqa: BLE001 - a torn directory raises whatever it runs into
            return True

    def open(self, data: bytes) -> Iterator[Enclosed | Complaint]:
        """The files inside, in the order of their names; nothing of an archive that would unpack to too much."""
        if _endless(data):
            yield Complaint("archive_too_many", params={"limit": _MOST})
            return
        try:
            archive = zipfile.ZipFile(BytesIO(data))
        except Exception:  # noqa: BLE001 - see above
            yield Complaint("archive_broken")
            return
        with archive:
            yield from _opened(archive)


def _endless(data: bytes) -> bool:
    """Whether its list is longer than is even looked at; archives inside it have lists too."""
    return data.count(_ENTRY) > 3 * _MOST


def _opened(archive: zipfile.ZipFile) -> Iterator[Enclosed | Complaint]:
    files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.lower().endswith(_LEFT)]
    files = [one for one in files if not one.filename.lower().startswith(_LEFT[0])]
    if not files:
        yield Complaint("archive_empty")
    elif len(files) > _MOST:
        yield Complaint("archive_too_many", params={"limit": _MOST})
    elif sum(one.file_size for one in files) > _LARGEST_TOGETHER:
        yield Complaint("archive_too_large", params={"limit": _LARGEST_TOGETHER // 2**20})
    else:
        yield from (_taken(archive, one) for one in sorted(files, key=lambda file: file.filename))


def _taken(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> Enclosed | Complaint:
    """One file, read no further than was said to be in it: what an archive says of itself may be a lie."""
    name = _bare(file.filename)

    def refused(rule: str, **params: object) -> Complaint:
        return Complaint(rule, None, "", name, {"name": name, **params})

    if file.flag_bits & 0x1:
        return refused("archive_locked")
    if file.compress_type not in _METHODS:
        return refused("archive_method")
    if file.file_size > _LARGEST:
        return refused("archive_file_too_large", limit=_LARGEST // 2**20)
    if file.file_size > _RATIO_FROM and file.file_size > _RATIO * max(1, file.compress_size):
        return refused("archive_ratio")
    try:
        with archive.open(file) as stream:
            data = stream.read(file.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError):
        return refused("archive_file_broken")
    if len(data) > file.file_size:
        return refused("archive_file_broken")
    return Enclosed(name, data)


def _bare(name: str) -> str:
    """The last part of a name as text to show: it is never a path to anything."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    return "".join(sign for sign in bare if sign.isprintable())[:120] or "?"
