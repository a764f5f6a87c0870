"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk

_LEDGERS = Path(__file__).resolve().parents[1] / "samples" / "ledgers"
_WRONG = (
    "Cliente;Nº factura;Vto.;Importe;Pdte.\nBar Sol;A-1;2026-03-25;90,00;90,00\nBar Luna;A-2;;1.0.0;x\n"
    "Bar Luna;;2026-13-45;10,00;10,00\n"
)
_FILES = {
    **{name: (_LEDGERS / name).read_bytes() for name in ("holded.xlsx", "ask_dates.csv", "no_ledger.csv")},
    "con errores.csv": _WRONG.encode(),
    "extracto.xml": max(
        (one for one in files("amable.sample").joinpath("statements").iterdir()), key=lambda one: one.name[-14:]
    ).read_bytes(),
}


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    given = {name: desk.page("file", file=desk.file(data, name)) for name, data in _FILES.items()}
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "files": desk.page("files"),
        "file-ready": given["holded.xlsx"],
        "file-asks": given["ask_dates.csv"],
        "file-rejected": given["con errores.csv"],
        "file-unusable": given["no_ledger.csv"],
        "file-bank": given["extracto.xml"],
    }
