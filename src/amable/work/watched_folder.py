"""The watched folder: what is put into it is taken in once, and put away with a report beside it.

The row is the truth: a file is noted with the fingerprint of its bytes in the transaction that keeps it, and where it
is put is noted before it is. Nothing in the folder is deleted or written over. Names are only names: every file is
reached from the open folder, no link is followed and no folder below entered but our own three.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from amable.core.folder_names import is_left_alone, numbered, plain
from amable.organisation.models import Creditor
from amable.work import arriving, reports
from amable.work.arriving import Outcome
from amable.work.models import Arrival
from amable.work.reading import LARGEST_FILE
from amable.work.sources import FaultError, Look, let_be, look_soon, source

SOURCE: Final = "folder"
STILL: Final = timedelta(seconds=50)  # a file that has not changed for so long is whole
_MOST: Final = 500  # files looked at in one look; the others wait for the next
_LISTED: Final = 2_000  # of those, at most so many are listed, answered ones that could not be moved among them
_CHUNK: Final = 2**20
_ELSEWHERE: Final = "-"  # the place of what was left in a folder that is watched no more
_NO_LINK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_A_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


# --- which folder ----------------------------------------------------------------------------------------------------


class Refusal(NamedTuple):
    """Why a folder is not watched; the sentence is `arrival.folder_<rule>`."""

    rule: str
    params: Mapping[str, object]


def chosen(text: str, creditor: Creditor, *, data: Sequence[Path] = ()) -> Path | Refusal:
    """The folder somebody names for a creditor, as it will be opened; `data` are our own, beside the database's."""
    path = Path(text)
    if "\x00" in text or not path.is_absolute():
        return Refusal("relative", {"value": text})
    try:
        path = path.resolve(strict=True)
        if not path.is_dir():
            return Refusal("no_folder", {"value": text})
        ours = [one.resolve() for one in (*data, *_data())]
    except (OSError, RuntimeError) as error:
        return Refusal("missing", {"value": text, "why": getattr(error, "strerror", None) or str(error)})
    if any(_within(path, one) or _within(one, path) for one in ours):
        return Refusal("data", {"value": text})
    others = Creditor.objects.exclude(pk=creditor.pk).exclude(watched_folder="")
    if any(
        _within(path, Path(one)) or _within(Path(one), path) for one in others.values_list("watched_folder", flat=True)
    ):
        return Refusal("taken", {"value": text})
    try:
        with _opened(str(path)):
            return path
    except FaultError as error:
        return Refusal("unwritable", {"value": text, "why": error.params.get("why", "")})


def _within(path: Path, other: Path) -> bool:
    return path == other or other in path.parents


def _data() -> Iterator[Path]:
    """Where our own data lies, as far as it is known here."""
    if connection.vendor == "sqlite":
        yield Path(str(connection.settings_dict["NAME"])).parent
    if named := os.environ.get("AMABLE_DATA"):
        yield Path(named)


def changed(creditor: Creditor, now: datetime) -> None:
    """Another folder is watched from now on, or none: what lies in the one before stays there as it is."""
    before = Arrival.objects.filter(creditor=creditor, source=SOURCE)
    before.filter(put_at=None).update(put_at=now)
    before.filter(place="").update(place=_ELSEWHERE)
    if creditor.watched_folder:
        look_soon(creditor, SOURCE, now)
    else:
        let_be(creditor, SOURCE)


# --- the folder, open ------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A file as it lies in the folder: its name there, the same as text, and what tells it from a later one."""

    entry: str
    name: str
    size: int
    changed: int


@dataclass(slots=True)
class _Folder:
    """The watched folder and our three below it, each by a handle of its own."""

    root: int
    below: dict[str, int]

    def files(self) -> list[Found]:
        """The files to look at, the oldest first. Links, folders and anything else are none."""
        found = []
        with os.scandir(self.root) as entries:
            for entry in entries:
                if is_left_alone(entry.name):
                    continue
                with suppress(OSError):  # gone meanwhile
                    if stat.S_ISREG((facts := entry.stat(follow_symlinks=False)).st_mode):
                        found.append(Found(entry.name, _text(entry.name), facts.st_size, facts.st_mtime_ns))
        return sorted(found, key=lambda one: (one.changed, one.name))[:_LISTED]

    def place(self, place: str) -> tuple[int, str]:
        """The handle and the name of a place of ours: `done/bank.xml`."""
        below, _, name = place.partition("/")
        return self.below[below], name

    def facts(self, handle: int, name: str) -> tuple[int, int] | None:
        """Size and time of a file, None where there is none."""
        try:
            facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
        except OSError:
            return None
        return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None

    def is_free(self, place: str) -> bool:
        """Whether neither a file nor a report lies there."""
        handle, name = self.place(place)
        for one in (name, reports.name_of(name)):
            try:
                os.stat(one, dir_fd=handle, follow_symlinks=False)
            except FileNotFoundError:
                continue
            return False
        return True


@contextmanager
def _opened(path: str) -> Iterator[_Folder]:
    """The folder with our three below it, made where they are missing. Raises FaultError."""
    handles: list[int] = []
    try:
        try:
            root = os.open(path, _A_FOLDER)
            handles.append(root)
            below = {}
            for name in Outcome:
                with suppress(FileExistsError):
                    os.mkdir(name.value, 0o770, dir_fd=root)
                below[name.value] = os.open(name.value, _A_FOLDER, dir_fd=root)
                handles.append(below[name.value])
            for handle in handles:
                if not os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=handle):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise FaultError("folder", folder=path, why=error.strerror or type(error).__name__) from error
        yield _Folder(root, below)
    finally:
        for handle in handles:
            os.close(handle)


def _text(entry: str) -> str:
    """A name as rows and people read it: bytes that are no UTF-8 stand in it as \\xNN."""
    return os.fsencode(entry).decode("utf-8", "backslashreplace")


# --- looking ---------------------------------------------------------------------------------------------------------


@source(SOURCE, wanted=lambda creditor: bool(creditor.watched_folder))
def look_into(creditor: Creditor, look: Look) -> bool:
    """Take what is whole, and put away what was answered. True while a file is still being read."""
    with _opened(creditor.watched_folder) as folder:
        still = _still(creditor, folder, look)
        for found in still:
            look.go_on()
            _take(creditor, folder, found, look.clock())
        busy = False
        for arrival in _in_hand(creditor):
            look.go_on()
            busy = not _answer(creditor, folder, arrival, look.clock()) or busy
        return busy


def _still(creditor: Creditor, folder: _Folder, look: Look) -> list[Found]:
    """The files that have stopped growing and were not answered yet; the others are remembered for the next look."""
    now = look.clock()
    listed = folder.files()
    here = Arrival.objects.filter(creditor=creditor, source=SOURCE, place="", name__in=[one.name for one in listed])
    answered = set(here.values_list("name", "size", "changed"))
    listed = [one for one in listed if (one.name, one.size, one.changed) not in answered][:_MOST]
    before: dict[str, list[object]] = look.seen.get("files", {})
    seen: dict[str, list[object]] = {}
    still: list[Found] = []
    for one in listed:
        size, changed, since = before.get(one.name, (None, None, None))
        if (size, changed) != (one.size, one.changed) or not isinstance(since, str):
            since = now.isoformat()
        elif now - datetime.fromisoformat(since) >= STILL:
            still.append(one)
        seen[one.name] = [one.size, one.changed, since]
    look.seen["files"] = seen
    return still


# --- taking ----------------------------------------------------------------------------------------------------------


class _Copy:
    """The bytes of a file as they were when it was read."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy

    def chunks(self) -> Iterator[bytes]:
        self._copy.seek(0)
        while chunk := self._copy.read(_CHUNK):
            yield chunk


def _take(creditor: Creditor, folder: _Folder, found: Found, now: datetime) -> None:
    """Keep a file and note it, or note why nobody could read it."""
    if found.size > LARGEST_FILE:
        _refuse(creditor, found, arriving.said("too_large", n=LARGEST_FILE // 2**20), now)
        return
    with tempfile.TemporaryFile() as copy:
        try:
            digest = _copied(folder, found, copy)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EIO, errno.ELOOP):
                _refuse(creditor, found, arriving.said("unreadable", why=error.strerror or ""), now)
                return
            if error.errno == errno.ENOENT:  # somebody took it back
                return
            raise FaultError("folder", folder=creditor.watched_folder, why=error.strerror or "") from error
        if digest is None:  # it has changed after all
            return
        with transaction.atomic():
            if _is_noted(creditor, found):
                return
            arriving.arrive(creditor, SOURCE, found.name, _Copy(copy), digest=digest, size=found.size,
                            changed=found.changed, now=now)  # fmt: skip


def _copied(folder: _Folder, found: Found, copy: IO[bytes]) -> str | None:
    """The fingerprint of a file's bytes, which go into the copy; None when it changed meanwhile."""
    digest = sha256()
    with os.fdopen(os.open(found.entry, _NO_LINK, dir_fd=folder.root), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return None
        left = found.size + 1
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            copy.write(chunk)
            left -= len(chunk)
        facts = os.fstat(file.fileno())
    return digest.hexdigest() if left == 1 and (facts.st_size, facts.st_mtime_ns) == found[2:] else None


def _refuse(creditor: Creditor, found: Found, said: str, now: datetime) -> None:
    with transaction.atomic():
        if not _is_noted(creditor, found):
            Arrival.objects.create(
                creditor=creditor, source=SOURCE, name=found.name, size=found.size, changed=found.changed, came_at=now,
                said=said,
            )  # fmt: skip


def _is_noted(creditor: Creditor, found: Found) -> bool:
    """Whether this very file was noted meanwhile; whoever asks goes on alone."""
    Creditor.objects.select_for_update().get(pk=creditor.pk)
    same = Arrival.objects.filter(creditor=creditor, source=SOURCE, place="", name=found.name)
    return same.filter(size=found.size, changed=found.changed).exists()


# --- putting away ----------------------------------------------------------------------------------------------------


def _in_hand(creditor: Creditor) -> list[Arrival]:
    """What has no answer yet, or one that was to be put away, or waited for a person who has decided."""
    unput = Arrival.objects.filter(creditor=creditor, source=SOURCE, put_at=None).select_related("file")
    decided = Q(file__taken_at__isnull=False) | Q(file__left_at__isnull=False)
    return list(unput.filter(~Q(outcome=Outcome.WAITING) | ~Q(moves_to="") | decided).order_by("pk"))


def _answer(creditor: Creditor, folder: _Folder, arrival: Arrival, now: datetime) -> bool:
    """Put a file away with its report, once it is known what became of it."""
    outcome = arriving.outcome(arrival, now)
    if outcome is None and not arrival.moves_to:
        return False
    if not arrival.moves_to:
        arrival.outcome = outcome or ""
        arrival.moves_to = _free_place(folder, arrival, arrival.outcome)
        arrival.save(update_fields=("outcome", "moves_to"))
    lies = _moved(folder, arrival)
    _write_report(creditor, folder, arrival, lies, now)
    if lies == "stuck":
        arrival.moves_to = ""
    arrival.place, arrival.moves_to = arrival.moves_to, ""
    arrival.put_at = None if arrival.outcome == Outcome.WAITING else now
    arrival.save(update_fields=("place", "moves_to", "put_at"))
    return True


def _free_place(folder: _Folder, arrival: Arrival, outcome: str) -> str:
    """Where nothing lies yet, by the file's own name or a number behind it."""
    name = plain(arrival.name)
    return next(place for n in range(1, 10**6) if folder.is_free(place := f"{outcome}/{numbered(name, n)}"))


def _moved(folder: _Folder, arrival: Arrival) -> str:
    """Move a file to where it is to lie: how that ended, as `reports` has it.

    It may have been moved before, by a process that was killed before it could say so.
    """
    facts = (arrival.size, arrival.changed)
    handle, name = folder.place(arrival.moves_to)
    if folder.facts(handle, name) == facts:
        return "there"
    if arrival.place:
        old, entry = folder.place(arrival.place)
    else:
        old, entry = folder.root, _entry(folder, arrival.name)
    there = folder.facts(old, entry) if entry else None
    if there is None:
        return "gone"
    if there != facts:
        return "replaced"
    try:
        with suppress(FileExistsError):  # ours, of a process that was killed just now
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=handle))
        if (folder.facts(handle, name) or (1, 0))[0] != 0:
            return "stuck"
        os.replace(entry, name, src_dir_fd=old, dst_dir_fd=handle)
    except OSError:
        if (folder.facts(handle, name) or (1, 0))[0] == 0:
            os.unlink(name, dir_fd=handle)  # the empty one that kept the place
        return "stuck"
    if arrival.place:
        with suppress(OSError):  # its report goes with it, to be written anew
            os.replace(reports.name_of(entry), reports.name_of(name), src_dir_fd=old, dst_dir_fd=handle)
    return "there"


def _entry(folder: _Folder, name: str) -> str:
    """What a file is called in the folder whose name as text this is."""
    with os.scandir(folder.root) as entries:
        return next((entry.name for entry in entries if _text(entry.name) == name), "")


def _write_report(creditor: Creditor, folder: _Folder, arrival: Arrival, lies: str, now: datetime) -> None:
    """Write the report where the file is to lie; whatever is in the way there stays."""
    handle, name = folder.place(arrival.moves_to)
    text = reports.report(creditor, arrival, lies, now)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(reports.name_of(name), flags, 0o660, dir_fd=handle), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FaultError("folder", folder=creditor.watched_folder, why=error.strerror or "") from error
