"""What a payer needs to pay by transfer: a reference to quote, an account to pay into, and both for a QR code."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

from amable.core.money import Money


class NoReferenceError(ValueError):
    """A number leaves nothing that a bank would carry, or more than the 140 characters it carries."""


# The basic Latin set of SEPA; what the EPC's conversion table (EPC217-08) makes of the signs met in invoice numbers.
_OUTSIDE_SEPA: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_CONVERTED: Final = str.maketrans({"&": "+", "_": "-"})
_LONGEST_REFERENCE: Final = 140

_EEA: Final = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip
_SEPA: Final = _EEA | {"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"}

_LONGEST_NAME: Final = 70
_LARGEST_MINOR: Final = 999_999_999_99
_LARGEST_PAYLOAD: Final = 331  # bytes: QR version 13 at level M


def reference(number: str) -> str:
    """The reference to quote: the invoice's own number in the characters that every SEPA bank carries.

    Letters lose their diacritics and other signs become those of the EPC's conversion table, a full stop when it has
    none, so that the number comes back on the statement as it was quoted. Raises NoReferenceError when neither letter
    nor digit is left, or more than 140 characters: half a reference would be a wrong one.
    """
    cleaned = _on_one_line(_OUTSIDE_SEPA.sub(".", anyascii(_on_one_line(number)).translate(_CONVERTED)))
    if len(cleaned) > _LONGEST_REFERENCE or not any(map(str.isalnum, cleaned)):
        raise NoReferenceError(number)
    return cleaned


def creditor_reference(number: str) -> str | None:
    """The ISO 11649 creditor reference (`RF`, two check digits) of an invoice number, None when it does not fit.

    It holds 1 to 21 Latin letters and digits. Spaces and the separators `- / . _ , :` are left out, so `1-23` and
    `12-3` share one reference: whoever finds an item by it must expect two. A number that is such a reference already
    stays itself.
    """
    bare = re.sub(r"[-\s/._,:]", "", number).upper()
    if not (bare.isascii() and bare.isalnum()):
        return None
    if iso11649.is_valid(bare):
        return bare
    if len(bare) > 21:
        return None
    return f"RF{mod_97_10.calc_check_digits(f'{bare}RF')}{bare}"


def valid_iban(iban: str) -> bool:
    """Whether an IBAN, with or without its spaces, has the form, the length and the check digits of its country."""
    return iban.isascii() and ibans.is_valid(iban)


@lru_cache(maxsize=256)
def show_iban(iban: str) -> str:
    """`ES91 2100 0418 4502 0005 1332`: the groups of four in which people read and copy an IBAN."""
    return str(ibans.format(iban))


@lru_cache(maxsize=256)
def sepa(iban: str) -> bool:
    """Whether this is a valid IBAN of a country in the geographical scope of the SEPA schemes.

    The list is EPC409-09, by the country code an IBAN begins with (the French overseas territories use FR; Guernsey,
    Jersey and the Isle of Man GB), with Albania, Montenegro, Moldova, North Macedonia and Serbia, which joined in 2024
    and 2025. Greenland and the Faroe Islands have IBANs and are outside.
    """
    return valid_iban(iban) and _compact(iban)[:2] in _SEPA


@lru_cache(maxsize=256)
def _compact(iban: str) -> str:
    return str(ibans.compact(iban))


def epc_payload(money: Money, *, name: str, iban: str, quoting: str, bic: str = "") -> str | None:
    """What the QR code of a SEPA transfer says, so that a banking app fills in the form (EPC069-12, version 002).

    `quoting` travels as structured creditor reference when it is one (RF...), else as text cleaned by `reference`.
    A name is cut at the 70 characters SEPA carries. None when there can be no such code: another currency, an amount
    outside 0.01 to 999,999,999.99, no SEPA IBAN, no name or reference, a broken BIC, more than 331 bytes, or an account
    outside the European Economic Area without the BIC that EPC069-12 still demands there.
    """
    payee = _on_one_line(name)[:_LONGEST_NAME].rstrip()
    if money.currency != "EUR" or not 0 < money.minor <= _LARGEST_MINOR or not sepa(iban) or not payee:
        return None
    account = _compact(iban)
    if not (bics.is_valid(bic) if bic else account[:2] in _EEA):
        return None
    try:
        structured, text = (iso11649.compact(quoting), "") if _is_rf(quoting) else ("", reference(quoting))
    except NoReferenceError:
        return None
    amount = f"EUR{money.minor // 100}.{money.minor % 100:02}"
    bank = bics.compact(bic) if bic else ""
    lines = ("BCD", "002", "1", "SCT", bank, payee, account, amount, "", structured, text)
    payload = "\n".join(lines).rstrip("\n")
    return payload if len(payload.encode()) <= _LARGEST_PAYLOAD else None


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


def _is_rf(quoting: str) -> bool:
    return quoting.isascii() and "R" in quoting.upper() and bool(iso11649.is_valid(quoting))
