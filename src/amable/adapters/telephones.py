"""Telephone numbers as people write them: which number is meant, and whether it can receive text messages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_EXTENSION = re.compile(r"(?<=\d)\s*(?:,|;|/|\b(?:o|or|ou|sau|y|and|et|și|si)\b).*$", re.IGNORECASE)


class Number(NamedTuple):
    """A number in E.164 (`+34612345678`), and whether it is a mobile's, as far as its country tells them apart."""

    e164: str
    mobile: bool


@lru_cache(maxsize=65536)
def number(written: str, country: str) -> Number | None:
    """The number that is meant, None when it is none that can be dialled.

    Without an international prefix it is one of `country`. Of several numbers in one field the first counts.
    """
    import phonenumbers  # noqa: PLC0415 - a tenth of a second, and many ledgers have no numbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType  # noqa: PLC0415

    first = _EXTENSION.sub("", written.strip())
    try:
        parsed = phonenumbers.parse(first, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    kind = phonenumbers.number_type(parsed)
    mobile = kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), mobile)
