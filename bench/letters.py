"""Setting letters: what one of ours costs beside the plainest page of the same content out of the same typesetter.

The floor is one compiler kept, a template of a table, a few paragraphs and a code to pay with that was drawn before, as
PDF/A-2b and untagged by name. Ours is everything a letter costs: wording, kindness check, code, window, slip, PDF/A-2a
and PDF/UA-1. Every case runs in a process of its own.

  python bench/letters.py --letters 1000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from composing import NAMES, occasions
from measure import Clock, compare, measure, report

PAGE = """#import sys: inputs
#set document(title: "Reminder", author: "Example", date: datetime(year: 2026, month: 3, day: 17))
#set page(paper: "a4", margin: 2.2cm)
#let d = json(bytes(inputs.data))
#d.name
#v(3cm)
*Reminder #d.number*

#for n in range(3) [According to our records the invoices below are past their due date. Please transfer the total to
account below. If your payment has crossed this letter, please disregard it. \\ \\ ]
#table(columns: (1fr, auto, auto), [Invoice], [Due], [Open amount], ..d.lines.flatten())
#image(bytes(d.code), width: 3cm, alt: "Payment code")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure({"floor": floor, "ours": ours}, (given.letters,), given.rounds)
    compare(figures, over="floor")
    print(f"setting {given.letters:,} letters")
    report(figures, given.json, letters=given.letters)


def floor(clock: Clock, letters: int) -> None:
    import typst
    import zxingcpp

    drawn = zxingcpp.create_barcode("BCD" * 40, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    code = zxingcpp.write_barcode_to_svg(drawn)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.typ"
        page.write_text(PAGE, "utf-8")
        compiler = typst.Compiler(page, root=folder, ignore_system_fonts=True)

        def write(n: int) -> bytes:
            lines = [[f"F-{n}-{place}", "3 March 2026", "500.00"] for place in (1, 2)]
            data = json.dumps({"name": f"Talleres {n}", "number": f"F-{n}", "lines": lines, "code": code})
            found = compiler.compile(format="pdf", sys_inputs={"data": data}, pdf_standards=["a-2b"])
            assert isinstance(found, bytes)
            return found

        write(0)
        for language in NAMES:
            with clock(language) as noted:
                noted["bytes"] = max(len(write(n)) for n in range(letters))


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
