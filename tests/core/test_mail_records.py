"""What SPF, DKIM and DMARC records come to, by the cases of their standards that creditors meet."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pytest

from amable.core.checkup import Checked, Verdict
from amable.core.mail_records import USUAL_SELECTORS, Texts, dkim, dmarc, spf

LONG, SHORT = (b64encode(b"k" * size).decode() for size in (294, 162))  # RSA of 2048 and 1024 bits


def texts(zone: Mapping[str, list[str]]) -> Texts:
    return lambda name: zone.get(name, [])


def told(checked: Checked) -> str:
    return f"{checked.verdict} {checked.rule}"


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=spf1 include:_spf.mail.example -all"], "ok fine"),
        (["v=spf1 mx a:mail.turia.example/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"], "ok fine"),
        (["V=SPF1 MX -ALL", "google-site-verification=x"], "ok fine"),
        (["v=spf1 redirect=_spf.mail.example"], "ok fine"),
        (["v=spf1 exists:%{i}.spf.example -all"], "ok fine"),
        (["v=spf1 mx"], "look open"),
        (["v=spf1 mx ?all"], "look open"),
        (["v=spf1 +all"], "wrong everybody"),
        (["v=spf1 mx all"], "wrong everybody"),
        ([], "wrong none"),
        (["v=spf10 -all"], "wrong none"),
        (["v=spf1 -all", "v=spf1 mx -all"], "wrong several"),
        (["v=spf1 ipv4:192.0.2.1 -all"], "wrong syntax"),
        (["v=spf1 include:gone.example -all"], "wrong include"),
        (["v=spf1 include:broken.example -all"], "wrong syntax"),
        (["v=spf1 redirect=gone.example"], "wrong include"),
        (["v=spf1 include:many.example -all"], "wrong too_many"),
        (["v=spf1 include:itself.example -all"], "wrong too_many"),
    ],
)
def test_spf(records: list[str], said: str) -> None:
    zone = {
        "turia.example": records,
        "_spf.mail.example": ["v=spf1 ip4:192.0.2.0/24 -all"],
        "broken.example": ["v=spf1 oops -all"],
        "many.example": ["v=spf1 " + " ".join(f"a:host{n}.example" for n in range(10)) + " -all"],
        "itself.example": ["v=spf1 include:itself.example -all"],
    }
    assert told(spf("turia.example", texts(zone))) == said


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (f"v=DKIM1; k=rsa; p={LONG}", "ok fine"),
        (f"p={LONG}", "ok fine"),
        (f"v=DKIM1; k=ed25519; p={b64encode(b'e' * 32).decode()}", "ok fine"),
        (f"v=DKIM1; p={LONG[:100]} {LONG[100:]}", "ok fine"),
        (f"v=DKIM1; k=rsa; p={SHORT}", "look short"),
        ("v=DKIM1; p=", "wrong no_key"),
        ("v=DKIM1; p=***", "wrong no_key"),
    ],
)
def test_dkim_by_its_name(record: str, said: str) -> None:
    zone = texts({"nov26._domainkey.turia.example": [record]})
    assert told(dkim("turia.example", zone, selector="nov26")) == said
    assert told(dkim("turia.example", zone)) == "look not_found"
    assert told(dkim("turia.example", zone, selector="other")) == "wrong none_there"


@pytest.mark.parametrize("selector", USUAL_SELECTORS)
def test_dkim_under_the_usual_names(selector: str) -> None:
    found = dkim("turia.example", texts({f"{selector}._domainkey.turia.example": [f"v=DKIM1; p={LONG}"]}))
    assert (found.verdict, found.params["selector"]) == (Verdict.OK, selector)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ({"_dmarc.mail.turia.example": ["v=DMARC1; p=reject"]}, "ok fine"),
        ({"_dmarc.turia.example": ["v=DMARC1; p=quarantine; rua=mailto:x@turia.example"]}, "ok fine"),
        ({"_dmarc.turia.example": ["v=DMARC1; p=reject; sp=none"]}, "look watching"),
        ({"_dmarc.mail.turia.example": ["v=DMARC1; p=none; sp=reject"]}, "look watching"),
        ({"_dmarc.mail.turia.example": ["v=DMARC1; p=none"], "_dmarc.turia.example": ["v=DMARC1; p=reject"]},
         "look watching"),
        ({"_dmarc.example": ["v=DMARC1; p=reject"]}, "look none"),  # nobody's own
        ({}, "look none"),
        ({"_dmarc.turia.example": ["v=spf1 -all"]}, "look none"),
        ({"_dmarc.turia.example": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}, "wrong several"),
        ({"_dmarc.turia.example": ["v=DMARC1; rua=mailto:x@turia.example"]}, "wrong syntax"),
        ({"_dmarc.turia.example": ["v=DMARC1; p=refuse"]}, "wrong syntax"),
    ],
)  # fmt: skip
def test_dmarc(zone: Mapping[str, list[str]], said: str) -> None:
    assert told(dmarc("mail.turia.example", texts(zone))) == said
