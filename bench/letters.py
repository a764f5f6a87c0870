"""Setting letters: what one of ours costs beside a plain letter of the same content out of the same typesetter.

The floor is one compiler kept and a bare template: sender, address in the window, a paragraph, the same invoices in a
table, account and reference, a code to pay with drawn for each letter, regards; PDF 1.7. "floor archivable" is the same
as PDF/A-2a and PDF/UA-1. Ours is everything a letter costs: wording, kindness check, code, window, slip, PDF/A-2a and
PDF/UA-1. Every case runs in a process of its own.

  python bench/letters.py --letters 1000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from composing import NAMES, occasions
from measure import Clock, compare, measure, report

Row = tuple[str, str, str, str]
Plain = Callable[[int, Sequence[Row]], bytes]

ARCHIVABLE = ("a-2a", "ua-1")
_PAGE = """#import sys: inputs
#set document(title: "Payment reminder", author: "Example Ltd", date: datetime(year: 2026, month: 3, day: 17))
#set page(paper: "a4", margin: (x: 2.2cm, y: 2cm))
#set text(size: 10.5pt, lang: "en")
#let d = json(bytes(inputs.data))
#align(right)[Example Ltd \\ Street 1 \\ 12345 Town \\ 17 March 2026]
#place(top + left, dy: 37mm)[#d.name \\ Street #d.street \\ 54321 City]
#v(58mm)
*Payment reminder #d.ref*
#v(4mm)
Dear #d.name,

according to our records the invoices listed below are past their due date and have not been paid in full. Please
transfer the total by #d.deadline to the account below. If your payment has crossed this letter, please disregard it.
#v(4mm)
#table(columns: (1fr, auto, auto, auto), align: (left, left, right, right), stroke: 0.5pt + gray,
  table.header([Invoice], [Due], [Days late], [Open amount]),
  ..d.lines.map(l => l.map(x => [#x])).flatten(),
  table.cell(colspan: 3)[*Total*], [*#d.total EUR*])
#v(4mm)
#grid(columns: (1fr, 3.5cm), [IBAN DE02 1203 0000 0000 2020 51 \\ BIC DEUTDEFFXXX \\ Reference #d.ref],
  image(bytes(d.code), width: 3.2cm, alt: "Payment code"))
#v(6mm)
Kind regards \\ Example Ltd
"""


@contextmanager
def plain(standards: Sequence[str]) -> Iterator[Plain]:
    """What sets the n-th plain letter about some invoices (number, due, days late, amount); one is set beforehand."""
    import typst
    import zxingcpp

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.typ"
        page.write_text(_PAGE, "utf-8")
        compiler = typst.Compiler(page, root=folder, ignore_system_fonts=True)

        def write(n: int, rows: Sequence[Row]) -> bytes:
            payload = (
                f"BCD\n002\n1\nSCT\nDEUTDEFFXXX\nExample Ltd\nDE02120300000000202051\nEUR{500 + n}.50\n\n\nR-{n:06}"
            )
            drawn = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
            data = {
                "name": f"Talleres {n}", "street": str(n), "ref": f"R-{n:06}", "deadline": "30 March 2026",
                "lines": rows, "total": f"{500 + n}.50", "code": zxingcpp.write_barcode_to_svg(drawn),
            }  # fmt: skip
            found = compiler.compile(format="pdf", sys_inputs={"data": json.dumps(data)}, pdf_standards=list(standards))
            assert isinstance(found, bytes)
            return found

        write(0, [("F-0", "3 March 2026", "14", "500.50")])
        yield write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure({"floor": floor, "floor archivable": archivable, "ours": ours}, (given.letters,), given.rounds)
    for figure in figures:
        figure.notes["CPU ms a letter"] = round(figure.cpu_s / given.letters * 1000, 2)
    compare(figures, over="floor")
    print(f"setting {given.letters:,} letters")
    report(figures, given.json, letters=given.letters)


def floor(clock: Clock, letters: int) -> None:
    _floor(clock, letters, ())


def archivable(clock: Clock, letters: int) -> None:
    _floor(clock, letters, ARCHIVABLE)


def _floor(clock: Clock, letters: int, standards: Sequence[str]) -> None:
    with plain(standards) as write:
        for language in NAMES:
            with clock(language) as noted:
                noted["bytes"] = max(len(write(n, _rows(n))) for n in range(letters))
                noted["letters"] = letters


def _rows(n: int) -> list[Row]:
    """One to four invoices, as many as ours lists."""
    return [
        (f"F-{n}-{place}", f"{1 + (n * 7 + place * 5) % 28} February 2026", str(14 + n % 30), f"{50 + n * 79 % 900}.29")
        for place in range(1, 2 + n % 4)
    ]


def ours(clock: Clock, letters: int) -> None:
    from amable.core.procedure import Act

    with occasions(Act.LETTER) as occasion:
        from amable.correspondence.composing import Composed, compose

        compose(occasion(0, "fr"))
        for language in NAMES:
            with clock(language) as noted:
                written = [compose(occasion(n, language)) for n in range(letters)]
                noted["bytes"] = max(len(one.data) for one in written if isinstance(one, Composed))
                noted["letters"] = sum(isinstance(one, Composed) for one in written)


if __name__ == "__main__":
    main()
