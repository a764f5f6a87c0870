"""No line of anybody's data breaks a page: it shows as it was typed, is refused in words, and never does anything.

The lines are those of the test material. A whole form takes them in a few texts, since what one line does it also does
among others; lists show each in a row of its own.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import cycle
from typing import Any

import pytest
from django.core.cache import cache as cache_of_limits
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from amable.core.languages import LANGUAGES, say
from amable.desk.door import A_FORM, Here, back
from amable.organisation.models import Creditor
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.work import jobs
from tests.conftest import Home
from tests.desk.desks import Desk, with_everything
from tests.desk.hostile import CANARY, TYPED, Field, Form, Page, batches, filled, lines, queried, written
from tests.desk.hostile_rows import fill_the_book, write_over
from tests.desk.test_routes import filled as place
from tests.desk.test_routes import routes, rows

CSRF = "csrfmiddlewaretoken"
DAY = "2026-03-25"
GIVES_UP = ("skip", "drop")  # buttons that say that nothing is to be kept
KEPT_ELSEWHERE = ("base", "search", "selector", "password", "seen", "next", "q", "key", "edition")
LISTS_OF_WORDS = ("-segments", "-countries")  # a text with commas becomes several words


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    """A desk with a row of every kind that a page shows."""
    return with_everything(database.folder, turia)


class Reader:
    """An owner's browser that looks at every answer for what should not be in it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.client = desk, desk.client(Role.OWNER)
        self.client.raise_request_exception = False
        self.known = set(written())
        self.leading: set[tuple[str, str]] = set()
        self.faults: list[str] = []
        self.forms: dict[Any, Form] = {}
        self.asked: set[str] = set()

    def learn(self, addresses: Iterable[str]) -> None:
        """The elements, links and forms of the pages as they are with plain data."""
        for address in addresses:
            answer = self.client.get(address)
            if is_page(answer):
                page = Page(answer.content)
                self.known |= page.parts
                self.leading |= page.leading
                self.forms |= {form.shape: form for form in page.forms(address) if "/account/" not in form.address}
                self.asked |= page.asking(address)

    def look(self, what: str, answer: HttpResponse) -> None:
        """Note what is wrong with an answer."""
        if answer.status_code >= 500:
            self.faults.append(f"{what}: {answer.status_code} {why(answer)}")
        elif answer.status_code == 302 and answer.headers["Location"].startswith("/account/login/"):
            self.faults.append(f"{what}: signed out")
        elif is_page(answer):
            page = Page(answer.content)
            found = [*(page.parts - self.known), *page.handlers, *map(str, page.leading - self.leading)]
            if found:
                self.faults.append(f"{what}: {', '.join(sorted(found)[:3])[:300]}")

    def send(self, form: Form, button: tuple[str, str, str], sent: dict[str, list[str]]) -> HttpResponse:
        if form.method == "get":
            return self.client.get(form.address, sent)
        return self.client.post(button[2] or form.address, sent)

    def try_out(self, form: Form, changed: dict[str, str], button: tuple[str, str, str]) -> None:
        """Send a form with some of its fields changed, look at the answer, and leave everything as it was."""
        sent = filled(form, button, DAY) | {name: [value] for name, value in changed.items()}
        what = f"{form.method} {form.address} {button[:2]} {sorted(changed)}"
        with undone():
            answer = self.send(form, button, sent)
            if form.method == "post" and answer.status_code in (302, 303) and button[0] not in GIVES_UP:
                self.came_back(what, form, changed)
        self.look(what, answer)

    def came_back(self, what: str, form: Form, changed: dict[str, str]) -> None:
        """What was taken is kept as it was typed."""
        texts = "\x00".join(texts_of(self.desk.creditor))
        for field in form.fields:
            mine = field.name in changed and field.kind in TYPED and field.name not in KEPT_ELSEWHERE
            mine = mine and not field.name.endswith(LISTS_OF_WORDS) and not form.address.endswith("/profile")
            if mine and plain_space(changed[field.name]) not in texts:
                self.faults.append(f"{what}: taken, and not kept as typed: {field.name}")


class undone:  # noqa: N801 - reads as what it is
    """Whatever is written meanwhile is taken back."""

    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *error: Any) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(*error)


def is_page(answer: HttpResponse) -> bool:
    return bool(answer.content) and answer.headers.get("Content-Type", "").startswith("text/html")


def why(answer: Any) -> str:
    """What went wrong on our side, as the test client remembers it."""
    info = getattr(answer, "exc_info", None)
    if not info:
        return ""
    frames = [frame for frame in traceback.extract_tb(info[2]) if "amable" in frame.filename]
    at = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{info[0].__name__} {str(info[1])[:120]} {at}"


def plain_space(text: str) -> str:
    return " ".join(text.replace("\r\n", "\n").split())


def texts_of(creditor: Creditor) -> Iterator[str]:
    for table in rows(creditor).values():
        for row in table:
            yield from (plain_space(text) for value in row for text in strings(value))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in "[{":
            try:
                yield from strings(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        yield from (text for one in value.values() for text in strings(one))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in strings(one))


def addresses(desk: Desk) -> dict[str, str]:
    """The address of every page that can be read, by name."""
    return {route.name: place(desk, pattern) for route, pattern in routes() if "GET" in route.methods}


def typed(form: Form) -> list[Field]:
    return [field for field in form.fields if field.kind in TYPED]


# --- through the forms -----------------------------------------------------------------------------------------------


@pytest.fixture
def reader(desk: Desk) -> Reader:
    found = Reader(desk)
    found.learn([*addresses(desk).values(), desk.address("search") + "?q=Miró"])  # which shows what it found
    return found


def test_every_line_goes_through_every_form(reader: Reader) -> None:
    for form in list(reader.forms.values()):
        for button in form.buttons:
            for text in _as_long_as_it_takes(form):
                reader.try_out(form, {field.name: text for field in typed(form)}, button)
        for field in _of_each_make(form):
            reader.try_out(form, {field.name: everything()}, form.buttons[-1])
    assert not reader.faults, "\n".join(reader.faults)


def test_what_no_page_shows_a_form_for_takes_anything_too(reader: Reader) -> None:
    """Actions on rows in a state that the book has none of: every word they could ask for at once."""
    shown = {button[2] or form.address for form in reader.forms.values() for button in form.buttons}
    for route, pattern in routes():
        address = place(reader.desk, pattern)
        if "POST" in route.methods and address not in shown:
            form = Form(address, "post", (), (("", "", ""),))
            reader.try_out(form, dict.fromkeys(ASKED_FOR, everything()), form.buttons[0])
            reader.try_out(form, dict.fromkeys(ASKED_FOR, "9" * 19), form.buttons[0])
    assert not reader.faults, "\n".join(reader.faults)


ASKED_FOR = ("seen", "next", "note", "do", "field", "customer", "item", "payment", "fate")


@cache
def everything() -> str:
    return "\n".join(lines()) + CANARY


def _of_each_make(form: Form) -> list[Field]:
    """What is chosen, not typed: one of those that only differ by their number."""
    chosen = [field for field in form.fields if field.kind not in (*TYPED, "file") and field.name != CSRF]
    return list({re.sub(r"\d+", "#", field.name): field for field in chosen}.values())


def _as_long_as_it_takes(form: Form) -> list[str]:
    """All lines in texts that fit its largest field; a form of short ones refuses them all at once."""
    if not typed(form):
        return []
    most = max(field.most for field in typed(form))
    return [text + CANARY for text in batches(most - len(CANARY))] if most >= 1_000 else [everything()]


def test_every_line_as_short_as_a_field_takes_it(reader: Reader) -> None:
    """Each in one of the short fields in turn: they are all of the same few makes."""
    places = [(form, field) for form in reader.forms.values() for field in typed(form) if 200 <= field.most < 1_000]
    for number, text in enumerate(batches(200, " ")):
        form, field = places[number % len(places)]
        reader.try_out(form, {field.name: text}, form.buttons[-1])
    assert not reader.faults, "\n".join(reader.faults)


NAMES_AT_ONCE = 60


def test_a_file_may_have_any_name(reader: Reader) -> None:
    """Dropped by itself, and among others, which go into one archive; then read by the thread that reads files."""
    desk = reader.desk
    takers = {
        form.address: field.name for form in reader.forms.values() for field in form.fields if field.kind == "file"
    }
    assert desk.address("file_drop") in takers
    names = [f"{line}.csv" for line in batches(200, " ")]
    for address, field in takers.items():
        for first in range(0, len(names), NAMES_AT_ONCE):
            some = names[first : first + NAMES_AT_ONCE]
            for given in (some, some[:1]):
                with undone():
                    sent = {field: [SimpleUploadedFile(name, f"{name}\n1;2".encode()) for name in given]}
                    answer = reader.client.post(address, sent)
                    reader.look(f"{address} {given[0]}", answer)
                    with acting_for(desk.creditor):
                        jobs.do_all(desk.creditor, lambda: desk.now)
                    if answer.status_code in (302, 303):
                        reader.look(f"{address} {given[0]}, then", reader.client.get(answer.headers["Location"]))
                        reader.look(f"files with {given[0]}", reader.client.get(desk.address("files")))
    assert not reader.faults, "\n".join(reader.faults)


# Where somebody signs in or proves once more who they are, and what each page asks for.
AT_THE_DOOR = {
    "account_login": ("login", "password", "next"),
    "account_reset_password": ("email",),
    "account_reauthenticate": ("password",),
    "account_change_password": ("oldpassword", "password1", "password2"),
    "mfa_authenticate": ("code", "credential"),
    "mfa_reauthenticate": ("code",),
    "mfa_activate_totp": ("code",),
    "mfa_add_webauthn": ("name", "credential"),
    "mfa_reauthenticate_webauthn": ("credential",),
    "mfa_login_webauthn": ("credential", "login"),
}


# Answers of a passkey that only look like one.
ANSWERS = (
    "[]", "null", '"a"', "1", "[" * 100_000, '{"id": 1}', '{"id": "a", "rawId": "a", "response": null}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", "userHandle": "'
    + "9" * 5_000 + '", "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA"}}',
)  # fmt: skip


def test_every_line_goes_through_the_forms_of_signing_in(reader: Reader) -> None:
    reader.learn(map(reverse, AT_THE_DOOR))
    texts = [everything(), *(text + CANARY for text in batches(1_000, " ")), *ANSWERS, "9" * 5_000]
    stranger = reader.desk.stranger()
    stranger.raise_request_exception = False
    for name, fields in AT_THE_DOOR.items():
        for number, text in enumerate(texts):
            with undone():
                cache_of_limits.clear()  # after some guesses an answer is refused unread
                sender = (stranger, reader.client)[number % 2] if text not in ANSWERS else reader.client
                answer = sender.post(reverse(name), dict.fromkeys(fields, text))
            what = f"{name} {text[:80]}"
            if "/account/" in answer.headers.get("Location", ""):
                assert answer.status_code == 302, what  # sent to sign in, or to say the password once more, first
            else:
                reader.look(what, answer)
    assert not reader.faults, "\n".join(reader.faults)


# --- on the pages that show them -------------------------------------------------------------------------------------


def test_a_book_of_nothing_else_shows_every_line_in_a_row_of_its_own(reader: Reader) -> None:
    desk = reader.desk
    with acting_for(desk.creditor):
        fill_the_book(desk.creditor)
    pages = {name: address for name, address in addresses(desk).items() if name in LISTS}
    for name, address in pages.items():
        for number in range(1, 3 + len(lines()) // 50):
            reader.look(f"{name} {number}", reader.client.get(address, {**LISTS[name], "page": str(number)}))
    assert not reader.faults, "\n".join(reader.faults)


LISTS = {
    "customers": {"everybody": "1"}, "items": {"status": "all"}, "messages": {}, "payments": {}, "files": {},
    "money": {"kind": "all"}, "today": {},
}  # fmt: skip


def test_every_page_shows_them_all_as_text(reader: Reader) -> None:
    """Every text of every row, three times over, with another part of the lines each time."""
    desk = reader.desk
    known = addresses(desk)
    parts = [text + CANARY for text in batches(20_000)]
    for turn in range(len(parts)):
        with undone():
            with acting_for(desk.creditor):
                write_over(desk.creditor, parts, turn)
            for name, address in known.items():
                reader.look(f"{name} {turn}", reader.client.get(address))
    assert not reader.faults, "\n".join(reader.faults)


# --- asked for -------------------------------------------------------------------------------------------------------

ODD = (
    "1e309", "-1", "0", "٣", "²", "9" * 19, "9" * 5_000, "NaN", "Infinity", "0x1F", "1_0", "2026-02-30", "9999-12-31",
    "0001-01-01", "20260317", "-0001-01-01", "", " ", "%00", "%", "_", "'\"<b>", "(" * 400, "*",
    "../..", "\\", "\ud7ff\ufffe",
)  # fmt: skip


def test_every_filter_and_page_number_takes_anything(reader: Reader) -> None:
    for name, (address, words) in asked_by(reader).items():
        for turn in range(len(ODD)):
            asked = {word: ODD[(turn + 7 * place) % len(ODD)] for place, word in enumerate(words)}
            reader.look(f"{name} {asked}"[:200], reader.client.get(address, asked))
    assert not reader.faults, "\n".join(reader.faults)


def test_every_line_is_looked_for(reader: Reader) -> None:
    found = asked_by(reader)
    places = [
        (found[name][0], word)
        for name in found
        for word in found[name][1]
        if word in ("q", "text", "search", "whose", "number")
    ]
    for number, line in enumerate(batches(200, " ")):
        address, word = places[number % len(places)]
        reader.look(f"{address}?{word}={line}"[:200], reader.client.get(address, {word: line}))
    assert not reader.faults, "\n".join(reader.faults)


def asked_by(reader: Reader) -> dict[str, tuple[str, list[str]]]:
    """The pages that are asked for by words, with the words their forms and links know."""
    known = addresses(reader.desk)
    words: dict[str, dict[str, None]] = {}
    for form in reader.forms.values():
        if form.method == "get":
            words.setdefault(form.address.partition("?")[0], {}).update(
                dict.fromkeys(field.name for field in form.fields)
            )
    for address in reader.asked:
        words.setdefault(address.partition("?")[0], {}).update(dict.fromkeys(queried(address)))
    return {name: (address, [*words[address], "page"]) for name, address in known.items() if address in words}


# --- what no browser sends -------------------------------------------------------------------------------------------

MULTIPART = "multipart/form-data; boundary=x"
PART = b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n"
BROKEN = {
    "a null byte": (b"text=a%00b&x%00=1", "application/x-www-form-urlencoded"),
    "halves of signs": (PART + b"+2AA-\r\n--x--\r\n", f"{MULTIPART}; charset=utf-7"),
    "no text at all": (b"text=nonfrafr", "application/x-www-form-urlencoded; charset=rot13"),
    "an encoding there is not": (b"text=a", "application/x-www-form-urlencoded; charset=klingon"),
    "no boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "an odd boundary": (b"--x\r\n\r\n", "multipart/form-data; boundary=" + "é" * 300),
    "ten thousand fields": ("&".join(f"f{n}=1" for n in range(10_000)).encode(), "application/x-www-form-urlencoded"),
    "ten thousand parts": ((PART + b"1\r\n") * 3_000 + b"--x--\r\n", MULTIPART),
    "a megabyte": (b"text=" + b"x" * 2**20, "application/x-www-form-urlencoded"),
}  # fmt: skip


@pytest.fixture
def sender(desk: Desk) -> Client:
    found = desk.client(Role.OWNER)
    found.raise_request_exception = False
    return found


REFUSED = {400: "desk.refused_illegible", 413: "desk.refused_size"}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_is_refused_in_words(desk: Desk, sender: Client, case: str) -> None:
    body, kind = BROKEN[case]
    before = rows(desk.creditor)
    taking = [place(desk, pattern) for route, pattern in routes() if "POST" in route.methods]
    of_forms = [place(desk, p) for route, p in routes() if "POST" in route.methods and route.limit == A_FORM]
    for address in taking if case == "a null byte" else of_forms[::15]:  # where files go, a megabyte is welcome
        answer = sender.generic("POST", address, body, content_type=kind)
        assert answer.status_code in REFUSED, (address, answer.status_code, why(answer))
        assert say(REFUSED[answer.status_code], "en") in text_of(answer)
    assert rows(desk.creditor) == before


def test_what_is_no_form_changes_nothing(desk: Desk) -> None:
    sender = desk.client(Role.OWNER, enforce_csrf_checks=True)
    kinds = cycle(("application/json", "text/plain", "", "x", "application/xml; charset=utf-8"))
    before = rows(desk.creditor)
    for route, pattern in routes():
        if "POST" in route.methods:
            answer = sender.post(place(desk, pattern), b'{"text": "a"}', content_type=next(kinds))
            assert say("desk.refused_forged", "en") in text_of(answer), route.name
            cut_off = sender.generic("POST", place(desk, pattern), PART[:40], content_type=MULTIPART)
            assert say("desk.refused_forged", "en") in text_of(cut_off), route.name
    assert rows(desk.creditor) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_method_is_refused_in_words(desk: Desk, language: str) -> None:
    desk.member(Role.OWNER).user.__class__.objects.update(language=language)
    sender = desk.client(Role.OWNER)
    for method in ("PUT", "DELETE", "TRACE", "FOO"):
        answer = sender.generic(method, desk.address("today"))
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert say("desk.refused_method", language) in text_of(answer)
    assert say("desk.refused_method", language) in text_of(sender.get(desk.address("approve")))


@pytest.mark.parametrize(
    "path",
    ["wordings/es/%00", "wordings/%00/%ED%A0%80", "messages/%00", "customers/" + "9" * 5_000, "customers/" + "9" * 40],
)
def test_an_address_of_nothing_is_not_found(desk: Desk, sender: Client, path: str) -> None:
    answer = sender.get(f"/{desk.creditor.ref}/{path}")
    assert answer.status_code == 404
    assert say("desk.refused_not_found", "en") in text_of(answer)


def test_headers_say_what_they_like(desk: Desk, sender: Client) -> None:
    """A server takes no line feed in a header; everything else arrives."""
    said = [line.encode("utf-8").decode("latin-1")[:8_000] for line in lines() if line.isprintable()][::7]
    names = (
        "USER_AGENT",
        "ACCEPT_LANGUAGE",
        "REFERER",
        "X_FORWARDED_FOR",
        "HX_REQUEST",
        "HX_CURRENT_URL",
        "COOKIE",
        "ACCEPT",
    )
    for number, line in enumerate(said):
        facts = {f"HTTP_{name}": said[(number + place) % len(said)] for place, name in enumerate(names[:-2])}
        answer = sender.get(desk.address("today"), **facts)  # type: ignore[arg-type]
        assert answer.status_code == 200, (facts, why(answer))
        assert (
            desk.stranger(HTTP_COOKIE=f"sessionid={line}; csrftoken={line}; messages={line}")
            .get("/account/login/")
            .status_code
            == 200
        )
        assert sender.get("/account/login/", HTTP_HOST=line).status_code in (200, 302, 400)


def text_of(answer: Any) -> str:
    return answer.content.decode().replace("&#x27;", "'")


def test_after_an_action_nobody_is_led_elsewhere(desk: Desk) -> None:
    here = Here(desk.creditor, desk.member(Role.OWNER), desk.now, "en")
    for line in lines():
        request = RequestFactory().post("/", {"next": line})
        at = back(request, here, "today").headers["Location"]
        assert re.fullmatch(r"/[^/\\].*", at), line
        assert at.isprintable(), line
