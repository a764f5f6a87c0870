"""Whether a tax number can be one: by the check digits of its country, or of the EU country it begins with."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from stdnum import get_cc_module
from stdnum.eu import vat

# Beside the number for VAT: what businesses of a country also state as theirs.
_OTHERS: Final = {
    "DE": ("stnr",),
    "ES": ("nif", "dni", "nie"),
    "FR": ("siren", "siret"),
    "GB": ("utr",),
    "IE": ("pps",),
    "IT": ("codicefiscale",),
    "RO": ("cf", "cnp", "onrc"),
    "US": ("ein",),
}


def is_plausible(number: str, country: str) -> bool:
    """Whether it can be a tax number of this country; of a country we know nothing of every one can."""
    known = _known(country)
    return not number or not known or any(kind.is_valid(number) for kind in known) or bool(vat.is_valid(number))


def _known(country: str) -> list[Any]:
    value_added = get_cc_module(country, "vat") if country else None
    others = [import_module(f"stdnum.{country.lower()}.{name}") for name in _OTHERS.get(country, ())]
    return [kind for kind in (value_added, *others) if kind is not None]
