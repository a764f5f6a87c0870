"""Whether mail of a domain is believed: what its SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989) records say.

Only what is published is judged. Which of a provider's servers a mail will leave from is not known before it leaves.
`Texts` gives the TXT records of a name, none when there are none.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from amable.core.checkup import Checked, Verdict

Texts = Callable[[str], Sequence[str]]

# The names by which the large providers and the usual programs sign.
USUAL_SELECTORS: Final = (
    "google", "selector1", "selector2", "default", "dkim", "mail", "smtp", "s1", "s2", "k1", "k2", "k3", "key1",
    "fm1", "fm2", "fm3", "sig1", "protonmail", "protonmail2", "protonmail3", "zoho", "zmail", "ovh", "mxvault",
    "mandrill", "pm", "mailjet", "brevo1", "brevo2", "everlytickey1", "x",
)  # fmt: skip

_SPF_TERM: Final = re.compile(
    r"[+?~-]?(?:all|(?:include|exists):\S+|(?:a|mx|ptr)(?::[^\s/]+)?(?:/\d+)?(?://\d+)?|ip[46]:[0-9A-Fa-f.:/]+)"
    r"|[A-Za-z][A-Za-z0-9._-]*=\S*"
)
_ASKS: Final = re.compile(r"[+?~-]?(?:include|exists|a|mx|ptr)(?:[:/]|$)|redirect=")
_MOST_ASKED: Final = 10  # RFC 7208, 4.6.4
_POLICIES: Final = frozenset({"none", "quarantine", "reject"})
_RSA_2048: Final = 270  # bytes of a key of 2048 bits are a few more than this, of 1024 bits far fewer


def spf(domain: str, texts: Texts) -> Checked:
    """Whether receivers can tell which servers may send for the domain."""
    found = _spf_records(texts(domain))
    if len(found) != 1:
        return _wrong("spf", "several" if found else "none", domain=domain)
    reading = _Spf(texts)
    if wrong := reading.wrong_with(domain, found[0]):
        return wrong
    if reading.asked > _MOST_ASKED:
        return _wrong("spf", "too_many", domain=domain, n=reading.asked, most=_MOST_ASKED)
    if reading.all == "+":
        return _wrong("spf", "everybody", domain=domain)
    if reading.all in ("", "?"):
        return Checked("spf", Verdict.LOOK, "open", {"domain": domain})
    return Checked("spf", Verdict.OK, "fine", {"domain": domain})


def _spf_records(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


class _Spf:
    """One evaluation: how many names it asks for, and what it says of everybody else."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.asked = 0
        self.all = ""

    def wrong_with(self, domain: str, record: str, *, included: bool = False) -> Checked | None:
        """What is wrong with a record or one it includes, as far as names may be asked for."""
        redirect = ""
        for term in record.split()[1:]:
            if not _SPF_TERM.fullmatch(term.lower()):
                return _wrong("spf", "syntax", domain=domain, term=term)
            word = term.lower().lstrip("+?~-")
            self.asked += bool(_ASKS.match(term.lower()))
            if word == "all" and not included:
                self.all = term[0] if term[0] in "+?~-" else "+"
            if word.startswith("redirect="):
                redirect = word.removeprefix("redirect=")
            if word.startswith("include:") and (wrong := self.follow(word.removeprefix("include:"), included=True)):
                return wrong
        return self.follow(redirect, included=included) if redirect and not self.all else None

    def follow(self, name: str, *, included: bool) -> Checked | None:
        if "%" in name or self.asked > _MOST_ASKED:  # a macro depends on the mail
            return None
        found = _spf_records(self.texts(name))
        if len(found) != 1:
            return _wrong("spf", "include", name=name)
        return self.wrong_with(name, found[0], included=included)


def dkim(domain: str, texts: Texts, *, selector: str = "") -> Checked:
    """Whether a key is published by which receivers can check the signature of the domain's mail.

    The names of keys cannot be listed: without a `selector` the usual ones are tried, and finding none proves nothing.
    """
    for name in (selector,) if selector else USUAL_SELECTORS:
        record = next((text for text in texts(f"{name}._domainkey.{domain}") if "p=" in text.replace(" ", "")), "")
        if not record:
            continue
        place = {"domain": domain, "selector": name}
        key = _key(_tags(record).get("p", ""))
        if key is None:
            return _wrong("dkim", "no_key", **place)
        if _tags(record).get("k", "rsa") == "rsa" and len(key) < _RSA_2048:
            return Checked("dkim", Verdict.LOOK, "short", place)
        return Checked("dkim", Verdict.OK, "fine", place)
    if selector:
        return _wrong("dkim", "none_there", domain=domain, selector=selector)
    return Checked("dkim", Verdict.LOOK, "not_found", {"domain": domain})


def _key(written: str) -> bytes | None:
    """The bytes of a key; None when it was withdrawn (empty) or is none."""
    try:
        return b64decode("".join(written.split()), validate=True) or None
    except ValueError:
        return None


def dmarc(domain: str, texts: Texts) -> Checked:
    """What receivers are asked to do with mail that only pretends to be of the domain."""
    labels = domain.split(".")
    for place in range(max(1, len(labels) - 1)):  # the domain, else the one it is part of (RFC 9989, 4.10)
        name = ".".join(labels[place:])
        found = [text for text in texts(f"_dmarc.{name}") if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
        if not found:
            continue
        if len(found) > 1:
            return _wrong("dmarc", "several", domain=name)
        tags = _tags(found[0])
        policy = (tags.get("sp") if place else None) or tags.get("p", "")
        if policy.lower() not in _POLICIES:
            return _wrong("dmarc", "syntax", domain=name)
        if policy.lower() == "none":
            return Checked("dmarc", Verdict.LOOK, "watching", {"domain": name})
        return Checked("dmarc", Verdict.OK, "fine", {"domain": name, "policy": policy.lower()})
    return Checked("dmarc", Verdict.LOOK, "none", {"domain": domain})


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _wrong(check: str, rule: str, **params: object) -> Checked:
    return Checked(check, Verdict.WRONG, rule, params)
