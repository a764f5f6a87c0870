"""Email is read back by the standard library as it was meant, also when somebody meant harm."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import getaddresses
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amable.adapters.channels.email import Email, NotAnAddressError
from amable.plugs.channel import Address, Attachment, Draft, Reach
from tests.material import material
from tests.plugs.message import CASES, plain, with_invoice_and_code

EMAIL = Email()
POLICIES = (policy.default, policy.SMTP)

HEADERS = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Language", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Content-Type",
)  # fmt: skip


def draft(**changes: object) -> Draft:
    return dataclasses.replace(plain(), **changes)  # type: ignore[arg-type]


def read(data: bytes, how: policy.EmailPolicy = policy.default) -> EmailMessage:
    """The message as the standard library reads it; neither it, nor a part, nor a header has a defect."""
    message = cast("EmailMessage", BytesParser(policy=how).parsebytes(data))
    for part in message.walk():
        assert not part.defects
        for name, value in part.items():
            assert not value.defects, (name, value, value.defects)
            assert name.isascii()
    return message


def lines_of(data: bytes) -> list[bytes]:
    """The lines; every one ends in CRLF, is ASCII and within the 998 bytes of RFC 5322."""
    assert data.endswith(b"\r\n")
    assert data.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", data)
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    return lines


def header_of(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0]


# What is promised about a value, said again in the simplest way.


def one_line(value: str) -> str:
    return "".join(" " if re.match("[\x00-\x1f\x7f-\x9f\u2028\u2029]", c) else c for c in value)


def squeezed(value: str) -> str:
    return re.sub(" +", " ", one_line(value)).strip(" ")


def as_file(value: str) -> str:
    hyphened = "".join("-" if c in '/\\<>:"|?*' else c for c in value)
    name = squeezed(re.sub("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", hyphened))
    while name != (name := name.strip().strip(".")):
        pass
    return name or "attachment"


def lf(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


def whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def plainly(message: Message, name: str) -> str:
    """The value of a header read the older way, by decode_header."""
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", str(message[name])))))


def names_and_addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Names and addresses of a header: split first and decoded then, so that a comma in a name stays in it.

    The newer parser of Python before 3.13 puts a space between two encoded words of a name, which RFC 2047 forbids.
    """
    raw = re.sub(r"\r\n(?=[ \t])", "", str(message[name]))
    return [(str(make_header(decode_header(n))), e) for n, e in getaddresses([raw])]


def assert_read_back(wanted: Draft) -> None:
    """Everything in the draft comes back, and nothing else comes with it."""
    data = EMAIL.compose(wanted).data
    lines_of(data)
    older = BytesParser(policy=policy.compat32).parsebytes(data)
    message = read(data)
    assert message.keys() == older.keys() == header_list(wanted)
    assert message["Subject"] == whole(one_line(wanted.subject))
    leaves_at = message["Date"].datetime
    assert (leaves_at, leaves_at.utcoffset()) == (wanted.leaves_at.replace(microsecond=0), wanted.leaves_at.utcoffset())
    assert contents(message) == wanted_contents(wanted)
    assert [a.addr_spec for a in message["To"].addresses] == [a.email for a in wanted.to]
    assert plainly(older, "Subject") == whole(one_line(wanted.subject))
    assert names_and_addresses(older, "From") == [(whole(squeezed(wanted.sender.name)), wanted.sender.email)]
    assert names_and_addresses(older, "To") == [(whole(squeezed(a.name)), a.email) for a in wanted.to]
    found = [part.get_filename() for part in older.walk() if part.get_filename() is not None]
    assert found == [whole(as_file(a.filename)) for a in sorted(wanted.attachments, key=lambda a: not a.content_id)]


def header_list(wanted: Draft) -> list[str]:
    headers = list(HEADERS)
    if wanted.as_draft:
        headers.insert(-1, "X-Unsent")
    if wanted.references:
        headers[5:5] = ["In-Reply-To", "References"]
    if wanted.reply_to:
        headers.insert(2, "Reply-To")
    return headers


Content = tuple[str, str, str, str, object]


def contents(message: EmailMessage) -> list[Content]:
    """Type, disposition, file name, Content-ID and content of every part that holds something, in order."""
    found: list[Content] = []
    for part in cast("Iterator[EmailMessage]", message.walk()):
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if part.get_content_disposition() is None:
            content = lf(part.get_content())
        assert not part.defects
        found.append(
            (
                part.get_content_type(),
                part.get_content_disposition() or "",
                part.get_filename() or "",
                str(part["Content-ID"] or ""),
                content,
            )
        )
    return found


def wanted_contents(wanted: Draft) -> list[Content]:
    texts: list[Content] = [
        ("text/plain", "", "", "", whole(lf(wanted.text))),
        ("text/html", "", "", "", whole(lf(wanted.html))),
    ]
    pictures = [a for a in wanted.attachments if a.content_id]
    files = [a for a in wanted.attachments if not a.content_id]
    return [
        *texts,
        *((a.media_type, "inline", whole(as_file(a.filename)), f"<{a.content_id}>", a.data) for a in pictures),
        *((a.media_type, "attachment", whole(as_file(a.filename)), "", a.data) for a in files),
    ]


# The shape of a message


def test_a_reminder_says_who_writes_to_whom_and_that_a_machine_did() -> None:
    message = read(EMAIL.compose(plain()).data)
    assert dict(message.items()) == {
        "From": "Harbour Supplies <accounts@harbour.example>",
        "To": "Jane Doe <jane.doe@punctual.example>",
        "Subject": "Invoice 2026-0012, due on 2 March 2026",
        "Date": "Tue, 17 Mar 2026 09:30:00 +0000",
        "Message-ID": "<m-2026-0001@harbour.example>",
        "MIME-Version": "1.0",
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "DR, RN, NRN, AutoReply",
        "Content-Type": message["Content-Type"],
    }
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("how", POLICIES)
def test_an_invoice_and_a_code_to_pay_it_travel_along(how: policy.EmailPolicy) -> None:
    wanted = with_invoice_and_code()
    message = read(EMAIL.compose(wanted).data, how)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert contents(message) == wanted_contents(wanted)
    related = message.get_payload(0)
    assert isinstance(related, EmailMessage)
    assert related.get_param("type") == "multipart/alternative"


def test_a_reminder_in_a_thread_names_the_messages_before_it() -> None:
    message = read(EMAIL.compose(with_invoice_and_code()).data)
    assert message["In-Reply-To"] == "<answer.77@olvidadizo.example>"
    assert message["References"] == "<m-2026-0000@ibanez.example> <answer.77@olvidadizo.example>"
    assert message["Reply-To"] == "Ana Muñoz <ana.munoz@ibanez.example>"
    assert message["X-Unsent"] == "1"


@pytest.mark.parametrize("case", ["plain", "with_invoice_and_code"])
def test_every_field_is_read_back(case: str) -> None:
    assert_read_back(CASES[case]())


def test_domains_beyond_ascii_go_out_as_the_dns_knows_them() -> None:
    wanted = CASES["beyond_ascii"]()
    message = read(EMAIL.compose(wanted).data)
    assert message["From"].addresses[0].addr_spec == "facturi@xn--estorie-93a13w.example"
    assert [a.addr_spec for a in message["To"].addresses] == [
        "helene@xn--socit-gnrale-eebbcb.example",
        "e@xn--bcher-kva.example",
    ]
    assert message["Subject"] == wanted.subject
    assert contents(message) == wanted_contents(wanted)


def test_a_message_without_html_is_plain_text_alone() -> None:
    message = read(EMAIL.compose(draft(html="")).data)
    assert message.get_content_type() == "text/plain"
    assert lf(message.get_content()) == plain().text + "\n"


def test_two_messages_do_not_share_a_boundary() -> None:
    one, other = (read(EMAIL.compose(draft(key=key)).data).get_boundary() for key in ("m-1", "m-2"))
    assert one != other


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (
            datetime(2026, 1, 5, 8, 5, 9, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "Mon, 05 Jan 2026 08:05:09 +0545",
        ),
        (
            datetime(2026, 7, 1, 23, 59, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            "Wed, 01 Jul 2026 23:59:00 -0930",
        ),
    ],
)
def test_the_date_is_the_moment_it_leaves_in_the_zone_of_the_reader(moment: datetime, shown: str) -> None:
    assert f"\r\nDate: {shown}\r\n".encode() in EMAIL.compose(draft(leaves_at=moment)).data


# Addresses


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("jane@punctual.example", "jane@punctual.example"),
        ("o'neil+invoices@mail.punctual.co.uk", "o'neil+invoices@mail.punctual.co.uk"),
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("INFO@MÜNCHEN.example", "INFO@xn--mnchen-3ya.example"),
        ("info@col·legi.example", "info@xn--collegi-xma.example"),
        ("info@ａｂｃ.example", "info@abc.example"),
        ("info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"),
        ("info@xn--bcher-kva.example", "info@xn--bcher-kva.example"),
    ],
)
def test_an_address_that_reaches(written: str, sent: str) -> None:
    assert EMAIL.reaches(Reach(email=written))
    message = read(EMAIL.compose(draft(to=(Address("Jane", written),))).data)
    assert message["To"].addresses[0].addr_spec == sent


@pytest.mark.parametrize(
    "written",
    [
        "",
        "jane",
        "jane@",
        "@punctual.example",
        "jane@localhost",
        "jane@punctual",
        "jane@@punctual.example",
        "jane@doe@punctual.example",
        "jane doe@punctual.example",
        " jane@punctual.example",
        "jane@punctual.example ",
        "jane@punctual.example\n",
        "jane@punctual.example\r\nBcc: all@punctual.example",
        "jane@punctual.example, all@punctual.example",
        "jane@punctual.example;all@punctual.example",
        "<jane@punctual.example>",
        "mailto:jane@punctual.example",
        "jane@punctual..example",
        "jane@-punctual.example",
        "jane@punctual-.example",
        "jane@punctual.example.",
        "jane@punctual.123",
        "jane@[192.0.2.1]",
        "jane@192.0.2.1",
        ".jane@punctual.example",
        "jane..doe@punctual.example",
        '"jane doe"@punctual.example',
        "josé@punctual.example",
        "jane@punctual.example\0",
        "jane@punc\u202etual.example",
        "jane@punc℀tual.example",
        "jane@punctual。example",
        f"{'j' * 65}@punctual.example",
        f"jane@{'p' * 64}.example",
        f"jane@{'ü' * 64}.example",
        f"jane@{'punctual.' * 30}example",
        f"jane@{'ü' * 100_000}.example",
        "=?utf-8?q?jane?=@punctual example",
    ],
)
def test_an_address_that_does_not_reach(written: str) -> None:
    assert not EMAIL.reaches(Reach(email=written, phone="+44 20 7946 0000", address="1 High Street"))
    for changes in ({"to": (Address("Jane", written),)}, {"sender": Address("Jane", written)}):
        with pytest.raises(NotAnAddressError):
            EMAIL.compose(draft(**changes))
    with pytest.raises(NotAnAddressError):
        EMAIL.compose(draft(reply_to=Address("Jane", written)))


def test_a_message_to_nobody_is_not_written() -> None:
    with pytest.raises(NotAnAddressError):
        EMAIL.compose(draft(to=()))


@pytest.mark.parametrize(
    "name",
    [
        "Harbour Supplies",
        "O'Neil",
        "José Núñez",
        "Société d’Électricité",
        "Ștefănescu & Fiii, S.R.L.",
        'Smith, "Jr." \\ John (Doe) <x@y.example>',
        "=?UTF-8?Q?=0A?=",
        "Ευγενία",
    ],
)
@pytest.mark.parametrize("how", POLICIES)
def test_a_name_is_read_back_by_the_newer_parser_too(name: str, how: policy.EmailPolicy) -> None:
    message = read(EMAIL.compose(draft(sender=Address(name, "accounts@harbour.example"))).data, how)
    assert message["From"].addresses[0].display_name == name


# Bodies

BODIES = {
    "a line of 998": ("7bit", "x" * 998),
    "a line of 999": ("quoted-printable", "x" * 999),
    "no lines": ("7bit", ""),
    "blank lines at the end": ("7bit", "Dear Jane\n\n\n"),
    "a signature": ("7bit", "Dear Jane\n-- \nAnn"),
    "From at the start of a line": ("quoted-printable", "Dear Jane\nFrom now on\nFrom"),
    "a dot alone": ("quoted-printable", "Dear Jane\n.\nAnn"),
    "dots": ("quoted-printable", "é" + "\n..\n.\n" + "." * 300 + "\n.x"),
    "what looks like a boundary": ("quoted-printable", "--=_8a5b\n--=_8a5b--"),
    "other line ends": ("7bit", "Dear\rJane\r\nDoe\n\rAnn"),
    "a control character": ("quoted-printable", "Dear Jane, \x00\x07\x1b[31m and what follows"),
    "spaces at the ends of long lines": ("quoted-printable", "é" + "".join("x" * n + " \n" for n in range(70, 82))),
    "tabs at the ends of lines": ("quoted-printable", "été\t\n" + "x" * 75 + "\t\n" + "x" * 76 + "\t"),
    "From after a soft break": ("quoted-printable", "é" + "".join("x" * n + "From Ann\n" for n in range(60, 82))),
    "equals signs": ("quoted-printable", "é" + "=" * 500),
    "French": ("quoted-printable", "Sauf erreur, la facture échue hier reste à régler : 1 234,50 €. " * 20),
    "Greek": ("base64", "Καλημέρα σας\nτο τιμολόγιο έληξε χθες"),
    "emoji": ("base64", "🙂" * 200),
    "half a character": ("quoted-printable", "Dear Jane \ud83d, é"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_arrives_as_it_was_written(case: str) -> None:
    encoding, text = BODIES[case]
    wanted = draft(text=text, html=text or "<p></p>")
    data = EMAIL.compose(wanted).data
    assert_read_back(wanted)
    parts = [part for part in read(data).walk() if part.get_content_maintype() == "text"]
    if not re.search("\ud83d", text):
        assert {str(part["Content-Transfer-Encoding"]) for part in parts} == {encoding}
    body = data.partition(b"\r\n\r\n")[2]
    assert b"\r\n.\r\n" not in body
    assert b"\r\nFrom " not in body
    if encoding != "7bit":
        assert max(map(len, lines_of(body))) <= 76


@given(st.text(st.sampled_from("aé=. \t\nFrom xyz€"), max_size=400))
@settings(max_examples=300, deadline=None)
def test_quoted_printable_is_exact_and_short(text: str) -> None:
    data = EMAIL.compose(draft(text="é" + text + "plain letters enough" * 40)).data
    part = next(p for p in read(data).walk() if p.get_content_type() == "text/plain")
    assert part["Content-Transfer-Encoding"] == "quoted-printable" or text.count("é") + text.count("€") > 40
    assert lf(part.get_content()) == "é" + text + "plain letters enough" * 40
    raw = data.split(b"\r\n\r\n")[2]
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert not re.search(rb"(?m)^(\.|From )|[ \t]\r$", raw)


# Headers


@pytest.mark.parametrize(
    "value",
    [
        "=?UTF-8?Q?=0A?=",
        "=?UTF-8?Q?=0D=0ABcc:_all@punctual.example?=",
        "=?utf-8?b?DQpCY2M6IGFsbEBwdW5jdHVhbC5leGFtcGxl?=",
        "before =?UTF-8?Q?=0A?= after",
        "before=?UTF-8?Q?=0A?=after",
        "=?",
        "?=",
        "=?utf-8?q?half",
        "a\r\nBcc: all@punctual.example",
        "a\nBcc: all@punctual.example",
        "a\rBcc: all@punctual.example",
        "a\r\n\r\nbody",
        "a\r\n Bcc: all@punctual.example",
        "\0\x01\x0b\x0c\x1c\x1d\x1e\x7f\x85\u2028\u2029",
        "",
        " ",
        "  leading",
        "trailing  ",
        "two  spaces",
        f"{'word ' * 300}end",
        f"wide{' ' * 300}apart",
        "x" * 3000,
        "é" * 700,
        "🙂" * 200,
        "word " * 12 + "é" + " word" * 40,
        "Fiii, Ștefănescu & „Țesătoria” (București); <cobros>",
        'Smith, "Jr." \\ John (Doe) <x@y.example>',
        "\\",
        '"',
        '\\"',
        'a" <all@punctual.example>, "b',
        "John Q. Public",
        "comment (",
        "group: a@b.example;",
        "jane@punctual.example",
        "\ud83dhalf",
        "e\u0301\u0301\u0301" * 60,
        "../../etc/passwd",
        "C:\\invoices\\2026.pdf",
        "..",
        "invoice\u202efdp.exe",
        "invoice 2026%0d%0a.pdf",
        "invoice'2026'.pdf",
        'invoice"; filename="x.exe',
        "factură " * 30 + ".pdf",
        "f" * 300 + ".pdf",
    ],
)
def test_no_text_turns_into_a_header(value: str) -> None:
    other = Attachment(value, "image/png", b"\x89PNG", "pay@harbour.example")
    to = (Address(value, "jane@punctual.example"), Address(value[::-1], "john@punctual.example"))
    reply_to, thread = Address(value, "ann@harbour.example"), ("<before@harbour.example>",)
    attachments = (*hostile(value).attachments, other)
    wanted = hostile(value, attachments=attachments, to=to, reply_to=reply_to, references=thread, as_draft=True)
    assert_read_back(wanted)
    forwarded = read(EMAIL.compose(wanted).data).as_bytes(policy=policy.SMTP)  # cpython#121650
    assert BytesParser(policy=policy.default).parsebytes(forwarded).keys() == header_list(wanted)


def hostile(value: str, **changes: object) -> Draft:
    """A reminder with this text wherever a creditor or a customer chooses the words."""
    wanted = draft(
        sender=Address(value, "accounts@harbour.example"),
        subject=value,
        text=value,
        html=f"<p>{value}</p>",
        attachments=(Attachment(value, "application/pdf", b"%PDF"),),
    )
    return dataclasses.replace(wanted, **changes)  # type: ignore[arg-type]


STRINGS = (
    "blns.json", "crlf.txt", "csv_formula.txt", "open_redirect.txt", "path_traversal.txt", "sql_generic.txt",
    "sql_polyglots.txt", "ssti.txt", "xss_polyglots.txt", "xss_rsnake.txt", "xxe_classic.xml", "xxe_fuzzing.txt",
)  # fmt: skip


@pytest.mark.parametrize("name", STRINGS)
def test_the_worst_texts_known_are_read_back(name: str) -> None:
    text = material("strings", name).read_text("utf-8", errors="surrogateescape")
    for line in json.loads(text) if name.endswith(".json") else text.split("\n"):
        assert_read_back(hostile(line))


@pytest.mark.parametrize("language", ["en", "es", "ro", "fr"])
def test_reminders_of_four_languages_are_read_back(language: str) -> None:
    for page in sorted(material("templates", language).glob("*.md")):
        front, _, body = page.read_text("utf-8").removeprefix("---\n").partition("\n---\n")
        subject = next((line for line in front.split("\n") if line.startswith("subject:")), page.stem)
        assert_read_back(draft(language=language, subject=subject, text=body, html=f"<p>{body}</p>"))


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "<a@b.example>\r\nBcc: all@punctual.example"},
        {"references": ("<a@b.example>\r\nBcc: all@punctual.example", "é", "", "<>", "<" + "x" * 2000 + "@b.example>")},
        {"references": tuple(f"<{n:040}@harbour.example>" for n in range(200))},
        {"language": "en\r\nBcc: all@punctual.example"},
        {"key": "m\r\nBcc: all@punctual.example\ud83d"},
        {"attachments": (Attachment("a.pdf", 'application/pdf"\r\nBcc: all@punctual.example', b""),)},
        {"attachments": (Attachment("a.pdf", "application/pdf", b"", "a>\r\nBcc: all@punctual.example"),)},
        {"attachments": (Attachment("a.eml", "message/rfc822", b"Bcc: all@punctual.example\r\n\r\n"),)},
    ],
)
def test_no_identifier_turns_into_a_header(changes: dict[str, object]) -> None:
    wanted = draft(**changes)
    data = EMAIL.compose(wanted).data
    assert BytesParser(policy=policy.compat32).parsebytes(data).keys() == header_list(wanted)
    assert not re.search(rb"(?m)^Bcc", data)
    lines_of(data)


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "multipart/mixed", "pdf", "", 'application/pdf"\r\nBcc: a@b.example']
)
def test_a_file_of_no_type_that_travels_is_sent_as_plain_bytes(kind: str) -> None:
    data = EMAIL.compose(draft(attachments=(Attachment("invoice", kind, b"%PDF"),))).data
    assert contents(read(data))[-1] == ("application/octet-stream", "attachment", "invoice", "", b"%PDF")


def test_header_lines_are_folded_at_78() -> None:
    for build in CASES.values():
        assert max(map(len, lines_of(header_of(EMAIL.compose(build()).data) + b"\r\n"))) <= 78


WORDS = st.text(max_size=120) | st.text(st.sampled_from('=?utf8qb_ "\\<>@,;:()\r\n\0é🙂'), max_size=120)
EMAILS = st.sampled_from(["jane@punctual.example", "a.b-c+d@x.co", "j@xn--bcher-kva.example"])
ADDRESSES = st.builds(Address, WORDS, EMAILS)
ATTACHMENTS = st.builds(
    Attachment,
    WORDS,
    st.sampled_from(["application/pdf", "image/png", "application/xml"]),
    st.binary(max_size=300),
    st.sampled_from(["", "pay@harbour.example"]),
)
DRAFTS = st.builds(
    Draft,
    key=st.text(max_size=40),
    sender=ADDRESSES,
    to=st.lists(ADDRESSES, min_size=1, max_size=4).map(tuple),
    subject=WORDS,
    text=st.text(max_size=1500),
    html=st.text(min_size=1, max_size=1500),
    language=st.sampled_from(["en", "es", "ro", "fr"]),
    leaves_at=st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 the zone is drawn beside it
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
    message_id=st.just("<m-1@harbour.example>"),
    reply_to=st.none() | ADDRESSES,
    references=st.lists(st.sampled_from(["<a@b.example>", "<c.d@e.example>"]), max_size=4).map(tuple),
    attachments=st.lists(ATTACHMENTS, max_size=3).map(tuple),
    as_draft=st.booleans(),
)


@given(DRAFTS)
@example(with_invoice_and_code())
@settings(max_examples=250, deadline=None)
def test_any_draft_is_read_back(wanted: Draft) -> None:
    assert_read_back(wanted)
    assert EMAIL.compose(wanted) == EMAIL.compose(dataclasses.replace(wanted))
