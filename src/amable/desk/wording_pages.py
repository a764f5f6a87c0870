"""What the pages of wordings show: the list, what is missing, and one wording as it is typed with its preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from django.core import signing

from amable.core import examples, kindness, own_wordings, procedure_words, sms, wording, wording_text
from amable.core.languages import LANGUAGES, say
from amable.core.own_wordings import Problem
from amable.core.procedure import Procedure
from amable.core.procedure_check import stages
from amable.core.wording import Gap, Library, MissingFieldError, RefusedError, Rendered, Template
from amable.correspondence import wordings
from amable.correspondence.wordings import Key, Own
from amable.desk.door import Here, to
from amable.dunning import trying
from amable.dunning.trying import Fitting
from amable.ledger.models import Customer

VARIANTS: Final = ("any", "new", "regular")
CHANNELS: Final = ("email", "sms", "call", "task")
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"en": "English", "es": "Español", "ro": "Română", "fr": "Français"}
_LONGEST_ADDRESS: Final = 7_000  # characters of a typed wording that still travel in the address of its picture
_SALT: Final = "amable.wording"
_FLAGS: Final = (".is_", ".attached", ".applies")


# --- the list --------------------------------------------------------------------------------------------------------


class Cell(NamedTuple):
    """A stage in one language: how many wordings speak of one invoice and of several, and where the first one is."""

    language: str
    single: int
    several: int
    own: int
    address: str


class Row(NamedTuple):
    """A stage in the list; `warnings` are what the check asks about own wordings, `lacking` counts what is missing."""

    stage: str
    name: str
    used: bool
    channel: str
    twofold: bool
    cells: tuple[Cell, ...]
    own: int
    warnings: int
    lacking: int


def ordered(rules: Procedure | None, library: Library) -> list[str]:
    """The stages: those of the procedure in its order, then the others; of one invoice, which stand for several too."""
    first = [step.wording for step in (*rules.messages, *rules.courtesies)] if rules else []
    rest = sorted({stage.removesuffix("_multi") for stage, _ in library})
    return list(dict.fromkeys((*first, *rest)))


def rows(here: Here, rules: Procedure | None, library: Library, own: Mapping[Key, Own]) -> list[Row]:
    """The list of all stages."""
    spoken = {step.wording for step in (*rules.messages, *rules.courtesies)} if rules else set()
    lacking = wording.gaps(stages(rules), library) if rules else []
    found = []
    for stage in ordered(rules, library):
        multi = wording.stage_for(stage, several=True)
        both = {stage, multi}
        mine = [one for one in own.values() if one.examined.template and one.examined.template.stage in both]
        cells = tuple(_cell(here, stage, multi, language, library, own) for language in LANGUAGES)
        channel = next((t.channel for language in LANGUAGES for t in library.get((stage, language), ())), "email")
        found.append(Row(
            stage, stage_name(stage, here.language), stage in spoken, channel, multi != stage, cells, len(mine),
            sum(len(one.examined.problems) for one in mine), sum(gap.stage in both for gap in lacking),
        ))  # fmt: skip
    return found


def _cell(here: Here, stage: str, multi: str, language: str, library: Library, own: Mapping[Key, Own]) -> Cell:
    one = library.get((stage, language), ())
    several = library.get((multi, language), ()) if multi != stage else ()
    mine = sum((language, template.id) in own for template in (*one, *several))
    listed = (*one, *several)
    address = to(here, "wording", spoken=language, wording=listed[0].id) if listed else ""
    return Cell(language, len(one), len(several), mine, address)


def stage_name(stage: str, language: str) -> str:
    """A stage in words."""
    single = stage.removesuffix("_multi")
    own = procedure_words.wording_name(single, language)
    return own if own != single else say(f"desk.wordings.stage.{single}", language)


def gap_words(gap: Gap, language: str) -> str:
    """Who could not be written to, in words."""
    key = "gap_several" if gap.stage.endswith("_multi") else "gap"
    return say(
        f"desk.wordings.{key}", language, stage=stage_name(gap.stage, language), spoken=LANGUAGE_NAMES[gap.language],
        whom=say(f"templates.{gap.variant}", language),
    )  # fmt: skip


# --- what is missing -------------------------------------------------------------------------------------------------


class Count(NamedTuple):
    """How many wordings a new and a regular customer can get in a language."""

    language: str
    new: int
    regular: int


class Parity(NamedTuple):
    """A stage, of one invoice or of several, in all languages; `missing` when it is in the procedure and has a hole."""

    name: str
    several: bool
    used: bool
    channel: str
    counts: tuple[Count, ...]

    @property
    def missing(self) -> bool:
        return any(not count.new or not count.regular for count in self.counts)


class Lone(NamedTuple):
    """A wording of the creditor's own that other languages do not have; `add` are the pages that add it there."""

    name: str
    stage: str
    language: str
    add: tuple[tuple[str, str], ...]


def parity(here: Here, rules: Procedure | None, library: Library) -> list[Parity]:
    """Every stage, one row for one invoice and one for several."""
    wanted = set(stages(rules)) if rules else set()
    found = []
    for single in ordered(rules, library):
        for stage in dict.fromkeys((single, wording.stage_for(single, several=True))):
            groups = {language: library.get((stage, language), ()) for language in LANGUAGES}
            counts = tuple(
                Count(language, *(sum(t.variant in ("any", who) for t in group) for who in ("new", "regular")))
                for language, group in groups.items()
            )
            channel = next((template.channel for group in groups.values() for template in group), "email")
            several = stage.endswith("_multi")
            found.append(Parity(stage_name(stage, here.language), several, stage in wanted, channel, counts))
    return found


def lone(here: Here, own: Mapping[Key, Own]) -> list[Lone]:
    """The own wordings under names of their own that are not there in every language."""
    found = []
    for (language, name), one in sorted(own.items()):
        lacking = [other for other in LANGUAGES if (other, name) not in own and not wording_text.ours(other, name)]
        if lacking and one.examined.template:
            new = to(here, "wording_new")
            add = tuple((LANGUAGE_NAMES[other], f"{new}?from={language}/{name}&to={other}") for other in lacking)
            stage = stage_name(one.examined.template.stage, here.language)
            found.append(Lone(name, stage, LANGUAGE_NAMES[language], add))
    return found


# --- one wording -----------------------------------------------------------------------------------------------------


class Sheet(NamedTuple):
    """A wording as it is shown or typed: where it stands, and its text as a file."""

    language: str
    name: str
    text: str


class Fault(NamedTuple):
    """Something wrong, in words; `line` of the text, 0 for the subject or the whole."""

    words: str
    line: int


class Sms(NamedTuple):
    """A text message as a network sends it."""

    alphabet: str
    units: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the page says of a text: what is wrong, how long it is, how it reads and for whom."""

    template: Template | None
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    length: kindness.Length | None
    subject: str
    text: str
    sms: Sms | None
    picture: str  # the address of its HTML
    letter: str  # the address of its letter
    customer: Customer | None
    due_today: bool
    lent: tuple[str, ...]
    withheld: tuple[str, ...]
    too_long: bool


class Palette(NamedTuple):
    """A field that can be put into a wording: how it is written, what it stands for, and an example."""

    name: str
    written: str
    words: str
    example: str


def problem_words(problem: Problem, language: str, places: Sequence[str] = ()) -> str:
    """What is wrong, in words of this page, which shows no head."""
    if problem.key == "wording.refused.field":
        near = get_close_matches(
            str(problem.params.get("field", "")), places or sorted(own_wordings.of_steps()), 1, 0.5
        )
        key = "unknown_field_near" if near else "unknown_field"
        return say(f"desk.wordings.{key}", language, near=next(iter(near), ""), **problem.params)
    return say(problem.key, language, **problem.params)


def look(here: Here, rules: Procedure | None, sheet: Sheet, customer: Customer | None) -> Look:
    """Examine a text and fill it in for a customer, or with examples where there is nobody to try it on."""
    examined = wordings.examined_as(sheet.text, sheet.language, sheet.name)
    template = examined.template
    begins = template.line if template else _begins(sheet.text)
    faults: dict[bool, list[Fault]] = {True: [], False: []}
    for problem in examined.problems:
        line = max(0, problem.line - begins + 1)
        faults[problem.blocks].append(Fault(problem_words(problem, here.language), line))
    if template is None:
        return _blank(tuple(faults[True]), tuple(faults[False]))
    fitting: Fitting | None = None
    try:
        if customer is not None and rules is not None and _is_message(template):
            fitting = trying.fit(here.creditor, rules, template, customer.pk, here.now, here.today)
            rendered = fitting.tried.rendered
        else:
            rendered = with_examples(template)
    except MissingFieldError as error:
        faults[True].append(Fault(say("kindness.missing-field", here.language, field=error.field), 0))
        return _blank(tuple(faults[True]), tuple(faults[False]))
    except RefusedError as error:
        faults[True].append(Fault(say(f"wording.refused.{error.rule}", here.language, **error.params), 0))
        return _blank(tuple(faults[True]), tuple(faults[False]))
    return _looked(here, sheet, template, rendered, fitting, customer, faults)


def with_examples(template: Template) -> Rendered:
    """A wording filled with examples."""
    return wording.render(template, examples.values(template.language, several=template.multi))


def _looked(
    here: Here, sheet: Sheet, template: Template, rendered: Rendered, fitting: Fitting | None,
    customer: Customer | None, faults: Mapping[bool, Sequence[Fault]],
) -> Look:  # fmt: skip
    text = wording.as_text(rendered)
    code = _packed(here, sheet, customer if fitting else None)
    fits = len(code) <= _LONGEST_ADDRESS
    seen = f"?seen={code}" if fits else ""
    counted = sms.count(text) if template.channel == "sms" else None
    found = fitting.tried.findings if fitting else ()
    known = {fault.words for listed in faults.values() for fault in listed}
    withheld = (say(f"kindness.{one.rule}", here.language, **one.params) for one in found if one.severity == "error")
    mail = template.channel in ("email", "letter")
    return Look(
        template=template,
        errors=tuple(faults[True]),
        warnings=tuple(faults[False]),
        length=kindness.length(rendered) if template.channel != "sms" else None,
        subject=wording.plain(rendered.subject),
        text=text,
        sms=Sms(counted.alphabet, counted.units, counted.parts) if counted else None,
        picture=to(here, "wording_paper") + seen if seen and mail else "",
        letter=to(here, "wording_letter") + seen if seen and mail and fitting else "",
        customer=customer if fitting else None,
        due_today=bool(fitting and fitting.due_today),
        lent=tuple(field_words(name, here.language) for name in fitting.tried.lent) if fitting else (),
        withheld=tuple(words for words in withheld if words not in known),
        too_long=not fits,
    )


def _blank(errors: tuple[Fault, ...], warnings: tuple[Fault, ...]) -> Look:
    return Look(None, errors, warnings, None, "", "", None, "", "", None, False, (), (), False)


def _is_message(template: Template) -> bool:
    """Whether a step may speak in it: scripts and papers are filled with examples."""
    single = template.stage.removesuffix("_multi")
    return wording.speaks(single) or wording.speaks(single, "sms")


def _begins(text: str) -> int:
    """The line of a file its body begins on."""
    lines = text.split("\n")
    end = lines.index("---", 1) if lines[0] == "---" and "---" in lines[1:] else 0
    return next((place for place in range(end + 1, len(lines)) if lines[place].strip()), end) + 1


def _packed(here: Here, sheet: Sheet, customer: Customer | None) -> str:
    """A typed wording as it travels in an address; signed, so that nobody else can make us show theirs."""
    carried = [*sheet, customer.pk if customer else 0]
    return signing.dumps(carried, salt=f"{_SALT}.{here.creditor.ref}", compress=True)


def unpacked(here: Here, code: str) -> tuple[Sheet, int] | None:
    """What an address carries; None when it is not ours."""
    try:
        language, name, text, customer = signing.loads(code, salt=f"{_SALT}.{here.creditor.ref}")
    except signing.BadSignature:
        return None
    return Sheet(language, name, text), customer


def palette(here: Here, sheet: Sheet) -> dict[str, list[Palette]]:
    """The fields a wording may name: those it declares (`usual`) and the rest (`more`).

    Those of several invoices are there only where it speaks of them.
    """
    template = own_wordings.examine(sheet.text, sheet.name).template
    several = "_multi" in sheet.name
    shown = examples.values(sheet.language, several=several)
    found: dict[str, list[Palette]] = {"usual": [], "more": []}
    for name in sorted(own_wordings.of_steps()):
        if (name == "items" or name.startswith(("oldest.", "next_due.", "total_"))) and not several:
            continue
        place = "usual" if template and template.uses(name) else "more"
        words = field_words(name, here.language)
        found[place].append(Palette(name, _written(name), words, _example(shown.get(name), here)))
    return found


def field_words(name: str, language: str) -> str:
    """What a field stands for."""
    return say(f"desk.wordings.field.{name}", language)


def _written(name: str) -> str:
    if name == "items":
        return "{% for item in items %}\n- {{ item.number }}, {{ item.due_date }}: {{ item.balance }}\n{% endfor %}"
    if any(flag in name for flag in _FLAGS):
        return "{% if " + name + " %}…{% endif %}"
    return "{{ " + name + " }}"


def _example(value: object, here: Here) -> str:
    if isinstance(value, bool):
        return say("templates.yes" if value else "templates.no", here.language)
    if isinstance(value, list):
        return ", ".join(str(row["number"]) for row in value)
    return "" if value is None else str(value)


class Sibling(NamedTuple):
    """Another wording to go to from this one."""

    label: str
    address: str
    current: bool
    own: bool


def siblings(here: Here, template: Template, library: Library, own: Mapping[Key, Own]) -> dict[str, list[Sibling]]:
    """The same in other languages, other variants of it, and the one for one invoice or for several."""

    def line(one: Template, label: str, *, current: bool) -> Sibling:
        address = to(here, "wording", spoken=one.language, wording=one.id)
        return Sibling(label, address, current, (one.language, one.id) in own)

    spoken = []
    for language in LANGUAGES:
        group = library.get((template.stage, language), ())
        same = next((one for one in group if one.id == template.id), None) or next(iter(group), None)
        if same:
            spoken.append(line(same, LANGUAGE_NAMES[language], current=language == template.language))
    listed = [
        line(one, variant_label(one, here.language), current=one.id == template.id)
        for one in library.get((template.stage, template.language), ())
    ]
    single = template.stage.removesuffix("_multi")
    numbers = []
    for stage, key in ((single, "one"), (wording.stage_for(single, several=True), "several")):
        group = library.get((stage, template.language), ())
        if group and wording.stage_for(single, several=True) != single:
            label = say(f"desk.wordings.{key}", here.language)
            numbers.append(line(group[0], label, current=stage == template.stage))
    return {"languages": spoken, "variants": listed, "numbers": numbers}


def variant_label(template: Template, language: str) -> str:
    """A variant in words, with the letter that tells it from others for the same customers."""
    letter = template.id.removeprefix(template.stage).strip(".")
    whom = say(f"desk.wordings.variant.{template.variant}", language)
    return f"{whom} · {letter}" if letter else whom


def free_name(stage: str, language: str, library: Library) -> str:
    """A name for another variant of a stage that no language has yet."""
    taken = {template.id for other in LANGUAGES for template in library.get((stage, other), ())}
    numbers = (f"{stage}.own{place}" for place in range(1, 1000))
    return next(name for name in numbers if name not in taken)


def beside(here: Here, sheet: Sheet, library: Library) -> list[tuple[str, str, str]]:
    """What a text may be compared with: ours of the same name, and the same in the other languages."""
    found = []
    ours = wording_text.ours(sheet.language, sheet.name)
    if ours and ours != sheet.text:
        found.append((say("desk.wordings.ours", here.language), *_parts(ours, sheet.name)))
    for language in LANGUAGES:
        text = wordings.text_of(here.creditor, language, sheet.name) if language != sheet.language else ""
        if text:
            found.append((LANGUAGE_NAMES[language], *_parts(text, sheet.name)))
    return found


def _parts(text: str, name: str) -> tuple[str, str]:
    return subject_of(text, name), wording_text.body_of(text)


def subject_of(text: str, name: str) -> str:
    """The subject as it is written, empty for a text that cannot be read."""
    template = own_wordings.examine(text, name).template
    return template.subject if template else ""


def facts(here: Here, rules: Procedure | None, sheet: Sheet, chosen: str, named: str) -> dict[str, Any]:
    """On whom the text is tried: who is offered, and the one chosen."""
    template = own_wordings.examine(sheet.text, sheet.name).template
    standing = (
        template
        or own_wordings.examine(wordings.text_of(here.creditor, sheet.language, sheet.name), sheet.name).template
    )
    if standing is None or rules is None or not _is_message(standing):
        return {"customers": [], "customer": None, "leaving": 0}
    listed = list(trying.candidates(rules, standing, here.customers, here.today, named))
    mine = here.customers.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 18 else None
    if mine and not named and mine not in listed:
        listed.append(mine)
    customer = mine if mine in listed else next(iter(listed), None)
    leaving = trying.waiting(rules, standing, here.customers, here.today).count()
    return {"customers": listed, "customer": customer, "leaving": leaving}
