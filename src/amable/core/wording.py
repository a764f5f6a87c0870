"""Knows the wordings: which there are, which one a customer gets next, and how one is filled into a message.

A wording is a file of YAML front matter, an empty line and a body with merge fields. Ours lie in
`wordings/<language>/<id>.md`; the id is the same in every language.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple, NoReturn

import jinja2

from amable.core import document, marked, sandbox, sms
from amable.core.document import Entry
from amable.core.languages import LANGUAGES, say
from amable.core.marked import mark, plain
from amable.core.sandbox import MissingFieldError, RefusedError

__all__ = [
    "Block",
    "Early",
    "Gap",
    "Laid",
    "Library",
    "MissingFieldError",
    "Part",
    "RefusedError",
    "Rendered",
    "SetAside",
    "Soon",
    "Template",
    "around_signoff",
    "as_blocks",
    "as_html",
    "as_text",
    "choose",
    "compose_body",
    "due_soon",
    "early",
    "fields",
    "gaps",
    "library",
    "load",
    "made_up",
    "mark",
    "parity",
    "plain",
    "render",
    "set_aside",
    "speaks",
    "stage_for",
    "thanks_for",
    "with_own",
]

_VARIANTS: Final = ("any", "regular", "new")
_CHANNELS: Final = ("email", "letter", "sms", "call", "task")
_NEEDED: Final = (
    *("stage", "language", "variant", "channel", "subject", "primary_cta", "urgent", "attach_invoice", "signoff"),
    *("required_fields", "optional_fields"),
)
_KNOWN: Final = frozenset((*_NEEDED, "body_words", "body_chars", "outcomes", "reasons", "notes"))
_UNCOUNTED: Final = ("<!-- items -->", "<!-- /items -->")  # around what is no part of the counted body
_OF_INVOICES: Final = ("invoice.", "items", "oldest.", "next_due.")
_ANNEX: Final = "<!-- annex -->"
_WAYS_TO_PAY: Final = ("payment.iban", "pay_link")
_NARROW: Final = str.maketrans({"\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True, slots=True)
class Template:
    """A wording as it was written. `words` and `chars` are the limits of its body, None where it has none.

    `required` fields must have a value when it is rendered; `optional` ones must be given but may be empty. `line` is
    the line of the file its body begins on, `digest` the SHA-256 of the file. `outcomes` and `reasons` are what a call
    may come to, in words.
    """

    id: str
    stage: str
    language: str
    variant: str
    channel: str
    subject: str
    body: str
    signoff: str
    primary_cta: str
    urgent: bool
    attach_invoice: bool
    words: tuple[int, int] | None
    chars: int | None
    required: tuple[str, ...]
    optional: tuple[str, ...]
    line: int
    digest: str
    outcomes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def multi(self) -> bool:
        """Whether it speaks of several invoices at once."""
        return self.stage.endswith("_multi")

    @property
    def of_invoices(self) -> bool:
        """Whether it speaks of particular invoices, as all but a welcome do."""
        return any(field.startswith(_OF_INVOICES) for field in (*self.required, *self.optional))

    def uses(self, field: str) -> bool:
        """Whether the field is among those it declares."""
        return field in self.required or field in self.optional


Library = Mapping[
    tuple[str, str], tuple[Template, ...]
]  # wordings by stage and language, each group in the order of its ids


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message filled in, its values still between marks. `plain`, `as_text` and `as_html` take them out.

    `ways_to_pay` are the values among them that say where the money goes.
    """

    subject: str
    body: str
    template: Template
    ways_to_pay: tuple[str, ...] = ()


def load(text: str, id: str) -> Template:  # noqa: A002 - the word of the glossary
    """A wording out of its file, built-in or a user's own, checked as far as that is possible without values.

    Raises RefusedError with a line and the sentence `wording.refused.<rule>`.
    """
    template = _read(text, id)
    if (template.stage, template.language) not in library():
        raise RefusedError("stage", 1, value=template.stage)
    for field in (*template.required, *template.optional):
        if field not in fields():
            raise RefusedError("field", 1, field=field)
    _ready(template)
    return template


@lru_cache(maxsize=1)
def library() -> Library:
    """Our own wordings."""
    found: dict[tuple[str, str], tuple[Template, ...]] = {}
    for language in LANGUAGES:
        folder = files("amable.core").joinpath("wordings", language)
        for page in sorted(folder.iterdir(), key=lambda page: page.name.removesuffix(".md")):
            if page.name.endswith(".md"):
                template = _read(page.read_bytes().decode("utf-8"), page.name.removesuffix(".md"))
                key = (template.stage, template.language)
                found[key] = (*found.get(key, ()), template)
    return MappingProxyType(found)


def with_own(own: Iterable[Template], ours: Library | None = None) -> Library:
    """Our wordings and a user's own beside them; one of the same id and language takes the place of ours."""
    own = tuple(own)
    taken = {(template.id, template.language) for template in own}
    listed = [t for group in (ours or library()).values() for t in group if (t.id, t.language) not in taken]
    found: dict[tuple[str, str], tuple[Template, ...]] = {}
    for template in sorted((*listed, *own), key=lambda template: template.id):
        key = (template.stage, template.language)
        found[key] = (*found.get(key, ()), template)
    return MappingProxyType(found)


def speaks(stage: str, channel: str = "email") -> bool:
    """Whether a message about one invoice, and about several, can speak in the words of a stage."""
    ours = library().get((stage, LANGUAGES[0]), ())
    if not ours or stage.endswith("_multi") or ours[0].channel != channel:
        return False
    return channel != "email" or stage_for(stage, several=True) != stage or not ours[0].of_invoices


def stage_for(stage: str, *, several: bool) -> str:
    """The stage that speaks of one invoice or of several; one that names no invoice speaks of both."""
    multi = f"{stage}_multi"
    return multi if several and (multi, LANGUAGES[0]) in library() else stage


def choose(
    stage: str,
    language: str,
    *,
    regular: bool | None,
    had: Mapping[str, int] | Collection[str],
    key: str,
    wordings: Library | None = None,
) -> Template:
    """The wording this customer gets next; the same question always has the same answer.

    `regular` is None when nothing is known of the customer. `had` holds the ids of the wordings the customer had: how
    often each, or one after the other, oldest first. First comes the customer's own variant when it was never had,
    then one not had yet, then the one had least often and longest ago; `key` settles what is left.
    Raises LookupError for a stage without a wording.
    """
    own = {True: "regular", False: "new", None: "any"}[regular]
    listed = (library() if wordings is None else wordings).get((stage, language), ())
    among = [template for template in listed if template.variant in ("any", own)]
    if not among:
        raise LookupError(f"{stage} ({language})")
    times = had if isinstance(had, Mapping) else Counter(had)
    last = {} if isinstance(had, Mapping | Set) else {name: place for place, name in enumerate(had)}

    def rank(template: Template) -> tuple[bool, int, int]:
        count = times.get(template.id, 0)
        return template.variant != own or own == "any" or count > 0, count, last.get(template.id, -1)

    def tie(template: Template) -> str:
        return hashlib.sha256(f"{key}|{template.id}".encode("utf-8", "replace")).hexdigest()

    ranks = [rank(template) for template in among]
    first = min(ranks)
    best = [template for template, ranked in zip(among, ranks, strict=True) if ranked == first]
    return best[0] if len(best) == 1 else min(best, key=tie)


def render(template: Template, fields: Mapping[str, object]) -> Rendered:
    """The message with its values merged. `fields` is keyed as the front matter names them (`invoice.number`).

    Texts arrive formatted for the reader, counts as whole numbers, flags as booleans; `items` and `plan.instalments`
    are lists of mappings. A value is never read as a template, Markdown or HTML. Raises MissingFieldError for a field
    that is not there, or is required and empty.
    """
    subject, body = _ready(template)
    for field in template.required:
        if _is_empty(fields.get(field)):
            raise MissingFieldError(field)
    for field in template.optional:
        if field not in fields:
            raise MissingFieldError(field)
    values = sandbox.nested({field: _value(fields[field]) for field in (*template.required, *template.optional)})
    ways = tuple(marked.clean(str(fields[name])) for name in _WAYS_TO_PAY if fields.get(name))
    return Rendered(sandbox.fill(subject, values), _tidy(sandbox.fill(body, values)), template, ways)


def as_text(rendered: Rendered) -> str:
    """The body as readable plain text: a mail's text part, an SMS, notes for a call."""
    text = marked.lay_text(rendered.body)
    return sms.fitting(text.translate(_NARROW)) if rendered.template.channel == "sms" else f"{text}\n"


def as_html(rendered: Rendered, *, qr_content_id: str | None = None, qr_caption: str = "") -> str:
    """The body as a complete small page for mail programs, with the payment code, if any, before the sign-off."""
    top, rest = around_signoff(rendered)
    inner = [marked.lay_html(top)]
    if qr_content_id:
        inner.append(marked.picture(qr_content_id, qr_caption))
    inner.append(marked.lay_html(rest))
    return marked.document(
        "\n".join(filter(None, inner)), language=rendered.template.language, title=plain(rendered.subject)
    )


class Laid(NamedTuple):
    """A body as blocks: what comes before the sign-off, and the rest."""

    top: tuple[marked.Block, ...]
    rest: tuple[marked.Block, ...]


def as_blocks(rendered: Rendered) -> Laid:
    """The body as blocks for paper, cut before its sign-off, where a payment slip belongs."""
    top, rest = around_signoff(rendered)
    return Laid(marked.lay_blocks(top), marked.lay_blocks(rest))


# What planning adds around a wording.


@dataclass(frozen=True, slots=True)
class Block:
    """A small table, or a list, that stands before the sign-off and is not counted as body.

    Wording and values are marked text. `figures` are the places of the columns aligned to the right; a row whose first
    cell is bold is a total.
    """

    heading: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()


class Soon(NamedTuple):
    """An item that falls due soon, as it is shown."""

    number: str
    due_date: str
    amount: str


class Early(NamedTuple):
    """An item that may be paid with a discount until a day, and what then settles it."""

    number: str
    until: str
    amount: str


class SetAside(NamedTuple):
    """An item, or a part of one, that is not asked for. `reason` is `disputed`, `promised` (until `day`) or `plan`."""

    number: str
    amount: str
    reason: str
    day: str = ""


class Part(NamedTuple):
    """One line of how an amount is made up. `kind` is `invoice`, `credit_note`, `payment` (of `day`) or `unapplied`."""

    kind: str
    amount: str
    number: str = ""
    day: str = ""


def thanks_for(amount: str, day: str, language: str, n: int = 1) -> str:
    """The sentence that opens a message when money came in: one payment and its day, or `n` payments and their sum."""
    return say("wording.thanks", language, n=n, amount=mark(amount), day=mark(day))


def crossed_on(day: str, language: str) -> str:
    """The sentence that takes back a message that left when the money for it was there already."""
    return say("wording.crossed", language, day=mark(day))


def due_soon(items: Sequence[Soon], language: str) -> Block:
    """What falls due in the coming days, beside a request for what is overdue."""
    return Block(
        say("wording.due_soon", language),
        _columns(language, "document", "due_date", "amount"),
        tuple((mark(item.number), mark(item.due_date), mark(item.amount)) for item in items),
        figures=(2,),
    )


def early(items: Sequence[Early], language: str) -> Block:
    """What may be paid with a discount, until when, and with how much."""
    return Block(
        say("wording.early", language),
        _columns(language, "document", "pay_by", "discounted"),
        tuple((mark(item.number), mark(item.until), mark(item.amount)) for item in items),
        figures=(2,),
    )


def set_aside(items: Sequence[SetAside], language: str) -> Block:
    """What is open but not asked for, each with its reason."""
    return Block(
        say("wording.set_aside", language),
        _columns(language, "document", "amount", "reason"),
        tuple(
            (mark(item.number), mark(item.amount), say(f"wording.reason.{item.reason}", language, day=mark(item.day)))
            for item in items
        ),
        figures=(1,),
    )


def made_up(parts: Sequence[Part], total: str, language: str) -> Block:
    """How the amount asked for comes out of an invoice, its credits and what was paid."""
    rows = (
        (say(f"wording.part.{part.kind}", language, number=mark(part.number), day=mark(part.day)), mark(part.amount))
        for part in parts
    )
    last = (f"**{say('wording.column.balance', language)}**", f"**{mark(total)}**")
    return Block(say("wording.made_up", language), _columns(language, "concept", "amount"), (*rows, last), figures=(1,))


def compose_body(rendered: Rendered, *, thanks: str = "", crossed: str = "", blocks: Sequence[Block] = ()) -> Rendered:
    """The message with thanks as its first sentence after the greeting, and with blocks before its sign-off.

    That messages `crossed` is said after the thanks; a message of thanks says those in its first paragraph. None of it
    is counted as body: the limits are for the wording, and money that came in must not make it too long.
    """
    top, rest = around_signoff(rendered)
    if thanks or crossed:
        *before, prose = top.split("\n\n", 1 if thanks else 2)
        added = " ".join(filter(None, (thanks, crossed)))
        top = "\n\n".join((*before, "\n".join((_UNCOUNTED[0], added, _UNCOUNTED[1])), prose))
    pieces = (top.strip("\n"), *map(_written, blocks), rest.strip("\n"))
    return replace(rendered, body="\n\n".join(filter(None, pieces)))


class Sections(NamedTuple):
    """A body cut where its rules change: what is counted, what is not, what follows the sign-off, the annex."""

    prose: str
    beside: str
    farewell: str
    annex: str


def sections(rendered: Rendered) -> Sections:
    """The parts of a body; the line of the sign-off itself belongs to none."""
    top, rest = around_signoff(rendered)
    farewell, _, annex = f"\n{rest}".partition(f"\n{_ANNEX}")
    prose: list[str] = []
    beside: list[str] = []
    into = prose
    for line in top.split("\n"):
        if line in _UNCOUNTED:
            into = beside if line == _UNCOUNTED[0] else prose
            continue
        into.append(line)
    return Sections("\n".join(prose), "\n".join(beside), farewell.strip("\n").partition("\n")[2], annex)


class Gap(NamedTuple):
    """A message nobody could write: a stage without words in a language for a new or a regular customer."""

    stage: str
    language: str
    variant: str


def gaps(stages: Iterable[str], wordings: Library, languages: Iterable[str] = LANGUAGES) -> list[Gap]:
    """What is missing before every customer can be written to in these stages, whoever and however many they owe."""
    found: list[Gap] = []
    for stage in dict.fromkeys(stages):
        for language in languages:
            variants = {template.variant for template in wordings.get((stage, language), ())}
            found += [Gap(stage, language, who) for who in ("new", "regular") if not variants & {"any", who}]
    return found


def parity() -> list[str]:
    """Where the four languages differ in what we offer: missing wordings, other fields, another request."""
    by_id = {(template.language, template.id): template for group in library().values() for template in group}
    differing: list[str] = []
    for name in sorted({name for _, name in by_id}):
        ours = by_id.get((LANGUAGES[0], name))
        for language in LANGUAGES:
            theirs = by_id.get((language, name))
            if theirs is None:
                differing.append(f"{language}/{name}: missing")
            elif ours is not None:
                differing.extend(f"{language}/{name}: {what} differs" for what in _differences(ours, theirs))
    return differing


def _differences(ours: Template, theirs: Template) -> Iterator[str]:
    for what in ("stage", "variant", "channel", "primary_cta", "urgent", "attach_invoice", "words", "chars"):
        if getattr(ours, what) != getattr(theirs, what):
            yield what
    for what in ("required", "optional"):
        if set(getattr(ours, what)) != set(getattr(theirs, what)):
            yield what
    if bool(ours.signoff) != bool(theirs.signoff):
        yield "signoff"


def _columns(language: str, *names: str) -> tuple[str, ...]:
    return tuple(say(f"wording.column.{name}", language) for name in names)


def _written(block: Block) -> str:
    lines = [_UNCOUNTED[0], f"## {block.heading}"]
    if block.columns:
        ruler = ("---:" if place in block.figures else "---" for place in range(len(block.columns)))
        lines += [_row(block.columns), _row(ruler), *map(_row, block.rows)]
    lines += [f"- {line}" for line in block.lines]
    return "\n".join((*lines, _UNCOUNTED[1]))


def _row(cells: Collection[str] | Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def around_signoff(rendered: Rendered) -> tuple[str, str]:
    """The body before its sign-off (before the annex, or whole, where it has none), and the rest."""
    lines = rendered.body.split("\n")
    annex = lines.index(_ANNEX) if _ANNEX in lines else len(lines)
    signoff = rendered.template.signoff
    ends = [place for place, line in enumerate(lines[:annex]) if signoff and line == signoff]
    cut = ends[-1] if ends else annex
    return "\n".join(lines[:cut]), "\n".join(lines[cut:])


def _is_empty(value: object) -> bool:
    if value is None or isinstance(value, str):
        return not (value and marked.clean(value))
    return isinstance(value, Sequence) and not value


def _value(value: object) -> object:
    """A text cleaned before it is asked for or compared, so that one of spaces and controls counts as empty."""
    return marked.clean(value) if isinstance(value, str) else value


def _tidy(body: str) -> str:
    """No spaces at line ends, no more than one empty line; an empty signature leaves no trace."""
    lines = [line.rstrip(" ") for line in body.split("\n")]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip("\n")


@lru_cache(maxsize=512)
def _ready(template: Template) -> tuple[jinja2.Template, jinja2.Template]:
    """Subject and body, vetted and compiled once."""
    allowed = (*template.required, *template.optional)
    sandbox.vet(template.subject, allowed)
    sandbox.vet(template.body, allowed, template.line)
    return sandbox.compiled(template.subject), sandbox.compiled(template.body)


@lru_cache(maxsize=1)
def fields() -> frozenset[str]:
    """Every field there is: those our own wordings declare."""
    ours = (template for group in library().values() for template in group)
    return frozenset(field for template in ours for field in (*template.required, *template.optional))


def _read(text: str, id: str) -> Template:  # noqa: A002
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    if len(text) > sandbox.LONGEST:
        raise RefusedError("too_long", 1, n=sandbox.LONGEST)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for place, line in enumerate(lines):
        if marked.UNWANTED.search(line):
            raise RefusedError("character", place + 1)
    if lines[0] != "---" or "---" not in lines[1:]:
        raise RefusedError("front_matter", 1)
    end = lines.index("---", 1)
    start = next((place for place in range(end + 1, len(lines)) if lines[place].strip()), None)
    if start is None:
        raise RefusedError("empty", end + 1)
    front = _Front("\n".join(lines[1:end]))
    return Template(
        id=id,
        stage=front.text("stage"),
        language=front.one_of("language", LANGUAGES),
        variant=front.one_of("variant", _VARIANTS),
        channel=front.one_of("channel", _CHANNELS),
        subject=front.line_of_text("subject"),
        body="\n".join(lines[start:]).rstrip("\n"),
        signoff=front.line_of_text("signoff"),
        primary_cta=front.text("primary_cta"),
        urgent=front.one_of("urgent", ("true", "false")) == "true",
        attach_invoice=front.one_of("attach_invoice", ("true", "false")) == "true",
        words=front.limits("body_words"),
        chars=front.limit("body_chars"),
        required=front.names("required_fields"),
        optional=front.names("optional_fields"),
        line=start + 1,
        digest=digest,
        outcomes=front.labels("outcomes"),
        reasons=front.labels("reasons"),
    )


class _Front:
    """Front matter being read; every problem names its line of the file."""

    def __init__(self, text: str) -> None:
        try:
            entries = document.parse(text).value
        except document.UnreadableError as error:
            raise RefusedError("front_matter", error.line + 1) from error
        if not isinstance(entries, Mapping):
            raise RefusedError("front_matter", 2)
        for key, entry in entries.items():
            if key not in _KNOWN:
                raise RefusedError("unknown_key", entry.line + 1, key=key)
        for key in _NEEDED:
            if key not in entries:
                raise RefusedError("missing_key", 1, key=key)
        self.entries = entries

    def text(self, key: str) -> str:
        entry = self.entries[key]
        return entry.value if isinstance(entry.value, str) else self.refuse(key, entry)

    def line_of_text(self, key: str) -> str:
        text = self.text(key)
        return text.strip() if marked.clean(text) == text.strip() else self.refuse(key, self.entries[key])

    def one_of(self, key: str, choices: Collection[str]) -> str:
        text = self.text(key)
        return text if text in choices else self.refuse(key, self.entries[key])

    def names(self, key: str) -> tuple[str, ...]:
        entry = self.entries[key]
        if isinstance(entry.value, str | Mapping):
            return self.refuse(key, entry)
        return tuple(name.value if isinstance(name.value, str) else self.refuse(key, name) for name in entry.value)

    def labels(self, key: str) -> tuple[str, ...]:
        """The labels of a list of choices."""
        entry = self.entries.get(key)
        if entry is None:
            return ()
        if not isinstance(entry.value, tuple):
            return self.refuse(key, entry)
        found = []
        for choice in entry.value:
            label = choice.value.get("label") if isinstance(choice.value, Mapping) else None
            found.append(label.value if label and isinstance(label.value, str) else self.refuse(key, choice))
        return tuple(found)

    def limits(self, key: str) -> tuple[int, int] | None:
        low, high = self.number(key, "min"), self.number(key, "max")
        return None if low is None or high is None else (low, high)

    def limit(self, key: str) -> int | None:
        return self.number(key, "max")

    def number(self, key: str, part: str) -> int | None:
        entry = self.entries.get(key)
        if entry is None:
            return None
        number = entry.value.get(part) if isinstance(entry.value, Mapping) else None
        if number is None or not isinstance(number.value, str) or not number.value.isdecimal():
            return self.refuse(key, entry)
        return int(number.value)

    def refuse(self, key: str, entry: Entry) -> NoReturn:
        raise RefusedError("value", entry.line + 1, key=key)
