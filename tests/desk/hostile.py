"""Lines that nobody means well by, pages taken apart into elements and forms, and what a form holds when it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import html

import amable.desk
from tests.material import material

TEMPLATES: Final = Path(amable.desk.__file__).parent / "templates"

# What would open an element or add an attribute if any page forgot to escape it, wherever the line stands in it.
CANARY: Final = "</textarea></script></title></style>--><canary a=1>'canary=1 \"canary=1 canary=1 "
_OURS: Final = (
    "ﬀ \u202eright to left\u202c \u200b\ufeff \U0001f469\u200d\U0001f469\u200d\U0001f467 Z\u0351\u0300\u0489",
    "{{ request.user.password }}{% debug %}{% load x %}${7*7}#{7*7}%(name)s%s{0}{creditor.name}",
    "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\x1f\x7f\ufffe\uffff\ud7ff\ue000",
    "9" * 5_000,
    "-" * 300 + "1" + "," * 300,
    "1e309", "-1", "0", "00", "٣", "²", "½", "１２", "1_0", "+1", " 1 ", "NaN", "Infinity", "0x1F", "9" * 19, "9" * 9,
    "2026-02-30", "9999-12-31", "0001-01-01", "10000-01-01", "2026-3-1", "20260317", "2026-W12-2", "-0001-01-01",
)  # fmt: skip


def lines() -> list[str]:
    """Every line of the material, and some of ours."""
    found: list[str] = json.loads(material("strings", "blns.json").read_text("utf-8"))
    for path in sorted(material("strings").iterdir()):
        if path.suffix != ".json":
            found += path.read_text("utf-8").split("\n")
    return [line for line in dict.fromkeys((*found, *_OURS)) if line]


def batches(most: int, between: str = "\n") -> list[str]:
    """All lines, as few texts as hold at most so many characters; a longer line stands by itself."""
    found: list[str] = []
    for line in lines():
        if found and len(found[-1]) + len(between) + len(line) <= most:
            found[-1] += between + line
        else:
            found.append(line)
    return found


# --- pages -----------------------------------------------------------------------------------------------------------


@cache
def written() -> set[str]:
    """The kinds of elements and attributes that our templates write."""
    found: set[str] = set()
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text("utf-8")
        found |= {f"<{tag}" for tag in re.findall(r"<([a-z][a-z0-9]*)", text)}
        found |= {
            f"{name}=" for name in re.findall(r"[\s}]([a-z][a-z-]*)(?=[=\s>{])", text) if not name.startswith("on")
        }
    return found


_ADDRESSES: Final = ("href", "src", "action", "formaction", "data", "poster", "hx-get", "hx-post", "srcdoc", "content")


class Page:
    """An answer as a browser reads it."""

    def __init__(self, content: bytes) -> None:
        self.root: Any = html.document_fromstring(content.decode().replace("\0", "\ufffd"))

    @property
    def parts(self) -> set[str]:
        """The kinds of its elements (`<b`) and of their attributes (`href=`)."""
        found: set[str] = set()
        for one in self.root.iter():
            if isinstance(one.tag, str):
                found |= {f"<{one.tag}", *(f"{name}=" for name in one.attrib)}
        return found

    @property
    def leading(self) -> set[tuple[str, str]]:
        """Where addresses of the page lead outside of it, or do something: scheme and host."""
        found = set()
        for one in self.root.iter():
            for name in _ADDRESSES if isinstance(one.tag, str) else ():
                if (address := one.get(name)) is not None and (name != "content" or "refresh" in str(one.attrib)):
                    found.add(_outside(address))
        return found - {("", "")}

    @property
    def handlers(self) -> list[str]:
        """Attributes that would run something."""
        names = (name for one in self.root.iter() if isinstance(one.tag, str) for name in one.attrib)
        return [name for name in names if name.startswith("on")]

    def asking(self, at: str) -> set[str]:
        """The links that ask for something by words."""
        found = {str(one.get("href")) for one in self.root.iter("a") if "?" in (one.get("href") or "")}
        return {address if address.startswith("/") else urljoin(at, address) for address in found}

    def forms(self, at: str) -> list[Form]:
        """What can be filled in and sent."""
        return [_form(one, at) for one in self.root.forms]


def _outside(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address.strip("".join(map(chr, range(33)))))
    except ValueError:
        return ("unreadable", address)
    return (parts.scheme, parts.netloc)


class Field(NamedTuple):
    """A field of a form. `kind` is the type of an input, else `textarea`, `select` or `button`."""

    name: str
    kind: str
    values: tuple[str, ...]
    choices: tuple[str, ...]
    most: int
    required: bool


class Form(NamedTuple):
    """A form: where it goes, what it holds, and the buttons that send it, with their name and value."""

    address: str
    method: str
    fields: tuple[Field, ...]
    buttons: tuple[tuple[str, str, str], ...]

    @property
    def shape(self) -> Any:
        """What makes it another form: neither its values nor which row of a list it belongs to."""
        names = (self.address, *(field.name for field in self.fields), *(part for one in self.buttons for part in one))
        return (self.method, *(re.sub(r"\d+", "#", name) for name in names))


TYPED: Final = ("text", "textarea", "search", "tel", "url", "password", "hidden-text")


def _form(form: Any, at: str) -> Form:
    fields: dict[str, Field] = {}
    buttons: list[tuple[str, str, str]] = []
    inside = list(form.iter("input", "select", "textarea", "button"))
    if form.get("id"):
        inside += form.getroottree().xpath("//*[@form=$id]", id=form.get("id"))
    for one in inside:
        name = one.get("name") or ""
        kind = one.get("type", "text") if one.tag == "input" else one.tag
        if one.tag == "button" or kind == "submit":
            buttons.append((name, one.get("value") or "", one.get("formaction") or ""))
        elif name:
            fields[name] = _field(one, name, kind, fields.get(name))
    address = urlsplit(form.get("action") or at)
    method = (form.get("method") or "get").lower()
    return Form(address.geturl(), method, tuple(fields.values()), tuple(dict.fromkeys(buttons)) or (("", "", ""),))


def _field(one: Any, name: str, kind: str, before: Field | None) -> Field:
    if kind == "select":
        choices = tuple(option.get("value", option.text or "") for option in one.iter("option"))
        chosen = tuple(
            option.get("value", option.text or "")
            for option in one.iter("option")
            if option.get("selected") is not None
        )
        values = chosen or choices[:1]
    elif kind in ("radio", "checkbox"):
        value = one.get("value", "on")
        choices = (*(before.choices if before else ()), value)
        values = (*(before.values if before else ()), *((value,) if one.get("checked") is not None else ()))
    else:
        choices, values = (), ((one.text or "") if kind == "textarea" else one.get("value", ""),)
    return Field(name, kind, values, choices, int(one.get("maxlength") or 0), one.get("required") is not None)


def filled(form: Form, button: tuple[str, str, str], day: str) -> dict[str, list[str]]:
    """What somebody sends who fills in what is empty, sensibly, and presses a button."""
    found = {field.name: list(_sensible(field, day)) for field in form.fields}
    if button[0]:
        found[button[0]] = [button[1]]
    return {name: values for name, values in found.items() if values}


def _sensible(field: Field, day: str) -> Iterator[str]:
    values = tuple(value for value in field.values if value)
    if field.kind == "file" or (field.kind == "checkbox" and not field.choices):
        return
    if values:
        yield from values
    elif field.kind == "date":
        yield day
    elif field.kind == "email":
        yield "ana@miro.example"
    elif field.kind == "number":
        yield "3"
    elif field.choices:
        yield next((choice for choice in field.choices if choice), "")
    else:
        yield from field.values


def queried(address: str) -> list[str]:
    """The words an address asks by."""
    return [name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)]
