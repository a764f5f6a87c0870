"""Reads what banks export as tables, CSV or workbooks: their headings in many languages, signs, days and balances.

Nothing about money or days is guessed. The decimal sign and the order of day and month must be proved by the file
(figures, running balance, order of rows, the language of its headings) or said by somebody; and where a table has a
running balance, every row is checked against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from amable.adapters import amounts, dates, movements, tables, workbooks
from amable.adapters.movements import UnusableError, as_iban, reference
from amable.adapters.tables import Figure, Row, Sheet, clean, shown
from amable.adapters.vocabulary import fold
from amable.core import bank_headings, ledger_map
from amable.core.bank_headings import Found
from amable.core.headings import Headings, currency_words
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

_NOT_TABLES: Final = (b"<", b"{", b"[", b"%PDF", b"\x1f\x8b", b":")
_HEAD: Final = 65_536  # bytes in which the headings must stand
_LARGEST_WORKBOOK: Final = 3_000_000  # bytes; a larger one is no bank's
_CLOSE: Final = 31  # days between booking and value, at most, in the reading that is the right one

_PENDING: Final = frozenset(
    ("pending", "pendiente", "vorgemerkt", "umsatz vorgemerkt", "in asteptare", "en attente", "a venir", "authorised",
     "authorized", "retenido", "retenida", "blocat", "autorizado", "autorizada")
)  # fmt: skip
_VOID: Final = frozenset(
    ("reverted", "declined", "failed", "cancelled", "canceled", "rejected", "refunded", "deleted", "cancelado",
     "cancelada", "rechazado", "rechazada", "anulado", "anulada", "respins", "respinsa", "anulat", "anulata", "esuat",
     "annule", "annulee", "refuse", "refusee", "echoue", "abgelehnt", "storniert", "fehlgeschlagen")
)  # fmt: skip
_MONEY_OUT: Final = frozenset(
    ("d", "dr", "debit", "dbit", "db", "s", "soll", "out", "cargo", "cargos", "debe", "adeudo", "af", "debitare",
     "sortie", "ausgang", "belastung", "lastschrift")
)  # fmt: skip
_MONEY_IN: Final = frozenset(
    ("c", "cr", "credit", "crdt", "h", "haben", "in", "abono", "abonos", "haber", "ingreso", "bij", "creditare",
     "entree", "eingang", "gutschrift", "k")
)  # fmt: skip
_SETTINGS: Final = ("dates", "decimal", "currency")


class BankTable:
    """The reader of tables of banks."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content has the headings of a bank, and none of a ledger."""
        if workbooks.recognises(data):
            return len(data) <= _LARGEST_WORKBOOK and _chosen(workbooks.read(data)) is not None
        head = data[:_HEAD]
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_NOT_TABLES):
            return False
        if len(data) > _HEAD:
            head = head[: head.rfind(b"\n") + 1] or head
        return _chosen((tables.read(head, bank_headings.is_heading),)) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statements of the file, one for each account and currency, and a complaint for each row left out."""
        said = ledger_map.read({name: line for name, line in (told or {}).items() if name in _SETTINGS}, ())
        try:
            sheets = _sheets(data)
            chosen = _chosen(sheets)
            if chosen is None:
                return list(sheets[0].complaints) or [Complaint("bank_not_recognised")]
            return _Reading(*chosen, said).read()
        except UnusableError as unusable:
            return [unusable.complaint]


def _sheets(data: bytes) -> tuple[Sheet, ...]:
    if workbooks.recognises(data):
        return workbooks.read(data)
    movements.refuse_many(data, b"\n")
    return (tables.read(data, bank_headings.is_heading),)


def _chosen(sheets: Sequence[Sheet]) -> tuple[Sheet, Found] | None:
    """The first sheet with the headings of a bank."""
    for sheet in sheets:
        if sheet.rows and (found := bank_headings.find(tables.top(sheet))) is not None:
            return sheet, found
    return None


class _Entry(NamedTuple):
    """A row whose day, amount and state could be read. `balance` is what the account held after it."""

    row: Row
    booked: date
    valued: date | None
    amount: Decimal
    balance: Decimal | None
    fee: Decimal
    currency: str
    account: str


class _Reading:
    """One table while it is read."""

    def __init__(self, sheet: Sheet, found: Found, told: ledger_map.LedgerMap) -> None:
        texts = tuple(clean(cell) for cell in sheet.rows[found.row].cells)
        table = tables.below(sheet, Headings(found.row, 1, texts))
        self.sheet, self.headings, self.told, self.day_first = sheet, table.headings, told, found.day_first
        self.rows, self.complaints = table.rows, list(table.complaints)
        self.above = [clean(cell) for row in sheet.rows[: found.row] for cell in row.cells if clean(cell)]
        self.places = _settled(found.places, self.rows)
        self.sign = self.order = ""
        self.named_currency = self._named_currency()
        self.named_account = movements.iban_in("\n".join(self.above))
        self.pending = 0
        self.further: dict[int, list[str]] = {}  # texts of the rows below an entry that only go on with it, by its line

    # --- cells --------------------------------------------------------------------------------------------------------

    def _cell(self, row: Row, role: str) -> str:
        """The first cell of a role that says something."""
        return next((text for place in self.places.get(role, ()) if (text := _at(row, place))), "")

    def _cells(self, row: Row, role: str) -> list[str]:
        return [text for place in self.places.get(role, ()) if (text := _at(row, place))]

    def _heading(self, role: str) -> str:
        place = self.places.get(role, (0,))[0]
        return shown(self.headings[place]) if place < len(self.headings) else ""

    # --- what the whole table proves ----------------------------------------------------------------------------------

    def read(self) -> list[Statement | Complaint]:
        """Settle how the table is written, then read its rows."""
        if not self.rows:
            return self.complaints or [Complaint("bank_no_entries")]  # type: ignore[return-value]
        movements.refuse_too_much(len(self.rows))
        self.sign, question = self._decimal_sign()
        if question is None:
            self.order, question = self._order_of_days()
        if question is not None:
            return [*self.complaints, question]
        entries: list[_Entry] = []
        told, above, refused = 0, 0, 0
        for row in self.rows:
            if above and self._goes_on(row):
                self.further.setdefault(above, []).extend(self._cells(row, "text"))
                continue
            above = row.line
            try:
                entry = self._entry(row)
            except UnusableError as unusable:
                told, refused = told + 1, refused + 1
                self.complaints.append(unusable.complaint)
                movements.refuse_too_much(0, refused)
                continue
            if entry:
                told += 1
                entries.append(entry)
        if self.pending:
            self.complaints.append(Complaint("bank_not_booked", params={"n": self.pending}))
        accounts: dict[tuple[str, str], list[_Entry]] = {}
        for entry in entries:
            accounts.setdefault((entry.account, entry.currency), []).append(entry)
        statements = [self._statement(of_account) for of_account in accounts.values()]
        if not statements and not told:
            return [*self.complaints, Complaint("bank_no_entries")]
        return [*statements, *self.complaints]

    def _decimal_sign(self) -> tuple[str, Complaint | None]:
        """The decimal sign of all figures: said, proved by one of them, or by the running balance."""
        if self.told.decimal:
            return self.told.decimal, None
        votes: Counter[str] = Counter()
        example = ("", "", 0)
        for role in ("amount", "debit", "credit", "balance", "fee"):
            for row in self.rows:
                for text in self._cells(row, role):
                    written = None if isinstance(text, Figure) else amounts.parse(text)
                    if written:
                        votes[written.vote] += 1
                        if written.vote == "?" and not example[0]:
                            example = text, self._heading(role), row.line
        verdict = amounts.settle(votes)
        if verdict.sign or not votes["?"]:
            return verdict.sign or ".", None
        proved = [sign for sign in (",", ".") if self._adds_up(sign)]
        if len(proved) == 1:
            return proved[0], None
        params: dict[str, object] = {"value": shown(example[0]), "heading": example[1], "line": example[2]}
        answers = ("decimal: comma", "decimal: point")
        return "", Complaint("amount_ambiguous", None, example[1], shown(example[0]), params, answers=answers)

    def _adds_up(self, sign: str) -> bool:
        """Whether the running balance goes with the amounts when they are read with this decimal sign."""
        self.sign = sign
        pairs = [(self._amount(row), self._figure(row, "balance")) for row in self.rows]
        whole = [(amount, balance) for amount, balance in pairs if amount is not None and balance is not None]
        return len(whole) > 2 and len(whole) == len(pairs) and bool(_direction(whole))

    def _order_of_days(self) -> tuple[str, Complaint | None]:
        """Which of day and month comes first: said, proved by a date, by the language, or by the order of rows."""
        if self.told.dates:
            return self.told.dates, None
        votes: Counter[str] = Counter()
        example = ("", "", 0)
        for role in ("booked", "valued"):
            for row in self.rows:
                text = self._cell(row, role)
                written = dates.parse(text)
                if written:
                    votes[written.vote] += 1
                    if written.vote == "?" and not example[0]:
                        example = text, self._heading(role), row.line
        verdict = dates.settle(votes)
        if verdict.first or not votes["?"]:
            return verdict.first or "day", None
        if self.day_first:
            return "day", None
        proved = [order for order in ("day", "month") if self._in_order(order)]
        if len(proved) == 1:
            return proved[0], None
        params: dict[str, object] = {"value": shown(example[0]), "heading": example[1], "line": example[2]}
        answers = ("dates: day first", "dates: month first")
        return "", Complaint("dates_ambiguous", None, example[1], shown(example[0]), params, answers=answers)

    def _in_order(self, order: str) -> bool:
        """Whether the rows go on from day to day, or back, when read in this order, and value days are near."""
        self.order = order
        days = [(self._day(row, "booked"), self._day(row, "valued")) for row in self.rows]
        main = [day for booked, valued in days if (day := booked or valued)]
        near = all(abs((booked - valued).days) <= _CLOSE for booked, valued in days if booked and valued)
        ahead = all(one <= other for one, other in pairwise(main))
        back = all(one >= other for one, other in pairwise(main))
        return near and (ahead or back) and len(set(main)) > 1

    # --- a row --------------------------------------------------------------------------------------------------------

    def _entry(self, row: Row) -> _Entry | None:
        """What a row tells; None for one that is not booked, or is no movement at all."""
        state = fold(self._cell(row, "state"))
        if state in _PENDING:
            self.pending += 1
            return None
        if state in _VOID:
            return None
        booked, valued = self._day(row, "booked"), self._day(row, "valued")
        written = self._cell(row, "booked") or self._cell(row, "valued")
        money = self._cells(row, "amount") + self._cells(row, "debit") + self._cells(row, "credit")
        if not written or not money or (booked is None and valued is None and self._is_total(row)):
            if money and not self._is_total(row):
                raise UnusableError(
                    Complaint("bank_no_date", row.line, self._heading("booked"), "", {"amount": money[0]})
                )
            return None
        amount = self._amount(row)
        if amount is None:
            text = shown(money[0])
            raise UnusableError(
                Complaint("bank_not_a_number", row.line, self._heading("amount"), text, {"value": text})
            )
        day = booked or valued
        if day is None or (self._cell(row, "booked") and booked is None):
            params: dict[str, object] = {"value": shown(written), "amount": shown(money[0])}
            raise UnusableError(Complaint("bank_date", row.line, self._heading("booked"), shown(written), params))
        currency = self._currency(row)
        exact = amounts.exact(amount, currency)
        if exact is None:
            params = {"value": shown(money[0]), "currency": currency}
            raise UnusableError(Complaint("bank_precision", row.line, self._heading("amount"), shown(money[0]), params))
        fee = self._figure(row, "fee") or Decimal(0)
        balance = self._figure(row, "balance")
        return _Entry(row, day, valued, exact, balance, abs(fee), currency, self._own(row))

    def _goes_on(self, row: Row) -> bool:
        """Whether a row has neither day nor money, and only goes on with the text of the one above."""
        told = ("booked", "valued", "amount", "debit", "credit", "balance")
        return not any(self._cell(row, role) for role in told) and bool(self._cell(row, "text"))

    def _is_total(self, row: Row) -> bool:
        """Whether a row is a sum or a balance below or between the movements: it has no day."""
        texts = (self._cell(row, role) for role in ("booked", "valued"))
        return not any(dates.parse(text) for text in texts)

    def _day(self, row: Row, role: str) -> date | None:
        written = dates.parse(self._cell(row, role))
        if written is None:
            return None
        return written.month_first if self.order == "month" else written.day_first

    def _amount(self, row: Row) -> Decimal | None:
        """The signed amount: of one column, with a direction beside it, or of a column for each direction."""
        if "debit" in self.places and "credit" in self.places and not self._is_signed():
            out, in_ = self._figure(row, "debit"), self._figure(row, "credit")
            if out and in_:
                return None
            if out is None and in_ is None and (self._cell(row, "debit") or self._cell(row, "credit")):
                return None
            return -abs(out) if out else (in_ or Decimal(0) if in_ is not None or out is not None else None)
        amount = self._figure(row, "amount")
        direction = fold(self._cell(row, "direction"))
        if amount is None or not direction:
            return amount
        if direction in _MONEY_OUT:
            return -abs(amount)
        return abs(amount) if direction in _MONEY_IN else None

    def _is_signed(self) -> bool:
        """Whether one column holds the amounts; columns of a direction may stand beside it and repeat them."""
        return "amount" in self.places and any(self._cell(row, "amount") for row in self.rows[:5])

    def _figure(self, row: Row, role: str) -> Decimal | None:
        text = self._cell(row, role)
        written = amounts.parse(text) if text else None
        if written is None:
            return None
        return written.point if self.sign == "." or isinstance(text, Figure) else written.comma

    def _currency(self, row: Row) -> str:
        """The currency the row says, its amount carries, the headings or the lines above name, or somebody said."""
        told = amounts.the_currency(amounts.currencies(self._cell(row, "currency")))
        if told:
            return told
        for role in ("amount", "debit", "credit"):
            written = amounts.parse(self._cell(row, role))
            if written and written.currencies:
                return amounts.the_currency(written.currencies)
        return self.told.currency or self.named_currency

    def _named_currency(self) -> str:
        columns = [
            self.headings[place]
            for role in ("amount", "debit", "credit", "balance")
            for place in self.places.get(role, ())
        ]
        for texts in (columns, self.above):
            meant = {amounts.the_currency(amounts.currencies(word)) for text in texts for word in currency_words(text)}
            if len(meant - {""}) == 1:
                return (meant - {""}).pop()
        return ""

    def _own(self, row: Row) -> str:
        """The account of the file: a column of it, or the one above the headings."""
        told = self._cell(row, "own")
        if told:
            return as_iban(told) or clean(told)
        return self.named_account

    # --- a statement --------------------------------------------------------------------------------------------------

    def _statement(self, entries: list[_Entry]) -> Statement:
        """The movements of one account in the order of time, checked against the running balance."""
        amount_and_balance = [(entry.amount, entry.balance) for entry in entries]
        less_fees = [(entry.amount - entry.fee, entry.balance) for entry in entries]
        with_fees = any(entry.fee for entry in entries) and not _direction(amount_and_balance) and _direction(less_fees)
        told = less_fees if with_fees else amount_and_balance
        direction = _direction(told)
        opening, closing = _ends(told, direction)
        balances = sum(1 for _, balance in told if balance is not None)
        if not direction and balances > 1:
            self._complain_of_balance(entries, told)
        if direction == "back" or (not direction and entries[0].booked > entries[-1].booked):
            entries = entries[::-1]
        lines = [line for entry in entries for line in self._lines(entry, with_fee=bool(with_fees))]
        return Statement(
            account=entries[0].account,
            currency=entries[0].currency,
            number="",
            lines=tuple(lines),
            opening=opening,
            closing=closing,
            closing_on=max(line.booked_on for line in lines),
        )

    def _complain_of_balance(self, entries: Sequence[_Entry], told: Sequence[tuple[Decimal, Decimal | None]]) -> None:
        """Say at which row the running balance first leaves the amounts."""
        back = entries[0].booked > entries[-1].booked
        breaks = [later for later, fits in enumerate(_steps(told, back=back), 1) if fits is False]
        if breaks:
            self.complaints.append(
                Complaint(
                    "bank_running", entries[breaks[0]].row.line, self._heading("balance"), params={"n": len(breaks)}
                )
            )

    def _lines(self, entry: _Entry, *, with_fee: bool) -> list[StatementLine]:
        row, amount = entry.row, entry.amount
        further = self.further.get(row.line, [])
        texts = [text for text in (*self._cells(row, "text"), *further) if text.strip("-–. ")]
        kinds = " ".join(self._cells(row, "type"))
        words = " ".join(dict.fromkeys(texts)) or kinds
        sides = ("payer", "name", "payee") if amount >= 0 else ("payee", "name", "payer")
        name = next((text for side in sides if (text := self._cell(row, side))), "")
        name = name or self._payer_in_text(row, amount)
        name = name or next((found for text in further if (found := movements.payer_in(text, amount))), "")
        iban = next((found for text in self._cells(row, "iban") if (found := as_iban(text))), "")
        iban = iban or movements.iban_in(words)
        kind = movements.kind_in_words(amount, f"{kinds} {words}")
        number = reference(self._cell(row, "bank_ref"))
        line = StatementLine(
            entry.booked,
            amount,
            entry.currency,
            kind,
            valued_on=entry.valued,
            name=clean(name),
            iban="" if iban == entry.account else iban,
            text=clean(words),
            end_to_end=reference(self._cell(row, "end_to_end")),
            bank_reference=number,
            return_reason=movements.return_reason(f"{kinds} {words}") if kind == "return" else "",
        )
        if not with_fee or not entry.fee:
            return [line]
        return [line, StatementLine(entry.booked, -entry.fee, entry.currency, "charge", bank_reference=number)]

    def _payer_in_text(self, row: Row, amount: Decimal) -> str:
        """The payer that a text begins with, where a line of it ends the name."""
        for place in self.places.get("text", ()):
            cell = row.cells[place] if place < len(row.cells) else ""
            lines = [line.strip() for line in cell.strip().splitlines()]
            begins = " ".join(lines[:2]) if lines and lines[0].upper().endswith((" DE", ":")) else "".join(lines[:1])
            name = movements.payer_in(begins, amount)
            if name:
                return name
        return ""


def _at(row: Row, place: int) -> str:
    if place >= len(row.cells):
        return ""
    cell = row.cells[place]
    return cell if isinstance(cell, Figure) else clean(cell)


def _settled(places: Mapping[str, tuple[int, ...]], rows: Sequence[Row]) -> Mapping[str, tuple[int, ...]]:
    """The places by role, once the values below have told what a name that means two things stands for.

    `Valuta` is a value day to a German bank and a currency to a Romanian one.
    """
    found = {role: list(listed) for role, listed in places.items()}
    for place in set(found.get("valued", ())) & set(found.get("currency", ())):
        texts = [text for row in rows[:200] if (text := _at(row, place))]
        moneys = sum(1 for text in texts if amounts.currencies(text))
        found["valued" if moneys * 2 > len(texts) else "currency"].remove(place)
    return {role: tuple(listed) for role, listed in found.items() if listed}


def _steps(told: Sequence[tuple[Decimal, Decimal | None]], *, back: bool) -> Iterable[bool | None]:
    """For each row but the first: whether the balance goes on from the row before; None where one has no balance."""
    for (before_amount, before), (amount, after) in pairwise(told):
        if before is None or after is None:
            yield None
        else:
            yield before - before_amount == after if back else before + amount == after


def _direction(told: Sequence[tuple[Decimal, Decimal | None]]) -> str:
    """`ahead` or `back`: the order of rows in which every balance follows from the one before; "" for neither."""
    if len(told) == 1:
        return "ahead" if told[0][1] is not None else ""
    for name in ("ahead", "back"):
        steps = list(_steps(told, back=name == "back"))
        if steps and all(fits is True for fits in steps):
            return name
    return ""


def _ends(told: Sequence[tuple[Decimal, Decimal | None]], direction: str) -> tuple[Decimal | None, Decimal | None]:
    """The balances before the first movement and after the last, where the running balance is whole."""
    if not direction:
        return None, None
    first, last = (told[0], told[-1]) if direction == "ahead" else (told[-1], told[0])
    assert first[1] is not None, "every row has a balance"
    return first[1] - first[0], last[1]
