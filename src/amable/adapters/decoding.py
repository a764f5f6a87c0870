"""Text out of bytes that do not say how they were written: Unicode first, then the two Windows code pages."""

from __future__ import annotations

import codecs
import re
from itertools import islice, pairwise
from typing import Final, NamedTuple

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# The letters beyond a to z that a language writes, in small; Romanian with the cedillas of the old code page.
_WESTERN: Final = (
    "áéíóúüñçºª",
    "àâæçéèêëîïôœùûüÿ",
    "àáèéìíîòóùú",
    "àçéèíïóòúü",
    "ãáâàçéêíóôõúº",
    "äöüß",
    "åäöéæø",
)
_CENTRAL: Final = (
    "ăâîşţ",
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž",
    "áéíóöőúüű",
    "čćđšž",
    "äöüß",
)
_PAGES: Final = {"cp1252": _WESTERN, "cp1250": _CENTRAL}  # of Windows; the first is the commoner
_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
# Signs both code pages write alike, that may touch a word: euro, quotation marks, dashes, ellipsis, hard space and kin.
_SIGNS: Final = "€‚„…‘’“”•–—™§©«»®°·´¨¬±µ¶¦¤\u00a0\u00ad"
# Between two small letters these stand in no text, and an opening mark after no letter; but letters read from a wrong
# table often look so.
_OUT_OF_PLACE: Final = re.compile("[a-z][‚„…•–—™§©«»®°´¨±µ¶¦¤]+[a-z]|[A-Za-z‚„][‚„]")
_APART: Final = re.compile(f"[{_SIGNS}]+")
_PIECE: Final = 2**20  # bytes
_MOST_WORDS: Final = 5000
_LONGEST_WORD: Final = 64
_MOST_NULS: Final = 0.05
_HEAD: Final = 65_536  # bytes
_NO_TEXT: Final = bytes((*range(9), 11, *range(14, 26), *range(28, 32)))  # what steers machines, and no text holds


class Written(NamedTuple):
    """How a text is written, and the bytes of the mark before it."""

    encoding: str
    mark: int = 0


def decode(data: bytes) -> str | None:
    """The text, or None when no way of reading it gives plausible words: better refused than garbled."""
    found = written(data)
    return None if found is None else data[found.mark :].decode(found.encoding)


def written(data: bytes) -> Written | None:
    """How these bytes are to be read; None when no way gives plausible words. No more than a piece is decoded at once.

    UTF-8, UTF-16 with its mark, else Windows-1252 or Windows-1250, whichever spells more words of one language right;
    a tie is Western, the commoner of the two.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Written(encoding, len(mark)) if _decodes(data, encoding, len(mark)) else None
    if data.count(0) > len(data) * _MOST_NULS:  # UTF-16 without its mark, or not text at all
        return None
    head = data[:_HEAD]
    if len(data) > _HEAD and len(head) - len(head.translate(None, _NO_TEXT)) > _HEAD * _MOST_NULS:
        return None
    if _decodes(data, "utf-8"):
        return Written("utf-8")
    encoding = _windows(data)
    return Written(encoding) if encoding else None


def _decodes(data: bytes, encoding: str, begin: int = 0) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for place in range(begin, len(data), _PIECE):
            decoder.decode(data[place : place + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _windows(data: bytes) -> str:
    pages = {page: of for page, of in _PAGES.items() if _decodes(data[:_PIECE], page)}
    if not pages:  # noise, as a rule: its words need not be looked at
        return ""
    words = set(islice((found[0] for found in _WORD.finditer(data)), 20 * _MOST_WORDS))
    sample = sorted(words)[:_MOST_WORDS]
    encodings = [(page, [_spelt(word, page, alphabets) for word in sample]) for page, alphabets in pages.items()]
    encodings.sort(key=lambda pair: -_best(pair[1]))
    for encoding, spelt in encodings:
        if sum(1 for languages in spelt if languages) * 10 >= len(spelt) * 7 and _decodes(data, encoding):
            return encoding
    return ""


def _best(spelt: list[frozenset[int]]) -> int:
    """How many words the language that explains most of them explains."""
    return max((sum(1 for languages in spelt if number in languages) for number in range(len(_WESTERN))), default=0)


def _spelt(word: bytes, encoding: str, alphabets: tuple[str, ...]) -> frozenset[int]:
    """Which of the languages could have written this word; all of them when nothing but signs is beyond a to z."""
    text = _strict(word, encoding) if len(word) <= _LONGEST_WORD else None
    if text is None or _OUT_OF_PLACE.search(text):
        return frozenset()
    able = set(range(len(alphabets)))
    for part in _APART.split(text):
        letters = _strip_edges(part) if encoding == "cp1252" else part
        if letters is None or _capital_inside(letters):
            return frozenset()
        beyond = {letter for letter in letters.lower() if not letter.isascii()}
        able = {number for number in able if beyond.issubset(alphabets[number])}
    return frozenset(able)


def _strip_edges(part: str) -> str | None:
    """The Western word without `¿ ¡ £` before, ordinals and powers behind; None when `ã` or `õ` stand as in no word.

    Portuguese writes them before `e` and `o` only, Romanian and Hungarian `ă` and `ő` anywhere else.
    """
    part = part.lstrip("¿¡£").rstrip("²³¹½¼¾")
    stem = part.rstrip("ºª")
    if stem != part and len(stem) > 3:
        return None
    if any(letter in stem for letter in "ºª") or re.search("[ãõ](?![oe])", stem.lower()):
        return None
    return stem


def _capital_inside(word: str) -> bool:
    """Whether a special capital follows a small letter, as happens when letters were read from a wrong table."""
    return any(left.islower() and not right.isascii() and right.isupper() for left, right in pairwise(word))
