"""Judges a message: is it short, clear, true to its facts and kind? One finding for each rule of `tone/` it breaks.

Only our wording is judged, never what was merged into it: a customer may be called URGENT. The rules stand in
`tone/rules.yaml`, the phrases and word lists of a language in `tone/<language>.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

import yaml

from amable.core.marked import CLOSE, OPEN, mark, plain, skeleton
from amable.core.sms import segments
from amable.core.wording import Rendered, Template, as_text, sections

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NUMBER: Final = ("invoice.number", "oldest.number", "next_due.number")
_DUE: Final = ("invoice.due_date", "oldest.due_date", "next_due.due_date", "promise.date")
_DAYS: Final = ("days_overdue", "oldest.days_overdue")
_AMOUNT: Final = ("invoice.balance", "total_due")

_EMPTY: Final = OPEN + CLOSE
_PLACE: Final = re.compile(r"\{\{.*?\}\}")
_LEFT_OPEN: Final = re.compile(r"\{\{?.*?\}\}?|[{}]|\[\[.*?\]\]|<<.*?>>|«[A-Z_]+»")
_LETTERS: Final = re.compile(r"[^\W\d_]{4,}")
_IGNORED: Final = re.compile(r"[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff*]")
_APOSTROPHES: Final = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"})


class Severity(StrEnum):
    """What a finding does: an error blocks the message, a warning asks a person, info is a hint."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule the message breaks. The part of `rule` before a dot is its id; `kindness.<rule>` is the sentence."""

    rule: str
    severity: Severity
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the message must agree with.

    `fields` are the values it was rendered with. `document_known`: the invoice's document is at hand;
    `document_travels`: it is attached to this message or linked in it. `charges` holds `interest` and `compensation`
    as far as they were computed for this invoice and are allowed for this customer. `discount`: one for early payment
    runs on the day the message leaves. `recipients` are all addresses of To, Cc and Bcc, `allowed` those of the
    customer's contacts for this purpose.
    """

    fields: Mapping[str, object]
    consumer: bool = False
    document_known: bool = False
    document_travels: bool = False
    charges: frozenset[str] = frozenset()
    discount: bool = False
    recipients: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()


def check(rendered: Rendered, facts: Facts) -> tuple[Finding, ...]:
    """Everything that is wrong with a message, in the order of the rules; empty when it may leave."""
    template = rendered.template
    words = _words(Rendered(skeleton(rendered.subject), skeleton(rendered.body), template))
    reading = _read(rendered, facts, words)
    return tuple(
        Finding(f"{rule}.{fault.part}" if fault.part else rule, fault.severity or severity, fault.params)
        for rule, severity in _rules(template.stage, template.channel)
        for fault in (words.faults[rule] if rule in _OF_WORDS else _JUDGES[rule](reading))
    )


class Length(NamedTuple):
    """How many words a message has, and how many it may have: in its subject, and in its body before the sign-off."""

    subject: int
    subject_most: int
    body: int
    body_least: int
    body_most: int


def length(rendered: Rendered) -> Length:
    """The words of a message as the rules count them."""
    subject, body = _count(skeleton(rendered.subject)), _count(sections(rendered).prose)
    return Length(subject, _limit("subject_words"), body, _limit("body_words_min"), _limit("body_words_max"))


@dataclass(frozen=True, slots=True)
class _Fault:
    part: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class _Forbidden:
    category: str
    severity: Severity
    allowed_in: frozenset[str]
    phrases: tuple[tuple[str, str], ...]  # as written, and as it is compared


@dataclass(frozen=True, slots=True)
class _Tone:
    """The phrases of a language, ready to be compared."""

    urgent: str
    forbidden: tuple[_Forbidden, ...]
    closers: tuple[str, ...]
    asks: Mapping[str, tuple[str, ...]]
    deadlines: tuple[str, ...]  # requests that name a date and are not questions
    words: Mapping[str, tuple[str, ...]]
    written: Mapping[str, str]  # a word of the lists by what it is compared as


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a message without what was merged into them: what was judged once is known of all that say them."""

    template: Template
    tone: _Tone
    reads: str  # the stage it is read as
    subject: str
    wording: str  # of subject and body
    prose: str  # the body before the sign-off
    compared: str
    compared_prose: str
    said: Mapping[str, str]  # the first phrase of each word list that it uses, as the list writes it; empty when none
    faults: dict[str, tuple[_Fault, ...]] = field(default_factory=dict)  # of the rules that ask for words alone

    def prose_says(self, phrases: tuple[str, ...]) -> bool:
        return any(_has(self.compared_prose, phrase) for phrase in phrases)


@lru_cache(maxsize=1024)
def _words(skeletal: Rendered) -> _Words:
    """The words of a message whose values were taken out, judged."""
    template = skeletal.template
    prose = sections(skeletal).prose
    wording = f"{skeletal.subject}\n{skeletal.body}"
    compared, tone = _comparable(wording), _tone(template.language)
    words = _Words(
        template=template,
        tone=tone,
        reads=_sheet()["reads"].get(template.stage, template.stage),
        subject=skeletal.subject,
        wording=wording,
        prose=prose,
        compared=compared,
        compared_prose=_comparable(prose),
        said={name: _first_said(compared, phrases, tone) for name, phrases in tone.words.items()},
    )
    rules = (rule for rule, _ in _rules(template.stage, template.channel) if rule in _OF_WORDS)
    words.faults.update((rule, tuple(_OF_WORDS[rule](words))) for rule in rules)
    return words


def _first_said(compared: str, phrases: tuple[str, ...], tone: _Tone) -> str:
    return tone.written.get(next((phrase for phrase in phrases if _has(compared, phrase)), ""), "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A message prepared once for the judges who look at its values: marked text beside its words."""

    rendered: Rendered
    facts: Facts
    words: _Words
    first_line: str
    counted: str  # the body before the sign-off, marked
    beside: str
    farewell: str

    @property
    def template(self) -> Template:
        return self.rendered.template

    def value(self, *fields: str) -> str:
        """The first of the fields the template declares, marked as it stands in the text; empty when it has none."""
        for name in fields:
            if self.template.uses(name):
                return mark(self.facts.fields.get(name))
        return ""


def _read(rendered: Rendered, facts: Facts, words: _Words) -> _Reading:
    parts = sections(rendered)
    first_line = parts.prose.partition("\n")[0]
    return _Reading(rendered, facts, words, first_line, parts.prose, parts.beside, parts.farewell)


# The judges, one for each rule, in the order of rules.yaml: some need the words alone, some the message as it is read.

_WordsJudge = Callable[[_Words], Iterator[_Fault]]
_Judge = Callable[[_Reading], Iterator[_Fault]]


def _subject_length(it: _Words) -> Iterator[_Fault]:
    if (n := _count(it.subject)) > _limit("subject_words"):
        yield _Fault(params={"n": n, "limit": _limit("subject_words")})


def _subject_invoice_number(it: _Reading) -> Iterator[_Fault]:
    number = it.value(*_NUMBER)
    if not number or number not in it.rendered.subject:
        yield _Fault(params={"value": plain(number)})


def _urgent_only_late_late(it: _Words) -> Iterator[_Fault]:
    first = re.match(r"\W*([^\W\d_]+)", it.subject)
    word = first[1] if first else ""
    if it.reads == "late_late":
        if word != it.tone.urgent:
            yield _Fault("missing", {"token": it.tone.urgent})
    elif word.upper() in _sheet()["urgent_tokens"].values():
        yield _Fault("early", {"token": word})


def _body_length(it: _Words) -> Iterator[_Fault]:
    n = _count(it.prose)
    if n < _limit("body_words_min"):
        yield _Fault("short", {"n": n, "limit": _limit("body_words_min")})
    if n > _limit("body_words_max"):
        yield _Fault("long", {"n": n, "limit": _limit("body_words_max")})


def _states_amount(it: _Reading) -> Iterator[_Fault]:
    wanted = {
        "thank_you": [("payment.amount",)],
        "formal_notice": [("invoice.balance",), ("total_due",)],
    }.get(it.words.reads, [_AMOUNT])
    for fields in wanted:
        yield from _must_state(it, it.value(*fields), it.counted, it.beside)


def _states_due_date(it: _Reading) -> Iterator[_Fault]:
    yield from _must_state(it, it.value(*_DUE), it.counted, it.beside)


def _states_days_overdue(it: _Reading) -> Iterator[_Fault]:
    yield from _must_state(it, it.value(*_DAYS), it.rendered.subject, it.counted, it.beside)


def _must_state(it: _Reading, value: str, *texts: str) -> Iterator[_Fault]:
    if not value or value == _EMPTY or not any(value in text for text in texts):
        yield _Fault(params={"value": plain(value)})


def _how_to_pay(it: _Reading) -> Iterator[_Fault]:
    ways = (it.value("pay_link"), it.value("payment.iban"))
    shown = any(way and way != _EMPTY and way in it.rendered.body for way in ways)
    if not shown and not it.words.said["bank_details"]:
        yield _Fault()


def _one_clear_ask(it: _Words) -> Iterator[_Fault]:
    """A question is an ask, and so is a request with a date that is not a question."""
    questions = it.prose.count("?")
    asks = questions + sum(it.compared_prose.count(phrase) for phrase in it.tone.deadlines)
    if asks > _limit("questions"):
        yield _Fault("many", {"n": asks})
    if asks or it.template.channel == "sms":
        return
    if not it.prose_says(it.tone.asks.get(it.template.primary_cta, ()) + it.tone.words["request"]):
        yield _Fault("none")


def _no_ask_in_thanks(it: _Words) -> Iterator[_Fault]:
    asks = (phrase for intent in ("pay_link", "pay_by_deadline", "give_date") for phrase in it.tone.asks[intent])
    if "?" in it.prose or it.prose_says((*asks, *it.tone.words["request"])):
        yield _Fault()


def _says_thanks(it: _Words) -> Iterator[_Fault]:
    if not it.prose_says(it.tone.words["thanks"] + it.tone.closers):
        yield _Fault()


def _greets_by_name(it: _Reading) -> Iterator[_Fault]:
    contact, customer = it.value("contact.name"), it.value("customer.name")
    name = contact if contact not in ("", _EMPTY) else customer
    if name in ("", _EMPTY) or name not in it.first_line:
        yield _Fault(params={"value": plain(name)})


def _signed_by_a_person(it: _Reading) -> Iterator[_Fault]:
    for name in (it.value("sender.name"), it.value("company.name")):
        yield from _must_state(it, name, it.farewell)


def _no_forbidden_phrase(it: _Words) -> Iterator[_Fault]:
    for group, phrase in _forbidden_in(it):
        if group.category != "premature_legal_mention":
            yield _Fault(group.category, {"phrase": phrase}, group.severity)


def _legal_words_only_formal(it: _Words) -> Iterator[_Fault]:
    for group, phrase in _forbidden_in(it):
        if group.category == "premature_legal_mention":
            yield _Fault(params={"phrase": phrase}, severity=group.severity)


def _forbidden_in(it: _Words) -> Iterator[tuple[_Forbidden, str]]:
    for group in it.tone.forbidden:
        if it.template.stage not in group.allowed_in:
            yield from ((group, written) for written, phrase in group.phrases if _has(it.compared, phrase))


def _no_shouting(it: _Words) -> Iterator[_Fault]:
    allowed = _sheet()["caps_allowed"]
    for word in dict.fromkeys(_LETTERS.findall(it.wording)):
        if word.isupper() and word not in allowed:
            yield _Fault("capitals", {"phrase": word})
    if (n := it.wording.count("!") - it.wording.count("<!--")) > _limit("exclamations"):
        yield _Fault("exclamations", {"n": n})


def _resolved_fields(it: _Words) -> Iterator[_Fault]:
    if found := _LEFT_OPEN.search(it.wording):
        yield _Fault("place", {"text": plain(found[0])})
    if any(_EMPTY in line and line.strip() != _EMPTY for line in it.wording.split("\n")):
        yield _Fault("empty")


def _attach_invoice(it: _Reading) -> Iterator[_Fault]:
    if it.facts.document_known and not it.facts.document_travels:
        yield _Fault("missing")
    if not it.facts.document_travels and (phrase := it.words.said["attached"]):
        yield _Fault("claimed", {"phrase": phrase})


def _way_out(it: _Words) -> Iterator[_Fault]:
    ways = it.tone.asks["offer_options"] + it.tone.asks["raise_dispute"] + it.tone.words["way_out"]
    if not it.prose_says(ways):
        yield _Fault()


def _already_paid_line(it: _Words) -> Iterator[_Fault]:
    if not it.prose_says(it.tone.words["already_paid"]):
        yield _Fault()


def _neutral_tone(it: _Words) -> Iterator[_Fault]:
    """Only forced familiarity can be told from words alone; blame and irony are in the list of phrases."""
    if phrase := it.said["familiar"]:
        yield _Fault(params={"phrase": phrase})


def _fees_only_if_due(it: _Reading) -> Iterator[_Fault]:
    for charge in ("interest", "compensation"):
        if charge not in it.facts.charges and (phrase := it.words.said[charge]):
            yield _Fault(params={"phrase": phrase})


def _discount_only_in_time(it: _Reading) -> Iterator[_Fault]:
    """A wording that speaks of a discount refuses itself once its last day, or the due date, has passed."""
    if not it.facts.discount and (phrase := it.words.said["discount"]):
        yield _Fault(params={"phrase": phrase})


def _right_recipient(it: _Reading) -> Iterator[_Fault]:
    allowed = {address.casefold() for address in it.facts.allowed}
    for address in it.facts.recipients:
        if address.casefold() not in allowed:
            yield _Fault(params={"value": address})


def _channel_privacy(it: _Reading) -> Iterator[_Fault]:
    """The preview of an SMS and the subject of a mail may be read by others."""
    if not it.facts.consumer:
        return
    if it.template.channel == "sms":
        if phrase := it.words.said["debt"]:
            yield _Fault(params={"phrase": phrase})
        return
    for amount in (it.value("invoice.balance"), it.value("total_due"), it.value("payment.amount")):
        if amount not in ("", _EMPTY) and amount in it.rendered.subject:
            yield _Fault(params={"phrase": plain(amount)})


def _no_question(it: _Words) -> Iterator[_Fault]:
    if "?" in it.prose:
        yield _Fault()


def _sms_creditor(it: _Reading) -> Iterator[_Fault]:
    yield from _must_state(it, it.value("company.name"), it.rendered.body)


def _sms_segments(it: _Reading) -> Iterator[_Fault]:
    if (n := segments(as_text(it.rendered))) > _limit("sms_segments"):
        yield _Fault(params={"n": n, "limit": _limit("sms_segments")})


def _sms_consumer(it: _Reading) -> Iterator[_Fault]:
    if not it.facts.consumer:
        return
    for value in (it.value(*_AMOUNT), it.value(*_DUE)):
        if value not in ("", _EMPTY) and value in it.rendered.body:
            yield _Fault(params={"value": plain(value)})


_AnyJudge = TypeVar("_AnyJudge", _WordsJudge, _Judge)


def _by_rule(*judges: _AnyJudge) -> Mapping[str, _AnyJudge]:
    return MappingProxyType({judge.__name__.removeprefix("_").replace("_", "-"): judge for judge in judges})


_OF_WORDS: Final[Mapping[str, _WordsJudge]] = _by_rule(
    *(_subject_length, _urgent_only_late_late, _body_length, _one_clear_ask, _no_ask_in_thanks, _says_thanks),
    *(_no_forbidden_phrase, _no_shouting, _resolved_fields, _way_out, _already_paid_line, _neutral_tone),
    *(_legal_words_only_formal, _no_question),
)
_JUDGES: Final[Mapping[str, _Judge]] = _by_rule(
    *(_subject_invoice_number, _states_amount, _states_due_date, _states_days_overdue, _how_to_pay, _greets_by_name),
    *(_signed_by_a_person, _attach_invoice, _fees_only_if_due, _discount_only_in_time, _right_recipient),
    *(_channel_privacy, _sms_creditor, _sms_segments, _sms_consumer),
)


@lru_cache(maxsize=256)
def _rules(stage: str, channel: str) -> tuple[tuple[str, Severity], ...]:
    """The rules that apply to a stage on a channel. A severity set per phrase is taken from the phrase."""
    reads = _sheet()["reads"].get(stage, stage)
    return tuple(
        (rule["id"], Severity.ERROR if rule["severity"] == "as listed" else Severity(rule["severity"]))
        for rule in _sheet()["rules"]
        if channel in rule.get("channels", ("email", "letter"))
        and (rule["stages"] == "all" or stage in rule["stages"] or reads in rule["stages"])
        and stage not in rule.get("except", ())
    )


@lru_cache(maxsize=1)
def _sheet() -> dict[str, Any]:
    return _page("rules")


def _limit(name: str) -> int:
    return int(_sheet()["limits"][name])


@lru_cache(maxsize=4)
def _tone(language: str) -> _Tone:
    page = _page(language)
    asks = {group["intent"]: tuple(map(_comparable, group["phrases"])) for group in page["calls_to_action"]}
    dated = (
        _comparable(phrase)
        for group in page["calls_to_action"]
        for phrase in group["phrases"]
        if ("reply_by_date" in phrase or "deadline_date" in phrase)
        and "?" not in phrase
        and group["intent"].startswith("pay")
    )
    return _Tone(
        urgent=_sheet()["urgent_tokens"][language],
        forbidden=tuple(
            _Forbidden(
                group["category"],
                Severity(group["severity"]),
                frozenset(group.get("allowed_in", ())),
                tuple((phrase, _comparable(phrase)) for phrase in group["phrases"]),
            )
            for group in page["forbidden"]
        ),
        closers=tuple(_comparable(phrase) for group in page["closers"] for phrase in group["phrases"]),
        asks=MappingProxyType(asks),
        deadlines=_without_inner(dated),
        words=MappingProxyType({name: tuple(map(_comparable, words)) for name, words in page["words"].items()}),
        written=MappingProxyType({_comparable(word): word for words in page["words"].values() for word in words}),
    )


def _without_inner(phrases: Iterator[str]) -> tuple[str, ...]:
    """The phrases that hold no other of them, so that none is counted twice in one place."""
    every = frozenset(phrases)
    return tuple(sorted(phrase for phrase in every if not any(other in phrase for other in every - {phrase})))


def _page(name: str) -> dict[str, Any]:
    text = files("amable.core").joinpath("tone", f"{name}.yaml").read_text("utf-8")
    page: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - the safe loader, in C where it is there
    return page


def _count(wording: str) -> int:
    """Words: runs between spaces that hold a letter, a digit or a field."""
    return sum(any(sign.isalnum() or sign == OPEN for sign in run) for run in wording.split())


def _comparable(text: str) -> str:
    """A text without what comparing ignores: case, accents, kinds of apostrophe and space, bold, a final stop.

    A merge field of a phrase becomes the mark that stands for a value.
    """
    decomposed = unicodedata.normalize("NFKD", _PLACE.sub(OPEN, text).translate(_APOSTROPHES))
    return " ".join(_IGNORED.sub("", decomposed).casefold().split()).rstrip(".")


def _has(text: str, phrase: str) -> bool:
    """Whether a comparable text holds a phrase as whole words."""
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        before = text[start - 1 : start] if phrase[0].isalnum() else ""
        after = text[end : end + 1] if phrase[-1].isalnum() else ""
        if not before.isalnum() and not after.isalnum():
            return True
        start = text.find(phrase, start + 1)
    return False
