"""Writes the report that lies beside a file: what it was, what was understood, what could not be used, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from unicodedata import category
from zoneinfo import ZoneInfo

from amable.core.languages import say, show_money, show_number
from amable.core.ledger_map import IGNORE
from amable.core.money import Money, TooPreciseError, to_minor
from amable.organisation.models import Creditor, User
from amable.work import files, telling
from amable.work.arriving import Outcome
from amable.work.models import Arrival, File, Job, Rejection, told_again

_EFFECTS: Final = ("new", "settled_new", "changed", "settled", "reopened", "missing", "same")
_ALWAYS: Final = ("new", "changed", "settled", "missing")
_BANK: Final = ("booked", "proposed", "unknown", "reversed")
_BREAKING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # categories of signs that are none to read
_MOST: Final = 2_000  # complaints; the rest can be read at the desk


def name_of(name: str) -> str:
    """What the report of a file is called."""
    return f"{name}.txt"


def report(creditor: Creditor, arrival: Arrival, lies: str, now: datetime) -> str:
    """The report of a file, in the creditor's language.

    `lies` says where the file is: `there` beside the report, `gone`, `replaced` by another of its name, or `stuck`
    where it was found.
    """
    return "".join(f"{_plain(line)}\n" for line in _Report(creditor, arrival).lines(lies, now))


def _plain(line: str) -> str:
    """A line that stays one, whatever a file has in its cells or is called."""
    return line if line.isprintable() else "".join("\ufffd" if category(one) in _BREAKING else one for one in line)


class _Report:
    def __init__(self, creditor: Creditor, arrival: Arrival) -> None:
        self.creditor, self.arrival, self.language = creditor, arrival, creditor.language
        self.zone = ZoneInfo(creditor.timezone)
        self.file = arrival.file
        self.read = files.latest(self.file, of=files.LOOK, done=True) if self.file else None
        self.done = files.latest(self.file, done=True) if self.file else None

    def say(self, key: str, **params: object) -> str:
        return say(key, self.language, **params)

    def lines(self, lies: str, now: datetime) -> Iterator[str]:
        """The report, line by line."""
        yield self.say("arrival.title", creditor=self.creditor.name)
        yield ""
        yield self.say("arrival.file", name=self.arrival.name)
        came = self.arrival.came_at.astimezone(self.zone)
        yield self.say("arrival.came", n=self.arrival.size, moment=came)
        yield self.say("arrival.written", moment=now.astimezone(self.zone))
        yield ""
        yield from self._answer()
        if lies != "there":
            yield self.say(f"arrival.{lies}", name=self.arrival.name)
        if self.file is not None:
            yield from self._understood()
            yield from self._changes()
            yield from self._questions()
            yield from self._rejected(self.file)
            yield from self._notices()
        yield ""

    def _answer(self) -> Iterator[str]:
        """What became of it, and what to do."""
        if (why := self.arrival.why) is not None:
            rule, params = why
            yield self.say(f"arrival.is_{rule}", **params)
            return
        assert self.file is not None, "what has no file has an answer of its own"
        state = files.state_of(self.file, files.latest(self.file))
        if state == "taken":
            assert self.file.taken_at is not None
            at = self.file.taken_at.astimezone(self.zone)
            by_itself = self.file.taken_by in files.BY_ITSELF
            yield self.say("arrival.is_taken" if by_itself else "arrival.is_taken_by", moment=at, who=self._who())
        elif state == "ready":
            yield self.say(f"arrival.is_ready_{self._why_ready()}")
        elif self.arrival.outcome == Outcome.WAITING and state == "failed":  # it raised a question as it was taken in
            yield self.say("arrival.is_asks")
        else:
            yield self.say(f"arrival.is_{state}")

    def _who(self) -> str:
        assert self.file is not None
        known = User.objects.filter(email=self.file.taken_by).first()
        return known.get_full_name() if known else self.file.taken_by

    def _why_ready(self) -> str:
        """Why a person must look though nothing is asked."""
        assert self.file is not None
        if self.file.waits:
            return "waits"
        if self.read is None or not self.read.found.get("remembered"):
            return "first"
        return "missing" if self.read.found["readable"] else "part"

    # --- what was understood -----------------------------------------------------------------------------------------

    def _understood(self) -> Iterator[str]:
        found = self.read.found if self.read else {}
        if not found.get("understood"):
            return
        yield from self._heading("arrival.understood")
        for one in found["understood"][:1]:
            for heading in one["headings"]:
                left = heading["column"] == IGNORE
                meaning = self.say("desk.files.ignore") if left else telling.field(heading["column"], self.language)
                yield f"  {heading['heading']} → {meaning}"
            for why, n in sorted(one["left_out"].items()):
                yield f"  {self.say(f'import.rows_{why}', n=n)}"

    def _changes(self) -> Iterator[str]:
        """Counts and sums: of what was taken in, or would be."""
        taken = self.file is not None and self.file.taken_at is not None
        found = self._found(taken)
        if "effect" in found:
            yield from self._heading("desk.files.changed" if taken else "desk.files.would_change")
            yield from self._effect(found)
            if taken:
                yield self.say("desk.files.as_complete" if found.get("whole") else "desk.files.as_additions")
        elif found.get("kind") == "bank":
            yield from self._heading("arrival.bank")
            yield from self._bank(found, taken=taken)

    def _found(self, taken: bool) -> Mapping[str, Any]:
        job = self.done if taken else self.read
        return job.found if job else {}

    def _effect(self, found: Mapping[str, Any]) -> Iterator[str]:
        effect = found["effect"]
        yield f"  {self.say('import.read', n=found['rows'])} {self.say('import.customers', n=effect['customers'])}"
        for what in _EFFECTS:
            count = effect["items"].get(what, 0)
            if count or what in _ALWAYS:
                sums = (self._money(one.get(what, 0), currency) for currency, one in sorted(effect["sums"].items()))
                yield self._row(f"import.{what}", show_number(count, self.language), *(sums if count else ()))
        sums = (self._money(one.get("open", 0), currency) for currency, one in sorted(effect["sums"].items()))
        yield self._row("import.open", *sums)

    def _bank(self, found: Mapping[str, Any], *, taken: bool) -> Iterator[str]:
        accounts = dict.fromkeys(one["account"] for one in found["statements"] if one["account"])
        if accounts:
            yield f"  {self.say('arrival.accounts', accounts=', '.join(accounts))}"
        until = max((one["until"] for one in found["statements"] if one["until"]), default=None)
        if until:
            yield f"  {self.say('desk.files.bank_until', day=date.fromisoformat(until))}"
        if not taken:
            if found.get("rows"):
                yield f"  {self.say('arrival.movements', n=found['rows'])}"
                for currency, (came, went) in found["sums"].items():
                    sums = (self._figure(came, currency), self._figure(went, currency))
                    yield f"  {self.say('arrival.in_and_out', came=sums[0], went=sums[1])}"
            return
        yield f"  {self.say('desk.files.bank_lines', n=found.get('lines', 0))}"
        if found.get("known_already"):
            yield f"  {self.say('desk.files.bank_known', n=found['known_already'])}"
        for name in _BANK:
            if found.get(name):
                yield self._row(f"desk.files.bank_{name}", show_number(found[name], self.language),
                                self.say(f"desk.files.bank_{name}_is"))  # fmt: skip

    # --- what is asked, what is wrong --------------------------------------------------------------------------------

    def _questions(self) -> Iterator[str]:
        if self.file is None or self.file.taken_at is not None or self.read is None:
            return
        asked: Sequence[Mapping[str, Any]] = self.read.found.get("questions", ())
        if asked:
            yield from self._heading("arrival.questions", n=len(asked))
        for one in asked:
            params = {name: told_again(value) for name, value in one["params"].items()}
            yield f"  {telling.sentences_of(one['rule'], params, self.language)[0]}"

    def _rejected(self, file: File) -> Iterator[str]:
        if not file.rejected:
            return
        yield from self._heading("desk.files.rejected", n=file.rejected)
        for one in Rejection.objects.filter(creditor=self.creditor, file=file).order_by("place")[:_MOST]:
            why, advice = telling.words(one, self.language)
            where = [self.say("arrival.line", line=one.line)] if one.line else []
            where += [telling.field(one.field, self.language)] if one.field else []
            yield f"  {', '.join(where)}: {why} {advice}" if where else f"  {why} {advice}"
        if file.rejected > _MOST:
            yield f"  {self.say('arrival.more', n=file.rejected - _MOST)}"

    def _notices(self) -> Iterator[str]:
        job: Job | None = self.done
        told: Sequence[Mapping[str, Any]] = job.found.get("notices", ()) if job and job.found.get("rows") else ()
        if told:
            yield from self._heading("desk.files.notices", n=len(told))
        for one in told:
            params = {name: told_again(value) for name, value in one["params"].items()}
            what, advice = telling.sentences_of(one["rule"], params, self.language)
            yield f"  {what} {advice}"

    # --- how it is written -------------------------------------------------------------------------------------------

    def _heading(self, key: str, **params: object) -> Iterator[str]:
        title = self.say(key, **params)
        yield from ("", title, "-" * len(title))

    def _row(self, key: str, *cells: str) -> str:
        return "  " + self.say("arrival.row", what=self.say(key), cells="  ".join(filter(None, cells)))

    def _money(self, minor: int, currency: str) -> str:
        return show_money(Money(minor, currency), self.language)

    def _figure(self, figure: str, currency: str) -> str:
        try:
            return self._money(to_minor(Decimal(figure), currency), currency)
        except (TooPreciseError, KeyError, ValueError):
            return f"{figure} {currency}"
