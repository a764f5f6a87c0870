"""Reads every mail of every story as its recipient would, knowing nothing of the code that wrote it.

Its rules are those of the tone sheet, checked again on the finished bytes: what passed the kindness check must still
be kind, true and complete after attachments, encodings and folding.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import yaml
from babel.numbers import format_currency

import amable.core

TONE = Path(amable.core.__file__).parent / "tone"
HOME = {"es": "es_ES", "ro": "ro_RO", "en": "en_GB", "fr": "fr_FR"}
URGENT = {"es": "URGENTE", "ro": "URGENT", "en": "URGENT", "fr": "URGENT"}


def check_mail(path: Path, mail: EmailMessage, rows: list[dict[str, str]]) -> None:
    """One mail against the rules and against the rows of why.csv that it carries."""
    language = mail["Content-Language"]
    words = said(mail)
    assert "{{" not in words, path
    assert "{%" not in words, path
    sent = [row for row in rows if row["outcome"] == "sent"]
    check_phrases(path, language, words, mail["Subject"])
    late = any(row["step"] == "late_late" for row in sent)
    assert mail["Subject"].startswith(URGENT[language]) == late, path
    if any(row["step"] == "welcome" for row in sent):  # speaks of no invoice, and asks for nothing
        assert not list(mail.iter_attachments()), path
        return
    assert any(row["invoice"] in mail["Subject"] for row in rows), path
    for row in sent:
        amount = shown(row["open_amount"], row["currency"], language)
        if row["rule"] != "listed.credit":
            assert row["invoice"] in words, (path, row["invoice"])
        # Of one invoice with credits set against it, both amounts stand in the table of how the sum is made up.
        assert amount in words or "hold.disputed_part" in row["reason"], (path, row["invoice"], amount)
    if not sent:
        assert "?" not in words, path  # thanks ask nothing


def check_phrases(path: Path, language: str, words: str, subject: str) -> None:
    """No forbidden phrase, no shouting, at most one question."""
    folded = fold(f"{subject}\n{words}")
    for phrase, found in forbidden(language):
        assert not found.search(folded), (path, phrase)
    assert words.count("?") <= 1, path
    assert words.count("!") <= 1, path


@cache
def forbidden(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """The phrases of the tone sheet that no mail may have, and what finds each in a folded text."""
    tone = yaml.safe_load((TONE / f"{language}.yaml").read_text("utf-8"))
    phrases = [phrase for group in tone["forbidden"] for phrase in group["phrases"]]
    assert phrases
    return [(phrase, re.compile(rf"\b{re.escape(fold(phrase))}\b")) for phrase in phrases]


def said(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\u202f", " ").replace("\xa0", " ")


def shown(amount: str, currency: str, language: str) -> str:
    return format_currency(Decimal(amount), currency, locale=HOME[language]).replace("\u202f", " ").replace("\xa0", " ")


def fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def check_folder(folder: Path, read: Callable[[Path], EmailMessage], *, words: bool) -> None:
    """Every mail of the day, and that why.csv and the folder tell the same story.

    `words` is false for hostile values, which may say anything; that they stay values is asserted where they are tried.
    """
    table = folder / "why.csv"
    if not table.exists():
        return
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    carried: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        assert row["reason"], row
        assert bool(row["next_look"]) == (row["outcome"] != "paid"), row
        if row["message"]:
            assert (folder / row["message"]).is_file(), row["message"]
            carried.setdefault(row["message"], []).append(row)
    for path in (folder / "mail").glob("*.eml"):
        name = f"mail/{path.name}"
        assert name in carried, f"{name} is in no row of why.csv"
        mail = read(path)
        assert mail["To"], path
        assert mail["Cc"] is None, path
        assert mail["Bcc"] is None, path
        if words:
            check_mail(path, mail, carried[name])
