"""Letters as whoever opens the envelope, the archive and the screen reader see them."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from amable.adapters.channels.letter import NoPaperError
from amable.core import wording
from amable.core.languages import LANGUAGES
from amable.core.marked import clean
from amable.core.money import Money
from amable.core.paying import epc_payload
from amable.core.qr import qr_png
from amable.core.wording import Template
from amable.plugs.channel import Address, Draft, Paper, Reach, Slip, UnfitError
from amable.plugs.loading import binder, channels
from tests.core.message_values import VALUES
from tests.core.test_wording import NAMES, TEMPLATES
from tests.material import material
from tests.pages import claims, codes, not_archivable, pages_text, pdf_text, tags

LETTER = channels()["letter"]
DAY = date(2026, 3, 17)
PAYLOAD = epc_payload(
    Money(500_00, "EUR"), name="Ferretería del Turia, S.L.", iban="ES9121000418450200051332", quoting="F-1001"
)
SLIP = Slip(
    "Datos para el pago",
    (("Importe", "500,00 €"), ("IBAN", "ES91 2100 0418 4502 0005 1332"), ("Concepto", "F-1001")),
    qr_png(PAYLOAD or ""),
    "Escanee el código para pagar",
)


def draft(rendered: wording.Rendered, **changes: object) -> Draft:
    laid = wording.as_blocks(rendered)
    paper = Paper(
        letterhead="Ferretería del Turia",
        sender="Ferretería del Turia, S.L. · Calle de la Paz 1 · 46003 Valencia",
        window=("Talleres Miró, S.L.", "A la atención de Ana Miró", "Calle Mayor 5, 2º B", "46001 Valencia"),
        window_on_the_right=True,
        dated="Valencia, 17 de marzo de 2026",
        top=laid.top,
        rest=laid.rest,
        footer=("Ferretería del Turia, S.L.", "Identificación fiscal B46123454", "hola@turia.example"),
        page="Página {page} de {pages}",
        slip=SLIP,
    )
    return Draft(
        key="0123456789abcdef",
        sender=Address("Lucía Soler", "cobros@turia.example"),
        to=(Address("Ana Miró", ""),),
        subject=wording.plain(rendered.subject),
        text=wording.as_text(rendered),
        html="",
        language=rendered.template.language,
        leaves_at=datetime(2026, 3, 17, 8, 7, tzinfo=ZoneInfo("Europe/Madrid")),
        message_id="",
        paper=replace(paper, **changes),  # type: ignore[arg-type]
    )


def rendered(stage: str = "early_late", language: str = "es", **values: object) -> wording.Rendered:
    template = wording.library()[stage, language][0]
    return wording.render(template, VALUES | {"customer.name": "Talleres Miró, S.L."} | values)


def composed(**changes: object) -> bytes:
    return LETTER.compose(draft(rendered(), **changes)).data


def squeezed(text: str) -> str:
    """The letters alone: where lines break, and with which dash a list begins, is the page's own matter."""
    return re.sub(r"[\s\xa0\u202f\ufffe–-]", "", text)


# --- the words -------------------------------------------------------------------------------------------------------


MAILED = {name: template for name, template in zip(NAMES, TEMPLATES, strict=True) if template.channel == "email"}


@pytest.mark.parametrize("template", MAILED.values(), ids=MAILED)
def test_every_wording_of_an_email_reads_the_same_on_paper(template: Template) -> None:
    said = wording.render(template, VALUES)
    on_paper = squeezed(pdf_text(LETTER.compose(draft(said, footer=(), slip=None, page="")).data))
    mailed = squeezed(wording.as_text(said))
    if template.stage == "formal_notice":  # the rows of its long table spread over several lines, cell by cell
        assert sorted(mailed) == sorted(on_paper[-len(mailed) :])
    else:
        assert on_paper.endswith(mailed)


def test_the_first_page_shows_address_sender_place_and_day() -> None:
    (text,) = pages_text(composed())
    lines = text.split("\n")
    at = lines.index("Talleres Miró, S.L.")
    assert lines[at : at + 4] == [
        "Talleres Miró, S.L.", "A la atención de Ana Miró", "Calle Mayor 5, 2º B", "46001 Valencia"
    ]  # fmt: skip
    assert "Valencia, 17 de marzo de 2026" in text
    assert "Identificación fiscal B46123454" in text
    assert "Página" not in text  # one page needs no number


@pytest.mark.parametrize(("on_the_right", "left", "right"), [(True, 100, 190), (False, 20, 110)])
def test_the_address_stands_where_every_usual_window_shows_it(on_the_right: bool, left: int, right: int) -> None:
    longest = ("Construcciones y Reformas Hermanos Ruiz, S.L.", *(f"Línea {n}" for n in range(5)))
    page = pypdfium2.PdfDocument(composed(window=longest, window_on_the_right=on_the_right))[0]
    text = page.get_textpage()
    for line in longest:
        found = text.search(line)
        place = found.get_next()
        assert place is not None
        for n in range(text.count_rects(*place)):
            x0, y0, x1, y1 = (points / 72 * 25.4 for points in text.get_rect(n))
            assert left <= x0 < x1 <= right
            assert 55 <= 297 - y1 < 297 - y0 <= 85


def test_a_long_letter_numbers_its_pages_and_repeats_the_head_of_its_table() -> None:
    row = {"due_date": "3 de marzo de 2026", "balance": "10,00 €", "days_overdue": 14}
    rows = [row | {"number": f"F-{n}"} for n in range(70)]
    said = rendered("early_late_multi", items=rows)
    pages = pages_text(LETTER.compose(draft(said)).data)
    assert len(pages) > 2
    for n, page in enumerate(pages, 1):
        assert f"Página {n} de {len(pages)}" in page
    assert sum("Vencimiento" in page for page in pages) >= 2
    assert all(f"F-{n}\n" in "\n".join(pages) or f"F-{n} " in "\n".join(pages) for n in range(70))


# --- the code, the marks, the bytes ----------------------------------------------------------------------------------


def test_the_code_reads_back_to_the_cent() -> None:
    assert codes(composed()) == [PAYLOAD]
    assert codes(composed(slip=replace(SLIP, code=None))) == []
    assert "500,00 €" in pdf_text(composed(slip=replace(SLIP, code=None)))


def test_a_letter_says_it_is_archivable_and_accessible_and_holds_what_that_takes() -> None:
    data = composed()
    said = claims(data)
    for claim in (
        "<pdfaid:part>2<",
        "<pdfaid:conformance>A<",
        "<pdfuaid:part>1<",
        "<xmp:CreateDate>2026-03-17T00:00:00",
    ):
        assert claim in said, claim
    assert not_archivable(data) == []
    order = [kind for kind in tags(data) if kind in ("Document", "H1", "Figure")]
    assert order == ["Document", "H1", "Figure"]
    assert data.startswith(b"%PDF-1.7")


def test_the_same_draft_gives_the_same_bytes_and_another_day_others() -> None:
    one = draft(rendered())
    assert LETTER.compose(one) == LETTER.compose(draft(rendered()))
    later = replace(one, leaves_at=datetime(2026, 3, 18, 8, 7, tzinfo=ZoneInfo("Europe/Madrid")))
    assert LETTER.compose(later) != LETTER.compose(one)


def test_a_print_run_keeps_every_page_code_and_tag() -> None:
    letters = [LETTER.compose(draft(rendered("early_late_multi", language), slip=SLIP)).data for language in LANGUAGES]
    run = binder().bind(letters, title="Cartas del 17 & 18", language="es", day=DAY)
    assert run == binder().bind(letters, title="Cartas del 17 & 18", language="es", day=DAY)
    assert sum(run.pages) == len(pages_text(run.data))
    assert pages_text(run.data) == [page for letter in letters for page in pages_text(letter)]
    assert len(codes(run.data)) == len(letters)
    assert not_archivable(run.data) == []
    alone = [kind for letter in letters for kind in tags(letter)[1:]]
    assert [kind for kind in tags(run.data) if kind not in ("Document", "Sect")] == alone
    assert tags(run.data).count("Sect") == len(letters)
    for claim in ("<pdfaid:conformance>A<", "<pdfuaid:part>1<", "Cartas del 17 &amp; 18", "2026-03-17"):
        assert claim in claims(run.data)


def test_letters_may_be_set_by_several_threads_at_once() -> None:
    drafts = [draft(rendered(language=language), footer=(f"{n}",)) for n in range(6) for language in LANGUAGES]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(LETTER.compose, drafts))
    assert at_once == [LETTER.compose(one) for one in drafts]


# --- what comes from outside -----------------------------------------------------------------------------------------


def hostile() -> list[str]:
    strings = json.loads(material("strings", "blns.json").read_text("utf-8"))
    more = ("ssti.txt", "csv_formula.txt", "path_traversal.txt", "xss_polyglots.txt", "crlf.txt")
    for name in more:
        strings += material("strings", name).read_text("utf-8", errors="replace").splitlines()
    typst = ["#panic()", "$x^2$", '#read("/etc/passwd")', "*bold* _it_ `raw` = heading\n== two", "@label <label> \\ #"]
    return [*typst, *dict.fromkeys(strings)]


def laid(asked: Draft) -> tuple[str, str]:
    """The words of a letter, or the signs for which it was refused."""
    try:
        return pdf_text(LETTER.compose(asked).data), ""
    except UnfitError as error:
        return error.rule, str(error.params["signs"])


def test_hostile_values_are_printed_as_they_are_or_refused_by_name() -> None:
    refused = 0
    for value in hostile():
        said = rendered(**{"contact.name": "", "customer.name": clean(value) or "x"})
        shown, signs = laid(draft(said, window=(value, "Sol 1", "27001 Lugo"), letterhead=value, footer=(value,)))
        if signs:
            assert shown == "letters-missing"
            refused += 1
            continue
        letters = re.findall(r"[a-z0-9]+", value) if value.isascii() and len(value) < 60 else []
        assert all(word in re.sub(r"\s", "", shown) for word in letters), value
    assert 0 < refused < 150


@pytest.mark.parametrize("name", ["北京贸易", "شركة", "🙂 Miró", "ร้าน"])
def test_a_letter_our_typefaces_lack_is_named_and_never_drawn_as_a_box(name: str) -> None:
    shown, signs = laid(draft(rendered(), window=(name, "Sol 1", "27001 Lugo")))
    if signs:
        assert set(signs.replace(" ", "")) & set(name)
    else:
        assert all(sign in shown for sign in name if sign.isalpha())


def test_greek_and_cyrillic_names_are_drawn() -> None:
    assert "Ευγενία Παπαδοπούλου" in pdf_text(composed(window=("Ευγενία Παπαδοπούλου", "Sol 1", "27001 Lugo")))
    assert "Иван Петров" in pdf_text(composed(window=("Иван Петров", "Sol 1", "27001 Lugo")))


def test_a_value_is_never_read_as_markup() -> None:
    value = '#image("/etc/passwd") *no* $1+1$ = x'
    assert value in pdf_text(LETTER.compose(draft(rendered(**{"invoice.description": value}))).data).replace("\n", " ")


def test_a_word_without_end_stays_on_the_paper() -> None:
    page = pypdfium2.PdfDocument(
        LETTER.compose(draft(rendered(pay_link=f"https://pay.example/{'a' * 300}"))).data
    )[0]  # fmt: skip
    text = page.get_textpage()
    rights = [text.get_rect(n)[2] for n in range(text.count_rects())]
    assert max(rights) < 595 - 40


@pytest.mark.parametrize(
    ("address", "reached"), [("Calle Sol 3, 27001 Lugo", True), ("Lugo", False), ("", False), ("\n\n", False)]
)
def test_a_letter_needs_an_address(address: str, reached: bool) -> None:
    assert LETTER.reaches(Reach(address=address)) is reached


def test_a_draft_without_paper_is_a_defect_of_ours() -> None:
    with pytest.raises(NoPaperError):
        LETTER.compose(replace(draft(rendered()), paper=None))
