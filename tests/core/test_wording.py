"""The wordings: all there in four languages, filled without a gap, and values that stay values whatever they hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from amable.core import marked, sandbox, wording
from amable.core.languages import LANGUAGES, say, sentences
from amable.core.wording import (
    Block,
    MissingFieldError,
    Part,
    RefusedError,
    SetAside,
    Soon,
    as_html,
    as_text,
    choose,
    compose_body,
    due_soon,
    library,
    load,
    made_up,
    plain,
    render,
    set_aside,
    thanks_for,
)
from tests.core.message_values import VALUES, branches
from tests.material import material

TEMPLATES = [template for group in library().values() for template in group]
NAMES = [f"{template.language}/{template.id}" for template in TEMPLATES]


def ours(stage: str, language: str = "en", which: int = 0) -> wording.Template:
    return library()[stage, language][which]


def source(template: wording.Template) -> str:
    folder = Path(wording.__file__).parent / "wordings" / template.language
    return (folder / f"{template.id}.md").read_text("utf-8")


class Page(HTMLParser):
    """What a mail program would see: the tags, the links and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


OUR_TAGS = {
    *("html", "head", "meta", "title", "body", "div", "p", "br", "a", "h2", "ul", "ol", "li", "strong", "img"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


# What there is.


def test_the_four_languages_offer_the_same() -> None:
    assert wording.parity() == []


def test_parity_names_what_is_missing_and_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    poorer = dict(library())
    del poorer["statement", "fr"]
    notice = ours("formal_notice", "ro")
    poorer["formal_notice", "ro"] = (replace(notice, optional=notice.optional[1:]),)
    monkeypatch.setattr(wording, "library", lambda: poorer)
    assert wording.parity() == ["ro/formal_notice: optional differs", "fr/statement: missing"]


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_a_wording_is_what_its_file_name_says(template: wording.Template) -> None:
    assert template.id.split(".")[0] == template.stage
    assert template.language in LANGUAGES
    assert template.multi == template.id.split(".")[0].endswith("_multi")
    assert (template.words, template.chars) == ((None, 160) if template.channel == "sms" else ((50, 100), None))
    assert load(source(template), template.id) == template


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_a_wording_declares_exactly_the_fields_it_uses(template: wording.Template) -> None:
    declared = (*template.required, *template.optional)
    used = sandbox.vet(template.subject, declared) | sandbox.vet(template.body, declared)
    assert used == set(declared)
    assert len(set(declared)) == len(declared)


def test_sentences_of_this_module_have_the_same_places_in_the_four_languages() -> None:
    keys = [{key for key in sentences(language) if key.startswith("wording.")} for language in LANGUAGES]
    assert keys[0]
    assert all(other == keys[0] for other in keys)
    places = {name: name.upper() for name in ("day", "number", "field", "value", "key", "text", "finding", "percent")}
    for key in sorted(keys[0] - {"wording.thanks"}):
        shown = [
            [place in say(key, language, n=3, **places) for place in (*places.values(), "{{ invoice.number }}")]
            for language in LANGUAGES
        ]
        assert shown == [shown[0]] * 4, key


# Filling.


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_every_branch_reads_without_a_gap(template: wording.Template) -> None:
    for values in branches(template):
        rendered = render(template, values)
        subject, body = plain(rendered.subject), as_text(rendered)
        assert "\n" not in subject
        for text in (subject, body):
            assert not set("{}\ue000\ue001") & set(text)
            assert "<!--" not in text
        assert "\n\n\n" not in body
        assert not body.startswith("\n")
        assert "**" not in body
        for line in marked.skeleton(rendered.body).split("\n"):
            assert line.startswith("|") or "  " not in line
            assert " ." not in line
            assert " ," not in line


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_the_page_of_a_wording_holds_the_same_words_as_its_text(template: wording.Template) -> None:
    rendered = render(template, {field: VALUES[field] for field in (*template.required, *template.optional)})
    html = as_html(rendered)
    page = Page(html)
    assert page.tags <= OUR_TAGS
    assert html.startswith(f'<!DOCTYPE html>\n<html lang="{template.language}">')
    apart = "<br></li></p></td></th></h2>"
    for tag in re.findall(r"<[^>]*>", apart):
        html = html.replace(tag, f"{tag} ")
    words = {word for word in as_text(rendered).split() if not re.fullmatch(r"-+|\d\.", word)}
    assert words <= set(Page(html).text.split())


def test_romanian_counts_days_as_romanians_do() -> None:
    template = ours("early_late", "ro")
    base = {field: VALUES[field] for field in (*template.required, *template.optional)}
    for days, said in ((1, "1 zi."), (2, "2 zile."), (20, "20 de zile."), (101, "101 zile."), (121, "121 de zile.")):
        assert f"o întârziere de {said}" in as_text(render(template, base | {"days_overdue": days}))


def test_a_field_that_is_not_there_or_empty_is_named() -> None:
    template = ours("early_late")
    for value in (None, "", " \n\t ", "\x00\u202e"):
        with pytest.raises(MissingFieldError) as error:
            render(template, VALUES | {"invoice.balance": value})
        assert error.value.field == "invoice.balance"
    for gone in ("invoice.balance", "pay_link"):
        with pytest.raises(MissingFieldError) as error:
            render(template, {name: value for name, value in VALUES.items() if name != gone})
        assert error.value.field == gone
    with pytest.raises(MissingFieldError):
        render(ours("early_late_multi"), VALUES | {"items": []})
    with pytest.raises(MissingFieldError) as error:
        render(ours("early_late_multi"), VALUES | {"items": [{"number": "F-1", "due_date": "today"}]})
    assert error.value.field == "balance"


def test_a_name_with_a_stop_does_not_end_a_sentence_twice() -> None:
    rendered = render(ours("call_script", "ro"), VALUES | {"company.name": "Lemn SRL."})
    assert "de la Lemn SRL. Vorbesc" in as_text(rendered)
    assert "de la Lemn SRL. Vorbesc" in Page(as_html(rendered)).text


def test_an_sms_has_only_plain_spaces() -> None:
    text = as_text(render(ours("sms_late", "fr"), VALUES | {"invoice.balance": "1\u202f210,00\u00a0€"}))
    assert "(1 210,00 €)" in text
    assert not {"\u00a0", "\u202f"} & set(text)


# Values are opaque.


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda text: bool(marked.clean(text))))
def test_no_value_changes_the_structure_of_a_message(value: str) -> None:
    template = ours("early_late_multi")
    rows = [dict.fromkeys(("number", "due_date", "balance"), value) | {"days_overdue": 3}]
    changed = {"customer.name": value, "contact.name": value, "sender.name": value, "items": rows}
    usual = render(template, VALUES | {"items": [VALUES["items"][0]]})  # type: ignore[index]
    rendered = render(template, VALUES | changed)
    assert marked.skeleton(rendered.body) == marked.skeleton(usual.body)
    assert rendered.body.count(marked.mark(value)) >= 5
    assert marked.clean(value) in as_text(rendered)
    html = as_html(rendered, qr_content_id="pay@us", qr_caption=value)
    assert Page(html).tags <= OUR_TAGS
    as_text(rendered).encode("utf-8")
    html.encode("utf-8")


def hostile() -> list[str]:
    lines: list[str] = []
    for path in sorted(material("strings").iterdir()):
        text = path.read_text("utf-8", errors="surrogateescape")
        lines += json.loads(text) if path.suffix == ".json" else text.split("\n")
    return lines


def test_hostile_strings_stay_what_they_are() -> None:
    lines = hostile()
    assert len(lines) > 1000
    templates = [ours("early_late", "es", 1), ours("early_late_multi", "ro")]
    for line in lines:
        shown = marked.clean(line)
        for template in templates:
            values = VALUES | dict.fromkeys(("contact.name", "invoice.number", "invoice.description"), line or "x")
            values["items"] = [dict.fromkeys(("number", "due_date", "balance"), line) | {"days_overdue": 1}]
            if not shown:
                values["invoice.number"] = "x"
            rendered = render(template, values)
            text, html = as_text(rendered), as_html(rendered)
            assert shown in text
            assert str(escape(shown)) in html
            page = Page(html)
            assert page.tags <= OUR_TAGS
            assert all(link.startswith(("https://", "http://", "mailto:")) for link in page.links)
            assert "\n" not in plain(rendered.subject)
            if "49" not in line:
                assert "49" not in text + html


def test_only_addresses_of_the_web_and_of_mail_become_links() -> None:
    links = {
        "https://pay.example/i/7?a=1&b=2": True,
        "HTTP://pay.example": True,
        "mailto:ana@ruiz.example": True,
        "javascript:alert(1)": False,
        "https://": False,
        "https://bank.example@evil.example/": False,
        "https://[::1": False,
        'https://x.example/"onclick="x': False,
        "data:text/html,x": False,
        "see https://x.example": False,
    }
    for link, is_link in links.items():
        page = Page(as_html(render(ours("early_late"), VALUES | {"pay_link": link})))
        assert page.links == ([link] if is_link else []), link


def test_wording_is_escaped_too() -> None:
    template = replace(ours("early_late"), body="Hello {{ customer.name }}, 1 < 2 & <b>bold</b> **so**")
    html = as_html(render(template, VALUES))
    assert "1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt; <strong>so</strong>" in html


# Users' own wordings.


def edited(old: str, new: str, template: wording.Template | None = None) -> str:
    text = source(template or ours("early_late"))
    assert old in text
    return text.replace(old, new, 1)


PROSE = "Our records show that"
REFUSED = {
    "a key of its own": ("variant: any", "variant: any\ncolour: red", "unknown_key", 5),
    "a missing key": ("signoff:", "# signoff:", "missing_key", 1),
    "a key twice": ("variant: any", "variant: any\nvariant: new", "front_matter", 5),
    "an unknown variant": ("variant: any", "variant: loud", "value", 4),
    "an unknown language": ("language: en", "language: de", "value", 3),
    "an unknown stage": ("stage: early_late", "stage: shouting", "stage", 1),
    "limits without a number": ("{min: 50, max: 100}", "{min: few, max: 100}", "value", 11),
    "fields that are no list": ("[customer.name,", "customer.name #", "value", 12),
    "a field that does not exist": ("[contact.name,", "[contact.mood,", "field", 1),
    "a subject of two lines": ('{{ invoice.due_date }}"', '{{ invoice.due_date }}\\nBcc: x@y"', "value", 6),
    "no head": ("---", "", "front_matter", 1),
    "a field it does not declare": (PROSE, "{{ company.tax_id }}", "field", 18),
    "a misspelt field": (PROSE, "{{ invoice.nummer }}", "field", 18),
    "an open field": (PROSE, "{{ invoice.number }", "syntax", 18),
    "an open if": ("{% endif %}, due on", ", due on", "syntax", 33),
    "a filter": (PROSE, "{{ customer.name|upper }}", "construct", 18),
    "a call": (PROSE, "{{ customer.name.upper() }}", "construct", 18),
    "a calculation": (PROSE, "{{ days_overdue + 1 }}", "construct", 18),
    "a constant": (PROSE, "{{ 7 }}", "construct", 18),
    "an assignment": (PROSE, "{% set x = 1 %}", "construct", 18),
    "an include": (PROSE, "{% include 'x' %}", "construct", 18),
    "an index": (PROSE, "{{ customer['name'] }}", "construct", 18),
    "two dots": (PROSE, "{{ customer.name.x }}", "construct", 18),
    "an underscore": (PROSE, "{{ customer._name }}", "construct", 18),
    "a test": (PROSE, "{% if customer is defined %}x{% endif %}", "construct", 18),
    "membership": (PROSE, "{% if 'a' in customer.name %}x{% endif %}", "construct", 18),
    "a loop over text": (PROSE, "{% for c in customer.name %}x{% endfor %}", "construct", 18),
    "a remainder by nothing": (PROSE, "{% if days_overdue % 0 == 1 %}x{% endif %}", "construct", 18),
    "a flag that is printed": (PROSE, "{{ invoice.attached }}", "unprintable", 18),
    "a field of another program": (PROSE, "Dear ${name}", "foreign", 18),
    "a mark of ours": (PROSE, "\ue000x\ue001", "character", 18),
    "a control character": (PROSE, "a\x07b", "character", 18),
    "too long": (PROSE, "x" * 20_001, "too_long", 1),
    "too deep": (PROSE, "{% if pay_link %}" * 60 + "x" + "{% endif %}" * 60, "too_deep", 18),
    "too deep to read": (PROSE, "{% if " + "(" * 3000 + "pay_link" + ")" * 3000 + " %}x{% endif %}", "too_deep", 16),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_text_that_cannot_be_used_is_refused_with_its_line(case: str) -> None:
    old, new, rule, line = REFUSED[case]
    with pytest.raises(RefusedError) as error:
        load(edited(old, new), "mine")
    assert (error.value.rule, error.value.line) == (rule, line)
    for language in LANGUAGES:
        assert say(f"wording.refused.{rule}", language, **error.value.params)


def test_a_loop_inside_a_loop_and_a_variable_in_disguise_are_refused() -> None:
    template = ours("early_late_multi")
    row = "{% for item in items %}"
    for loop in (row * 2, "{% for customer in items %}", "{% for item in items if item %}", "{% for a, b in items %}"):
        text = edited(row, loop, template).replace("{% endfor %}", "{% endfor %}" * (2 if loop == row * 2 else 1))
        with pytest.raises(RefusedError) as error:
            load(text, "mine")
        assert error.value.rule == "construct"
    with pytest.raises(RefusedError) as error:
        load(edited("{{ item.balance }}", "{{ item.secret }}", template), "mine")
    assert error.value.params == {"field": "item.secret"}


def test_hostile_templates_are_refused() -> None:
    lines = [line for line in material("strings", "ssti.txt").read_text("utf-8").split("\n") if line]
    assert len(lines) > 50
    for line in lines:
        with pytest.raises(RefusedError):
            load(edited(PROSE, line), "mine")
        with pytest.raises(RefusedError):
            sandbox.vet(line, ours("early_late").required)


def test_a_text_of_ones_own_with_windows_line_ends_is_read() -> None:
    text = edited(PROSE, "In our books")
    assert "In our books invoice" in plain(render(load(text.replace("\n", "\r\n"), "mine"), VALUES).body)


def test_comparing_a_text_with_a_number_is_refused_and_a_value_is_never_a_format() -> None:
    for condition in ("customer.name > 3", "customer.name % 3 == 1"):
        template = load(edited(PROSE, f"{{% if {condition} %}}x{{% endif %}}"), "mine")
        with pytest.raises(RefusedError) as error:
            render(template, VALUES | {"customer.name": "%999999999d"})
        assert error.value.rule == "comparison"


def test_a_message_cannot_grow_without_bound() -> None:
    row = {"number": "F" * 1000, "due_date": "d", "balance": "b", "days_overdue": 1}
    with pytest.raises(RefusedError) as error:
        render(ours("early_late_multi"), VALUES | {"items": [row] * 2000})
    assert error.value.rule == "too_long"


# Which one is next.


def test_a_customer_first_gets_the_wording_made_for_them() -> None:
    for regular, variant in ((True, "regular"), (False, "new")):
        template = choose("early_late", "es", regular=regular, had=(), key="a")
        assert template.variant == variant
    assert choose("early_late", "es", regular=None, had=(), key="a").variant == "any"


@pytest.mark.parametrize("regular", [True, False, None])
def test_nobody_reads_the_same_words_twice_while_there_are_others(regular: bool | None) -> None:
    own = {True: "regular", False: "new", None: "any"}[regular]
    for stage in sorted({template.stage for template in TEMPLATES}):
        fit = {template.id for template in library()[stage, "fr"] if template.variant in ("any", own)}
        had: list[str] = []
        for turn in range(2 * len(fit)):
            had.append(choose(stage, "fr", regular=regular, had=had, key=f"message {turn}").id)
        assert set(had[: len(fit)]) == fit
        assert had[len(fit) :] == had[: len(fit)]  # then the one read longest ago
        counted = {name: had.count(name) for name in fit}
        spare = min(fit)
        assert choose(stage, "fr", regular=regular, had=counted | {spare: 1}, key="x").id == spare


def test_the_choice_depends_on_nothing_but_the_question() -> None:
    picks = {choose("late_late", "ro", regular=None, had=set(), key=f"customer {n}").id for n in range(50)}
    assert picks == {template.id for template in library()["late_late", "ro"] if template.variant == "any"}
    again = [choose("late_late", "ro", regular=None, had={"x", "y"}, key="k").id for _ in range(5)]
    assert len(set(again)) == 1
    with pytest.raises(LookupError):
        choose("shouting", "ro", regular=None, had=(), key="k")


# Around a wording.


def composed(language: str) -> wording.Rendered:
    rendered = render(ours("early_late_multi", language), VALUES)
    blocks = (
        due_soon([Soon("F-2026-0200", "20 March 2026", "€10.00")], language),
        set_aside(
            [
                SetAside("F-2026-0090", "€70.00", "disputed"),
                SetAside("F-2026-0091", "€71.00", "promised", "1 April 2026"),
                SetAside("F-2026-0092", "€72.00", "plan"),
            ],
            language,
        ),
        made_up(
            [
                Part("invoice", "€100.00", number="F-2026-0117"),
                Part("credit_note", "-€20.00", number="A-9"),
                Part("payment", "-€30.00", day="16 March 2026"),
                Part("unapplied", "-€1.00"),
            ],
            "€49.00",
            language,
        ),
    )
    return compose_body(rendered, thanks=thanks_for("€290.00", "16 March 2026", language), blocks=blocks)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_planning_adds_stands_in_its_place(language: str) -> None:
    rendered = composed(language)
    text = as_text(rendered)
    paragraphs = text.split("\n\n")
    assert "€290.00" in paragraphs[1]
    assert paragraphs[-1].startswith(rendered.template.signoff)
    order = [text.index(part) for part in ("€290.00", "€2,380.00", "F-2026-0200", "F-2026-0091", "€49.00")]
    assert order == sorted(order)
    assert text.index("€49.00") < text.index(rendered.template.signoff)
    before = render(rendered.template, VALUES)
    assert wording.sections(rendered).prose.split() == wording.sections(before).prose.split()
    assert wording.sections(rendered).farewell == wording.sections(before).farewell


def test_an_annex_stays_after_the_signature() -> None:
    notice = render(ours("formal_notice"), VALUES)
    text = as_text(compose_body(notice, blocks=(Block("Enclosed", lines=("one", "two")),)))
    assert text.index("Enclosed\n\n- one\n- two\n\nYours sincerely,") < text.index("Annex: statement")


def test_several_payments_are_thanked_for_together() -> None:
    assert plain(thanks_for("12 €", "", "ro", n=21)) == "Vă mulțumim pentru cele 21 de plăți, în total 12 €."
    assert plain(thanks_for("12 €", "", "ro", n=2)) == "Vă mulțumim pentru cele 2 plăți, în total 12 €."


# How it looks.


def test_figures_stand_under_one_another_in_plain_text() -> None:
    block = Block("Sums", ("Document", "Sum", "Note"), (("日本", "1,00", "x"), ("**Total**", "**101,00**", "")), (1,))
    template = replace(ours("early_late"), signoff="", body="Hello {{ customer.name }}")
    text = as_text(compose_body(render(template, VALUES), blocks=(block,)))
    assert text.split("\n\n")[-1].split("\n") == [
        "Document     Sum  Note",
        "--------  ------  ----",
        "日本        1,00  x",
        "Total     101,00",
        "",
    ]


def test_the_page_is_plain_and_complete() -> None:
    html = as_html(composed("es"), qr_content_id="pago@nosotros", qr_caption="Código & pago")
    page = Page(html)
    assert '<html lang="es">' in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "max-width:640px" in html
    assert "<style" not in html
    assert " color:" not in html
    assert html.count("text-align:right") >= 8
    assert 'alt="Código &amp; pago"' in html
    assert "cid:pago@nosotros" in page.links
    assert html.index("cid:pago@nosotros") < html.index("Un cordial saludo,<br>")
    assert "cid:" not in as_html(composed("es"))


def test_a_line_that_only_looks_like_a_table_is_kept_as_it_is() -> None:
    template = replace(ours("early_late"), body="| not | a table\n\n**half bold {{ customer.name }}")
    text = as_text(render(template, VALUES | {"customer.name": "**A | B**"}))
    assert text == "| not | a table\n\n**half bold **A | B**\n"
