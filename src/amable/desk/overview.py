"""The overview: what a book comes to, in sentences, charts and tables, for one currency and the customers chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from amable.core.insight import (
    SALES_MONTHS,
    WITHIN,
    Billed,
    CountBack,
    Stock,
    Word,
    count_back,
    days_in,
    month_of,
    percent,
    simple_dso,
    stock,
)
from amable.core.languages import (
    say,
    show_amount,
    show_money,
    show_month,
    show_month_alone,
    show_number,
    show_short_date,
)
from amable.core.money import Money, exponent
from amable.core.reasons import step_name
from amable.desk.charts import Column, Drawing, Part, Row, columns, rows
from amable.desk.door import Here, show, to
from amable.desk.lists import Asked
from amable.desk.remembering import remembered
from amable.desk.signing_in import has_second_factor
from amable.desk.today import sentence_case
from amable.dunning import book, insight
from amable.dunning.book import BUCKETS
from amable.dunning.insight import Aged, Calls, Cut, Past, ToCall, Words
from amable.ledger.models import Customer, Item
from amable.organisation.models import Member
from amable.organisation.tenancy import acting_for

_TONES = ("a", "b", "c", "d", "e")
_OF_WORDS = {Word.KEPT: "a", Word.LATE: "b", Word.WAITING: "soft", Word.BROKEN: "d"}
_RECENT = 3  # months over which one looks at how late invoices were paid
_DESKS = 12  # other desks of one person whose sums are shown
_SHARES = 12


class Cell(NamedTuple):
    """A place in a table: words, or a figure; perhaps a way further."""

    text: str
    figure: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart with the sentences that say what it shows, and its table."""

    name: str
    says: Sequence[str]
    heads: Sequence[Cell] = ()
    lines: Sequence[Sequence[Cell]] = ()
    drawing: Drawing | None = None
    legend: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    foot: Sequence[Cell] = ()

    @property
    def key(self) -> str:
        """The sentence that is its title."""
        return f"desk.overview.{self.name}"


class Figure(NamedTuple):
    """A number at the top, with what it means."""

    title: str
    value: str
    about: str


class Call(NamedTuple):
    """A customer to call, and why in words."""

    it: ToCall
    why: Sequence[str]


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The page, also as it is printed."""
    asked = Asked(request)
    words = tuple(asked.text(name) for name in ("currency", "manager", "segment"))
    facts = {
        "paper": asked.yes("paper"),
        "on_paper": asked.address(paper="1"),
        "off_paper": asked.address(paper=""),
        "elsewhere": _elsewhere(here),
    }
    return show(
        request, here, "overview.html", **facts, **remembered(here, ("overview", words), lambda: _told(here, asked))
    )


def _told(here: Here, asked: Asked) -> dict[str, object]:
    """What the page says of the book."""
    choices = book.choices(here.creditor, here.customers)
    manager, segment = asked.text("manager"), asked.text("segment")
    chosen = _chosen(here, manager, segment)
    aged = insight.aged(here.creditor, chosen, here.today)
    currency = _currency(here, asked, choices.currencies, aged)
    facts: dict[str, object] = {
        "choices": choices,
        "manager": manager,
        "segment": segment,
        "currency": currency,
        "narrowed": bool(manager or segment),
    }
    if not currency:
        return facts
    return facts | _Told(here, Cut(here.creditor, chosen, currency, here.today), asked, aged).facts()


def _chosen(here: Here, manager: str, segment: str) -> QuerySet[Customer] | None:
    """The customers that are looked at, None for all of the creditor's."""
    if here.sees_all and not (manager or segment):
        return None
    chosen = here.customers
    chosen = chosen.filter(manager_email__iexact=manager) if manager else chosen
    return chosen.filter(segment=segment) if segment else chosen


def _currency(here: Here, asked: Asked, known: Sequence[str], aged: Sequence[Aged]) -> str:
    """The currency asked for, else the one of most items; amounts of two are never added up."""
    wanted = asked.one_of("currency", tuple(known))
    if wanted or aged:
        return wanted or aged[0].currency
    newest = Item.objects.filter(creditor=here.creditor, customer__in=here.customers.values("pk")).order_by("-pk")
    return newest.values_list("currency", flat=True).first() or ""


# --- the same person's other desks -----------------------------------------------------------------------------------


class Elsewhere(NamedTuple):
    """Another creditor of the same person; no sums where the desk asks for a second factor first."""

    name: str
    address: str
    sums: Sequence[Aged]


def _elsewhere(here: Here) -> list[Elsewhere]:
    members = Member.objects.filter(user=here.member.user).exclude(creditor=here.creditor)
    found = []
    for member in members.select_related("creditor", "user").order_by("creditor__name")[:_DESKS]:
        there = Here(member.creditor, member, here.now, here.language)
        sums: Sequence[Aged] = ()
        if not member.creditor.second_factor or has_second_factor(member.user):
            with acting_for(member.creditor):
                sums = remembered(there, "sums", partial(_sums, there))
        found.append(Elsewhere(member.creditor.name, to(there, "overview"), sums))
    return found


def _sums(there: Here) -> Sequence[Aged]:
    return insight.aged(there.creditor, None if there.sees_all else there.customers, there.today)


# --- what is told ----------------------------------------------------------------------------------------------------


class _Told:
    """Everything the page says, in the reader's language."""

    def __init__(self, here: Here, cut: Cut, asked: Asked, aged: Sequence[Aged]) -> None:
        self.here, self.cut, self.asked, self.language = here, cut, asked, here.language
        self.currency = cut.currency
        self.aged = next((one for one in aged if one.currency == cut.currency), Aged(cut.currency))
        self.now = Stock(self.aged.total, self.aged.overdue)
        self.past: Past = insight.past(cut)
        self.first_whole = month_of(self.past.known_since) if self.past.known_since else None

    def facts(self) -> dict[str, object]:
        billed = [
            Billed(month, days_in(month, self.here.today), self.past.billed.get(month, 0))
            for month in reversed(self.past.months)
        ]
        back, simple = count_back(self.now.owed, billed), simple_dso(self.now.owed, billed)
        words, calls = insight.promises(self.cut), insight.calls(self.cut)
        panels = [
            self._ageing(),
            self._trend(),
            self._dso(back, simple, billed),
            self._collected(),
            self._paid_late(),
            self._work(calls),
            self._promises(words),
            *self._shares(),
        ]
        panels.sort(key=lambda panel: panel.drawing is None)  # what has nothing to show stands last
        figures = self._figures(back, simple, words, calls)
        return {"figures": figures, "panels": panels, "calls": [self._call(one) for one in insight.to_call(self.cut)]}

    # --- ways to say it

    def say(self, key: str, **params: object) -> str:
        return say(f"desk.overview.{key}", self.language, **params)

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def amount(self, minor: int) -> Cell:
        return Cell(show_amount(self.money(minor), self.language) if minor else "–", figure=True)

    def count(self, n: int) -> Cell:
        return Cell(show_number(n, self.language) if n else "–", figure=True)

    def round(self, minor: int) -> str:
        """An amount as a chart has room for: without what is behind the point."""
        return show_number(round(minor / 10 ** exponent(self.currency)), self.language)

    def share(self, part: int, whole: int) -> str:
        return self.say("percent", n=show_number(percent(part, whole), self.language))

    def month(self, month: date) -> str:
        return show_month(month, self.language)

    def heads(self, *keys: str) -> list[Cell]:
        """The headings of a table; all but the first are of figures."""
        return [Cell(self.say(f"column.{key}"), figure=place > 0) for place, key in enumerate(keys)]

    # --- at the top

    def _figures(self, back: CountBack, simple: int | None, words: Words, calls: Calls) -> list[Figure]:
        items, days = self._lately_settled()
        late = round(days / items) if items else None
        dso = self.say("dso_more" if back.beyond else "days", n=back.days) if back.steps else "–"
        return [
            Figure(
                self.say("owed"), show_money(self.money(self.now.owed), self.language),
                self.say("items", n=self.aged.items),
            ),
            Figure(
                self.say("overdue"), show_money(self.money(self.now.overdue), self.language),
                self.say("of_owed", share=self.share(self.now.overdue, self.now.owed)),
            ),
            Figure(
                self.say("dso"), dso, self.say("dso_simply", n=simple) if simple is not None else self.say("unknown")
            ),
            Figure(
                self.say("paid"), self._days_late(late) if late is not None else "–",
                self.say("paid_about", n=items) if items else self.say("unknown"),
            ),
            Figure(
                self.say("promises_kept"),
                self.say("of", part=words.count[Word.KEPT], n=words.over) if words.over else "–",
                self.say("promises_waiting", n=words.count[Word.WAITING]),
            ),
            Figure(
                self.say("reached"), self.say("of", part=calls.reached, n=calls.made) if calls.made else "–",
                self.say("reached_about") if calls.made else self.say("reached_none"),
            ),
        ]  # fmt: skip

    def _days_late(self, days: int) -> str:
        if days == 0:
            return self.say("on_time")
        return self.say("days_late" if days > 0 else "days_early", n=abs(days))

    def _lately_settled(self) -> tuple[int, int]:
        """How many invoices were settled in these months, and all their days after due."""
        lately = [self.past.settled[month] for month in self.past.months[-_RECENT:] if month in self.past.settled]
        return sum(one.items for one in lately), sum(one.days for one in lately)

    # --- panels

    def _ageing(self) -> Panel:
        names = [say(f"desk.items.bucket.{name}", self.language) for name in BUCKETS]
        amounts = self.aged.buckets
        key = "ageing.says" if amounts[-1] else "ageing.young"
        if not self.now.overdue:
            key = "ageing.in_time" if any(amounts) else "ageing.none"
        says = self.say(
            key, owed=self.money(self.now.owed), overdue=self.money(self.now.overdue),
            share=self.share(self.now.overdue, self.now.owed), oldest=self.money(amounts[-1]),
        )  # fmt: skip
        bars = [
            Column(name, [Part(amount, tone)], self.round(amount) if amount else "")
            for name, amount, tone in zip(names, amounts, _TONES, strict=True)
        ]
        lines = [
            [Cell(name), self.amount(amount), Cell(self.share(amount, sum(amounts)), figure=True)]
            for name, amount in zip(names, amounts, strict=True)
        ]
        if self.aged.credits:
            lines.append([Cell(self.say("ageing.credits")), self.amount(self.aged.credits), Cell("", figure=True)])
        return Panel(
            "ageing", [says], self.heads("age", "open", "share"), lines, columns(bars) if any(amounts) else None,
            notes=[self.say("ageing.note", credit=self.money(-self.aged.credits))] if self.aged.credits else [],
            foot=[Cell(say("desk.lists.total", self.language)), self.amount(self.now.owed), Cell("", figure=True)],
        )  # fmt: skip

    def _trend(self) -> Panel:
        ends = [*((month, stock(self.past.stretches, month)) for month in self.past.months[:-1])]
        stocks = [*ends, (self.past.months[-1], self.now)]
        month, before = ends[-1]
        rose = self.now.overdue - before.overdue
        key = "trend.same" if not rose else "trend.rose" if rose > 0 else "trend.fell"
        key = key if self.now.overdue or before.overdue else "trend.none"
        says = self.say(
            key, now=self.money(self.now.overdue), before=self.money(before.overdue), by=self.money(abs(rose)),
            month=self.month(month),
        )  # fmt: skip
        shown = {max(stocks, key=lambda one: one[1].owed)[0], stocks[-1][0]}
        bars = [
            Column(
                show_month_alone(month, self.language),
                [Part(max(it.owed, 0), self._faint("soft", month)), Part(max(it.overdue, 0), self._faint("b", month))],
                self.round(it.owed) if month in shown and it.owed else "",
            )
            for month, it in stocks
        ]
        lines = [
            [
                Cell(self.month(month) if month != self.past.months[-1] else self.say("today")),
                self.amount(it.owed), self.amount(it.overdue),
                Cell(self.share(it.overdue, it.owed), figure=True),
                self.amount(self.past.billed.get(month, 0)),
            ]
            for month, it in reversed(stocks)
        ]  # fmt: skip
        notes = []
        if self.first_whole and self.past.known_since and self.first_whole > self.past.months[0]:
            notes.append(self.say("trend.note_since", day=self.past.known_since))
        if self.past.paid_unknown:
            notes.append(self.say("trend.note_unknown", n=self.past.paid_unknown))
        return Panel(
            "trend", [says], self.heads("at_end", "owed", "overdue", "share", "billed"), lines,
            columns(bars, nested=True) if any(it.owed for _, it in stocks) else None,
            legend=[("soft", self.say("owed")), ("b", self.say("overdue"))], notes=notes,
        )  # fmt: skip

    def _faint(self, tone: str, month: date) -> str:
        """A month that the ledgers tell only in part is drawn paler."""
        return f"{tone} faint" if self.first_whole and month < self.first_whole else tone

    def _dso(self, back: CountBack, simple: int | None, billed: Sequence[Billed]) -> Panel:
        if self.now.owed <= 0 or not back.days:
            return Panel("dso", [self.say("dso.none")])
        says = [self.say("dso.beyond" if back.beyond else "dso.says", n=back.days)]
        lately = billed[:SALES_MONTHS]
        if simple is not None:
            says.append(
                self.say(
                    "dso.simple", n=simple, owed=self.money(self.now.owed),
                    billed=self.money(sum(one.amount for one in lately)), days=sum(one.days for one in lately),
                )
            )  # fmt: skip
        lines = [
            [Cell(self.month(step.month)), self.amount(step.billed), self.amount(step.unpaid),
             Cell(show_number(round(step.days), self.language), figure=True)]
            for step in back.steps
        ]  # fmt: skip
        bars = [
            Row(
                self.month(step.month), self.say("days", n=round(step.days)),
                [Part(max(step.billed, 0), "soft"), Part(step.unpaid, "a")],
            )
            for step in back.steps[:6]
        ]  # fmt: skip
        early = self.first_whole is not None and back.steps[-1].month < self.first_whole
        return Panel(
            "dso", says, self.heads("month", "billed", "unpaid", "days"), lines, rows(bars, nested=True),
            legend=[("soft", self.say("column.billed")), ("a", self.say("column.unpaid"))],
            notes=[self.say("dso.note"), *([self.say("dso.note_since", day=self.past.known_since)] if early else ())],
        )  # fmt: skip

    def _paid_late(self) -> Panel:
        settled = [(month, self.past.settled[month]) for month in self.past.months if month in self.past.settled]
        items, days = self._lately_settled()
        if not settled:
            return Panel("paid", [self.say("paid.none")])
        says = self.say("paid.says", n=items, when=self._days_late(round(days / items))) if items else self.say(
            "paid.none_lately"
        )  # fmt: skip
        means = {month: round(one.days / one.items) for month, one in settled}
        bars = [
            Column(
                show_month_alone(month, self.language), [Part(means.get(month, 0), self._faint("a", month))],
                show_number(means[month], self.language) if month in means else "",
            )
            for month in self.past.months
        ]  # fmt: skip
        lines = [
            [
                Cell(self.month(month)),
                self.count(one.items),
                Cell(show_number(means[month], self.language), figure=True),
            ]
            for month, one in reversed(settled)
        ]
        notes = [self.say("paid.note_undated", n=self.past.undated)] if self.past.undated else []
        return Panel("paid", [says], self.heads("month", "settled", "mean_days"), lines, columns(bars), notes=notes)

    def _collected(self) -> Panel:
        found = insight.collected(self.cut)
        whole = sum(one.amount for one in found.steps)
        if not whole:
            return Panel("collected", [self.say("collected.none", day=found.since)])
        told = [one for one in found.steps if one.step]
        asked = sum(one.amount for one in told)
        says = [self.say("collected.says", all=self.money(whole), day=found.since, share=self.share(asked, whole))]
        if told:
            best = told[0]
            says.append(
                self.say(
                    "collected.best", step=step_name(best.step, self.language), amount=self.money(best.amount),
                    n=best.days or 0,
                )
            )  # fmt: skip
        names = [self._step(one.step) for one in found.steps]
        bars = [
            Row(name, self.round(one.amount), [Part(one.amount, "a" if one.step else "soft")])
            for name, one in zip(names, found.steps, strict=True)
        ]
        lines = [
            [
                Cell(name), self.amount(one.amount), Cell(self.share(one.amount, whole), figure=True),
                self.count(one.payments),
                Cell(show_number(one.days, self.language) if one.days is not None else "–", figure=True),
            ]
            for name, one in zip(names, found.steps, strict=True)
        ]  # fmt: skip
        return Panel(
            "collected", says, self.heads("step", "came", "share", "payments", "after"), lines, rows(bars),
            notes=[self.say("collected.note", n=WITHIN)],
        )  # fmt: skip

    def _step(self, step: str) -> str:
        return sentence_case(step_name(step, self.language)) if step else self.say("collected.unasked")

    def _promises(self, words: Words) -> Panel:
        if not words:
            return Panel("promises", [self.say("promises.none")])
        kept, late = words.count[Word.KEPT], words.count[Word.LATE]
        says = (
            self.say("promises.says", n=words.over, kept=kept, late=late, broken=words.count[Word.BROKEN])
            if words.over
            else self.say("promises.all_wait", n=words.count[Word.WAITING])
        )
        present = [one for one in Word if words.count[one]]
        bars = [
            Row(self.say(f"word.{one}"), show_number(words.count[one], self.language),
                [Part(words.count[one], _OF_WORDS[one])])
            for one in present
        ]  # fmt: skip
        lines = [
            [Cell(self.say(f"word.{one}")), self.count(words.count[one]), self.amount(words.amount[one])]
            for one in present
        ]
        return Panel(
            "promises", [says], self.heads("word", "promises", "promised"), lines, rows(bars),
            notes=[self.say("promises.note")],
        )  # fmt: skip

    def _work(self, calls: Calls) -> Panel:
        days = insight.work(self.cut)
        messages, spoken = sum(day.messages for day in days), sum(day.calls for day in days)
        tasks = sum(day.tasks for day in days)
        if not messages + spoken + tasks:
            return Panel("work", [self.say("work.none")])
        busiest = max(days, key=lambda day: day.all)
        says = [
            self.say(
                "work.says", messages=self.say("work.messages", n=messages), calls=self.say("work.calls", n=spoken),
                tasks=self.say("work.tasks", n=tasks), day=busiest.day, n=busiest.all,
            )
        ]  # fmt: skip
        if calls.made:
            says.append(self.say("work.reached", n=calls.made, part=calls.reached))
        bars = [
            Column(
                str(day.day.day), [Part(day.messages, "a"), Part(day.calls, "b"), Part(day.tasks, "soft")],
                show_number(day.all, self.language) if day.all else "",
            )
            for day in days
        ]  # fmt: skip
        lines = [
            [Cell(show_short_date(day.day, self.language)), *map(self.count, (day.messages, day.calls, day.tasks))]
            for day in reversed(days)
        ]  # fmt: skip
        legend = [
            (tone, self.say(f"column.{name}")) for tone, name in (("a", "messages"), ("b", "calls"), ("soft", "tasks"))
        ]
        return Panel(
            "work", says, self.heads("day", "messages", "calls", "tasks"), lines, columns(bars), legend=legend,
            notes=[self.say("work.note")],
        )  # fmt: skip

    def _shares(self) -> Iterable[Panel]:
        found = insight.shares(self.cut)
        for name, listed in (("segment", found.segments), ("manager", found.managers)):
            if len(listed) < 2 or (name == "manager" and not self.here.sees_all):
                continue
            top = listed[0]
            says = self.say(
                "shares.says", name=top.name or self.say(f"shares.no_{name}"), overdue=self.money(top.overdue),
                share=self.share(top.overdue, self.now.overdue),
            )  # fmt: skip
            bars = [
                Row(one.name or self.say(f"shares.no_{name}"), self.round(one.overdue),
                    [Part(max(one.owed, 0), "soft"), Part(max(one.overdue, 0), "b")])
                for one in listed[:_SHARES]
            ]  # fmt: skip
            lines = [
                [
                    Cell(
                        one.name or self.say(f"shares.no_{name}"),
                        href=self.asked.address(**{name: one.value}) if one.value else "",
                    ),
                    self.amount(one.owed), self.amount(one.overdue),
                    Cell(self.share(one.overdue, one.owed), figure=True),
                ]
                for one in listed
            ]  # fmt: skip
            heads = self.heads(name, "owed", "overdue", "share")
            legend = [("soft", self.say("owed")), ("b", self.say("overdue"))]
            yield Panel(name, [says], heads, lines, rows(bars, nested=True), legend=legend)

    # --- whom to call

    def _call(self, one: ToCall) -> Call:
        owing = one.owing
        why = []
        if owing.broke:
            why.append(self.say("call.broke"))
        if owing.usually is None:
            why.append(self.say("call.no_habit"))
        elif owing.beyond > 0:
            why.append(self.say("call.beyond", usually=self._days_late(owing.usually), n=owing.beyond))
        else:
            why.append(self.say("call.as_ever", usually=self._days_late(owing.usually)))
        if one.said_on is None:
            why.append(self.say("call.never_said"))
        return Call(one, why)
