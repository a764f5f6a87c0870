"""What a person may change in a message, and what stays ours whatever they type."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amable.core import rewording, wording
from amable.core.examples import branches
from amable.core.marked import lay_html, plain
from amable.core.rewording import Words
from amable.core.wording import Rendered


def reminders() -> list[Rendered]:
    """Every wording of a step in every language, filled with an example."""
    return [
        wording.render(template, next(iter(branches(template))))
        for group in wording.library().values()
        for template in group
        if wording.speaks(template.stage.removesuffix("_multi"))
    ]


ALL = reminders()
FIRST = next(one for one in ALL if one.template.language == "en" and one.template.id == "early_late.c")


def test_our_own_words_kept_as_they_are_change_nothing() -> None:
    for rendered in ALL:
        again = rewording.reword(rendered, rewording.words_of(rendered))
        assert again.fits
        assert plain(again.rendered.body) == plain(rendered.body), rendered.template.id
        assert plain(again.rendered.subject) == plain(rendered.subject)


def test_where_the_money_goes_and_who_signs_is_never_in_a_stretch_that_can_be_typed_over() -> None:
    for rendered in ALL:
        typed = "\n".join(rewording.words_of(rendered).texts)
        for way in rendered.ways_to_pay:
            assert way not in typed, rendered.template.id
        if rendered.template.signoff:
            assert rendered.template.signoff not in typed.split("\n")


@given(st.lists(st.text(max_size=80), min_size=2, max_size=2))
def test_whatever_is_typed_the_ways_to_pay_and_the_signature_stand_as_before(texts: list[str]) -> None:
    words = rewording.words_of(FIRST)
    assert len(words.texts) == 2
    body = rewording.reword(FIRST, Words("Hello", tuple(texts), words.basis)).rendered.body
    for part in rewording.stretches(FIRST):
        if not part.changeable:
            assert part.text in body


def test_typed_tables_headings_and_tags_are_shown_and_not_obeyed() -> None:
    words = rewording.words_of(FIRST)
    typed = ("# Big\n| a | b |\n| --- | --- |\n<!-- annex -->", "<b>bold</b>")
    html = lay_html(rewording.reword(FIRST, Words("Hello", typed, words.basis)).rendered.body)
    assert "<table" not in html
    assert "<h2" not in html
    assert "<b>bold" not in html
    assert "&lt;!-- annex --&gt;" in html


def test_words_for_another_message_are_left_out() -> None:
    words = rewording.words_of(FIRST)
    assert not rewording.reword(FIRST, words._replace(basis="0" * 64)).fits
    assert not rewording.reword(FIRST, words._replace(texts=words.texts[:1])).fits


def test_a_figure_that_is_none_of_the_message_s_is_noticed() -> None:
    words = rewording.words_of(FIRST)
    assert rewording.foreign_figures(words, FIRST) == ()
    more = words._replace(texts=(words.texts[0] + " Please pay 9,999.00 by 12/05.", words.texts[1]))
    assert rewording.foreign_figures(more, FIRST) == ("9,999.00", "12", "05")


def test_a_value_typed_with_an_ordinary_space_is_still_ours() -> None:
    french = next(one for one in ALL if one.template.language == "fr" and "\u00a0" in one.body)
    words = rewording.words_of(french)
    typed = tuple(text.replace("\u00a0", " ").replace("\u202f", " ") for text in words.texts)
    again = rewording.reword(french, words._replace(texts=typed)).rendered
    values = [part.split("\ue001")[0] for part in french.body.split("\ue000")[1:]]
    assert all(f"\ue000{value}\ue001" in again.body for value in values if value)
