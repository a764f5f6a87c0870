"""Which of the numbers an invoice gives of a company are its tax numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

_FEWEST_FIGURES: Final = 3


def tax_numbers(stated: Iterable[str], others: Iterable[str], country: str) -> tuple[str, ...]:
    """The numbers stated as tax numbers, then of the others those that can be one of the country.

    Where a number belongs some programs write words ("approved for F-tax"): what has hardly a figure is none.
    """
    found = [number for number in stated if sum(map(str.isdigit, number)) >= _FEWEST_FIGURES]
    module = get_cc_module(country, "vat") if country else None
    if module is not None:
        found += [number for number in others if number and _is_valid(module, number)]
    return tuple(dict.fromkeys(found))


def _is_valid(module: object, number: str) -> bool:
    try:
        return bool(module.is_valid(number))  # type: ignore[attr-defined]
    except (ValidationError, ValueError):
        return False
