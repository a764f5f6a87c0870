"""The wordings of a creditor: ours and its own that are in force, its versions; saved at the desk or given as files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Max

from amable.core import own_wordings, wording, wording_text
from amable.core.own_wordings import Examined, Problem
from amable.core.wording import Gap, Library
from amable.correspondence.models import StoredWording, WordingVersion
from amable.evidence import log
from amable.evidence.log import Event
from amable.organisation.models import Creditor

_ENDING: Final = ".md"

Key = tuple[str, str]  # language and name of a wording


class ChangedMeanwhileError(Exception):
    """Somebody else changed the wording since it was looked at."""


class UnfitError(Exception):
    """A wording that must not be in force: what is wrong with it, or who could not be written to any more."""

    def __init__(self, problems: Collection[Problem] = (), lacking: Collection[Gap] = ()) -> None:
        super().__init__()
        self.problems, self.lacking = tuple(problems), tuple(lacking)


class Own(NamedTuple):
    """A wording of the creditor's own: its row, and what is said of its text."""

    row: StoredWording
    examined: Examined


@dataclass(frozen=True, slots=True)
class Saving:
    """Who saves, when and why; `stages` are those somebody must be able to be written to in."""

    today: date
    now: datetime
    by: str
    note: str = ""
    stages: tuple[str, ...] = ()


# --- questions -------------------------------------------------------------------------------------------------------


def name_of(path: str) -> str:
    """What a wording is called by the file it lies in."""
    return path.rpartition("/")[2].removesuffix(_ENDING)


def own(creditor: Creditor) -> dict[Key, Own]:
    """The creditor's own wordings that can be read, by language and name."""
    found: dict[Key, Own] = {}
    for row in StoredWording.objects.filter(creditor=creditor).order_by("name"):
        examined = own_wordings.examine(row.text, name_of(row.name))
        if examined.template:
            found[examined.template.language, examined.template.id] = Own(row, examined)
    return found


def in_force(creditor: Creditor) -> Library:
    """Our wordings and the creditor's own."""
    own_ = StoredWording.objects.filter(creditor=creditor).order_by("name").values_list("name", "text")
    return _library(tuple(own_))


@lru_cache(maxsize=4)
def _library(own_: tuple[tuple[str, str], ...]) -> Library:
    found = (own_wordings.examine(text, name_of(name)).template for name, text in own_)
    return wording.with_own(template for template in found if template) if own_ else wording.library()


def text_of(creditor: Creditor, language: str, name: str) -> str:
    """The file of a wording in force: the creditor's own, else ours; empty when there is none."""
    mine = own(creditor).get((language, name))
    return mine.row.text if mine else wording_text.ours(language, name)


def versions(creditor: Creditor, language: str, name: str) -> list[WordingVersion]:
    """What was ever put in force, the newest first."""
    found = WordingVersion.objects.filter(creditor=creditor, language=language, wording=name)
    return list(found.order_by("-number"))


def examined_as(text: str, language: str, name: str) -> Examined:
    """What is said of a text in the place of a wording: it must speak that language."""
    examined = own_wordings.examine(text, name)
    if examined.template and examined.template.language != language:
        return Examined(None, (Problem(1, "wording.refused.value", {"key": "language"}),))
    return examined


def lacking_with(
    creditor: Creditor, changes: Mapping[Key, str], stages: Iterable[str], gone: Collection[Key] = ()
) -> list[Gap]:
    """What would be missing with these texts in force, and without those `gone`; what is missing now is not told."""
    texts = {key: one.row.text for key, one in own(creditor).items() if key not in gone} | dict(changes)
    found = (own_wordings.examine(text, name).template for (_, name), text in texts.items())
    library = wording.with_own(template for template in found if template)
    stages = tuple(stages)
    before = set(wording.gaps(stages, in_force(creditor)))
    return [gap for gap in wording.gaps(stages, library) if gap not in before]


# --- saving ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def save(creditor: Creditor, language: str, name: str, text: str, saving: Saving, *, seen: str) -> WordingVersion:
    """Put a text in force as the next version; `seen` is the digest of the text in force as its writer saw it.

    Raises ChangedMeanwhileError, or UnfitError for one that must not be in force.
    """
    _lock(creditor)
    if digest(text_of(creditor, language, name)) != seen:
        raise ChangedMeanwhileError
    _fit(creditor, {(language, name): text}, saving)
    return _put(creditor, language, name, text, saving)


@transaction.atomic
def take_away(creditor: Creditor, language: str, name: str, saving: Saving, *, seen: str) -> WordingVersion:
    """Take the creditor's own wording away: ours of that name speaks again, where there is one."""
    _lock(creditor)
    mine = own(creditor).get((language, name))
    if mine is None or digest(mine.row.text) != seen:
        raise ChangedMeanwhileError
    ours = wording_text.ours(language, name)
    if lacking := lacking_with(creditor, {}, saving.stages, gone={(language, name)}):
        raise UnfitError(lacking=lacking)
    _count_the_first(creditor, language, name, mine.row.text)
    mine.row.delete()
    return _version(creditor, language, name, "", saving, before=mine.row.text, after=ours)


@transaction.atomic
def take_in(creditor: Creditor, texts: Mapping[Key, str], saving: Saving) -> int:
    """Put several texts in force, all or none; how many of them are new or other than before."""
    _lock(creditor)
    standing = own(creditor)
    changed = {key: text for key, text in texts.items() if key not in standing or standing[key].row.text != text}
    _fit(creditor, changed, saving)
    for (language, name), text in changed.items():
        _put(creditor, language, name, text, saving)
    return len(changed)


@transaction.atomic
def replace_all(creditor: Creditor, texts: Mapping[str, str], saving: Saving) -> None:
    """Let the creditor's own wordings be exactly these files, which were checked; by the names of the files."""
    _lock(creditor)
    before = own(creditor)
    StoredWording.objects.filter(creditor=creditor).delete()
    StoredWording.objects.bulk_create(
        StoredWording(creditor=creditor, name=name, text=text) for name, text in texts.items()
    )
    after = own(creditor)
    for key in sorted({*before, *after}):
        was, now = (found[key].row.text if key in found else "" for found in (before, after))
        if was != now:
            if was:
                _count_the_first(creditor, *key, was)
            _version(creditor, *key, now, saving, before=was, after=now)


def digest(text: str) -> str:
    """What a text is known by."""
    return log.digest(text.encode("utf-8", "replace"))


def _lock(creditor: Creditor) -> None:
    """One saves after the other."""
    Creditor.objects.select_for_update().get(pk=creditor.pk)


def _fit(creditor: Creditor, texts: Mapping[Key, str], saving: Saving) -> None:
    for (language, name), text in texts.items():
        examined = examined_as(text, language, name)
        if not examined.usable:
            raise UnfitError(problems=[problem for problem in examined.problems if problem.blocks])
    if lacking := lacking_with(creditor, texts, saving.stages):
        raise UnfitError(lacking=lacking)


def _put(creditor: Creditor, language: str, name: str, text: str, saving: Saving) -> WordingVersion:
    mine = own(creditor).get((language, name))
    before = mine.row.text if mine else wording_text.ours(language, name)
    if mine:
        _count_the_first(creditor, language, name, mine.row.text)
        StoredWording.objects.filter(creditor=creditor, pk=mine.row.pk).update(text=text)
    else:
        StoredWording.objects.create(creditor=creditor, name=f"{language}/{name}{_ENDING}", text=text)
    return _version(creditor, language, name, text, saving, before=before, after=text)


def _count_the_first(creditor: Creditor, language: str, name: str, text: str) -> None:
    """What was in force before versions were counted is the first one: there is something to go back to."""
    if not WordingVersion.objects.filter(creditor=creditor, language=language, wording=name).exists():
        WordingVersion.objects.create(creditor=creditor, language=language, wording=name, number=1, text=text)


def _version(
    creditor: Creditor, language: str, name: str, text: str, saving: Saving, *, before: str, after: str
) -> WordingVersion:
    known = WordingVersion.objects.filter(creditor=creditor, language=language, wording=name)
    version = WordingVersion.objects.create(
        creditor=creditor, language=language, wording=name, text=text,
        number=(known.aggregate(last=Max("number"))["last"] or 0) + 1,
        made_at=saving.now, made_by=saving.by, note=saving.note,
    )  # fmt: skip
    facts = {
        "language": language, "wording": name, "version": version.number,
        "before": digest(before) if before else "", "after": digest(after) if after else "",
    }  # fmt: skip
    personal = {name: value for name, value in (("by", saving.by), ("note", saving.note)) if value}
    log.record(creditor, [Event("wording.changed", saving.today, facts, personal)])
    return version
