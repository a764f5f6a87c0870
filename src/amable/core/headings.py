"""Which heading of somebody's table is which of our columns: guessed from names in four languages and from values.

A heading is turned into the ideas its words stand for (`Fecha Vto.` is a date and due, `Reste à payer` is open), and
each of our columns says which ideas make it up. What the values below it cannot be, a heading does not mean. Nothing
about money, dates or people is guessed from values alone, and between two equal candidates nobody chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from anyascii import anyascii

LOOKED_AT: Final = 60  # rows; a heading further down than that is none

_IDEAS: Final[Mapping[str, str]] = {
    "no": "no nr num number numero numar numarul n nro ndeg",
    "code": "code codigo cod codul id identifier identificador key clave",
    "ref": "ref reference referencia referinta",
    "account": "account cuenta cta cont contul compte acct ac subcuenta",
    "customer": "customer customers cliente clientes client clients clientul clientului debtor debiteur buyer tercero "
    "partner partener partenerul deudor debitor cumparator acheteur tiers comprador beneficiar party",
    "company": "company empresa firma compania companie societe entreprise societate business organisation",
    "contact": "contact contacto",
    "person": "person persona persoana personne attention attn atencion interlocuteur",
    "name": "name nombre nom nume numele denumire denumirea razon social raison sociale denominacion intitule display",
    "invoice": "invoice invoices inv factura facturas facturii facturi fact fra fras fac facture factures bill",
    "document": "document documento documentul doc docum piece pieza voucher comprobante justificante transaction",
    "series": "serie series seria",
    "type": "type tipo tip",
    "date": "date fecha data datei fec fch f dt day dia ziua",
    "issue": "issue issued emision emitida emitere emiterii emisa emission expedicion creation created creacion "
    "facturacion posting",
    "due": "due vencimiento vto vcto venc vence scadenta scadentei scadent echeance ech maturity",
    "limit": "limit limita limite deadline tope",
    "terms": "terms term plazo plazos termen termene delai delais condiciones conditions conditii",
    "days": "days dias zile jours",
    "amount": "amount importe suma sum montant valor valoare valoarea monto value cuantia amt",
    "total": "total totala totale ttc gross bruto brut grand",
    "open": "open outstanding unpaid pendiente pdte pend rest restant restante reste ramas saldo sold soldul solde "
    "balance impaye impayes neincasat neincasata neachitat neachitata residual remaining owed owing adeudado",
    "paid": "paid pagado pagada cobrado cobrada incasat incasata achitat achitata platit platita regle reglee paye "
    "payee encaisse received settled cobro cobros incasari incasare incasarii encaissement",
    "pay": "pay payment pago pagos pagar payer paiement plata cobrar achita payable reglement reglements",
    "method": "method forma metodo medio modalitate mod mode modo moyen",
    "taxed": "iva tva vat tax taxes taxe impuesto impuestos impozit igic "
    "retencion irpf recargo descuento discount remise reducere cuota",
    "untaxed": "base imponible baza ht subtotal net neto neta untaxed excluding excluded hors fara excl sin without",
    "books": "receivable nominal gl",
    "corrected": "rectificada rectificado rectifica rectified rectifiee corrected corrige corrigee corectata stornata",
    "fiscal": "nif cif dni nie cui vatin siren siret fiscal fiscala fiscale cnp trn",
    "email": "email mail correo courriel electronico electronica mails",
    "phone": "phone telephone telefono telefon tel tfno tlf movil mobile mobil portable gsm celular",
    "address": "address direccion adresa adresse domicilio street calle strada rue sediu",
    "country": "country pais tara pays",
    "language": "language idioma limba langue lang",
    "currency": "currency moneda divisa devise valuta monnaie",
    "order": "order po lpo pedido comanda commande purchase bon",
    "text": "description descripcion descriere concepto libelle objet designation concept memo explicatii subject "
    "detalle observaciones",
    "manager": "manager comercial vendedor agent agente salesperson commercial vendeur representante responsable owner "
    "sales rep",
    "status": "status estado stare statut etat situacion situation starea",
    "instalment": "instalment installment rata tranche",
    "disputed": "disputed dispute disputa litigio litigiu litige",
    "promise": "promise promised promesa promisiune promesse",
    "segment": "segment segmento category",
    "late": "overdue vencido vencida vencidos atraso retraso retard intarziere intarziate depasire demora past age "
    "aging ageing antiguedad vechime late",
    "expected": "expected exp prevista previsto prevu prevue planned estimada estimado reminder recordatorio last "
    "ultimo ultima dernier start end from to desde hasta credit tracking",
    "line": "line linea linie ligne inventory item articulo articol article unit unitario quantity qty cantidad "
    "cantitate quantite price precio pret prix rate tarif sku",
    "included": "incluido incluida incl included inclus incluse inclusa con cu avec",
}  # fmt: skip
_IDEA_OF: Final = {word: idea for idea, words in _IDEAS.items() for word in words.split()}
_EMPTY_WORDS: Final = (
    "de del la el los las the of du des le les l d a al au aux in en pe din si y et and un una per por para"
)
_MONEYS: Final = "lei eur ron usd gbp euro euros chf mdl"
_SIGNED: Final = "signed signo semn signe"  # an amount whose credit notes carry a minus
_SILENT: Final = frozenset((*_EMPTY_WORDS.split(), *_MONEYS.split(), *_SIGNED.split()))
# What changes nothing about a heading's meaning when it stands beside it.
_HARMLESS: Final = frozenset(("invoice", "document", "customer", "contact", "company"))
# What makes a heading mean something else, unless the meaning is made of it.
_OTHERWISE: Final = frozenset(
    ("taxed", "untaxed", "late", "expected", "type", "fiscal", "ref", "order", "manager", "series", "days", "line",
     "corrected", "books")
)  # fmt: skip
# What no question about another column offers.
_ANOTHER: Final = frozenset(("taxed", "untaxed", "line", "late"))

_DATE: Final = "date"
_AMOUNT: Final = "amount"


class _Way(NamedTuple):
    """One way of naming a column: its ideas, how sure that is, and what its values must look like."""

    ideas: frozenset[str]
    sure: float
    kind: str


def _ways(kind: str, *pairs: tuple[str, float]) -> tuple[_Way, ...]:
    return tuple(_Way(frozenset(ideas.split()), sure, kind) for ideas, sure in pairs)


_COLUMNS: Final[Mapping[str, tuple[_Way, ...]]] = {
    "customer_id": (
        *_ways("", ("customer no", 1), ("customer code", 1), ("customer account", 1), ("account no", 0.9)),
        *_ways("", ("account code", 0.9), ("contact no", 0.9), ("contact account", 0.95), ("customer ref", 0.8)),
        *_ways("", ("account", 0.75)),
        *_ways("repeated", ("code", 0.54)),  # one that every row has for itself is the row's, not the customer's
        *_ways("whole", ("customer", 0.92)),
        *_ways("coded", ("customer", 0.91)),
    ),
    "customer_name": (
        *_ways("words", ("customer name", 1), ("company name", 1), ("customer", 0.9), ("name", 0.85)),
        *_ways("words", ("company", 0.8), ("contact name", 0.8), ("contact", 0.75), ("account name", 0.9)),
    ),
    "contact_name": _ways("words", ("contact person", 1), ("contact name", 0.7), ("person", 0.7), ("contact", 0.6)),
    "email": _ways("email", ("email", 1)),
    "phone": _ways("", ("phone", 1)),
    "address": _ways("words", ("address", 0.9)),
    "language": _ways("language", ("language", 1)),
    "country": _ways("country", ("country", 1)),
    "tax_id": _ways(
        "", ("fiscal", 1), ("fiscal no", 1), ("fiscal code", 1), ("taxed no", 1), ("taxed code", 1), ("taxed fiscal", 1)
    ),
    "segment": _ways("words", ("segment", 0.9)),
    "account_manager": _ways("words", ("manager", 0.9), ("account manager", 1)),
    "account_manager_email": _ways("email", ("manager email", 1), ("account manager email", 1)),
    "payment_method": _ways("words", ("pay method", 1), ("method", 0.6), ("paid method", 0.9)),
    "invoice_number": (
        *_ways("", ("invoice no", 1), ("document no", 0.9), ("invoice ref", 0.85), ("invoice code", 0.9)),
        *_ways("", ("invoice", 0.9), ("document", 0.85), ("no", 0.7), ("document invoice", 0.95)),
        *_ways("unique", ("code", 0.55)),
        *_ways("", ("invoice document no", 1), ("series no", 0.98), ("invoice series no", 1), ("ref", 0.55)),
    ),
    "series": _ways("", ("series", 0.9), ("invoice series", 1), ("document series", 1)),
    "instalment": (*_ways("", ("instalment", 0.9)), *_ways("whole", ("due no", 0.9), ("due", 0.6))),
    "po_number": _ways("", ("order no", 1), ("order", 0.8), ("customer order", 0.9), ("order ref", 0.9)),
    "description": _ways("words", ("text", 0.9)),
    "issue_date": (
        *_ways(_DATE, ("issue date", 1), ("invoice date", 0.95), ("document date", 0.9), ("date", 0.8)),
        *_ways(_DATE, ("invoice", 0.6), ("issue", 0.9)),
    ),
    "due_date": (
        *_ways(_DATE, ("due date", 1), ("due", 0.95), ("limit date", 0.85), ("pay limit", 0.85), ("terms", 0.8)),
        *_ways(_DATE, ("pay limit date", 0.95), ("due pay date", 0.95), ("terms pay", 0.9), ("pay terms date", 0.9)),
    ),
    "terms_days": (
        *_ways("days", ("terms days", 1), ("pay terms days", 1), ("terms", 0.8), ("pay terms", 0.95)),
        *_ways("days", ("due days", 0.9), ("pay days", 0.8)),
    ),
    "currency": _ways("currency", ("currency", 1)),
    "total": (
        *_ways(_AMOUNT, ("total", 0.95), ("total amount", 1), ("amount", 0.8), ("invoice amount", 0.95)),
        *_ways(_AMOUNT, ("invoice total", 1), ("document amount", 0.95), ("invoice total amount", 1)),
        *_ways(_AMOUNT, ("taxed included total", 0.95), ("taxed included amount", 0.9), ("taxed included", 0.7)),
    ),
    "open_amount": (
        *_ways(_AMOUNT, ("open", 0.95), ("open amount", 1), ("open total", 0.9), ("due amount", 0.95)),
        *_ways(_AMOUNT, ("open due", 1), ("open pay", 1), ("due", 0.85), ("pay amount", 0.7), ("open paid", 0.9)),
        *_ways(_AMOUNT, ("open pay amount", 1), ("due total", 0.8), ("open pay total", 0.9), ("open due amount", 1)),
    ),
    "paid_amount": _ways(_AMOUNT, ("paid", 0.9), ("paid amount", 1), ("paid total", 0.9), ("paid pay", 0.85)),
    "settled_date": _ways(_DATE, ("paid date", 1), ("paid pay date", 0.9), ("paid", 0.8)),
    "status": _ways("words", ("status", 1), ("pay status", 1), ("paid status", 1), ("open paid", 0.5)),
    "document_type": _ways("words", ("document type", 1), ("invoice type", 0.9), ("type", 0.8)),
    "disputed": _ways("truth", ("disputed", 1)),
    "promise_date": _ways(_DATE, ("promise date", 1), ("promise", 0.9), ("promise pay", 0.9)),
}  # fmt: skip
# Columns of which two equal candidates are asked about; of the others the first is taken.
_WEIGHTY: Final = frozenset(
    ("customer_id", "customer_name", "invoice_number", "issue_date", "due_date", "terms_days", "total", "open_amount",
     "paid_amount", "settled_date", "status", "currency", "series", "instalment")
)  # fmt: skip
_BY_VALUE: Final = ("email", "tax_id")  # what values alone leave no doubt about

_ENOUGH: Final = 0.5
_EQUAL: Final = 0.04
_EXTRA: Final = 0.78  # for each idea or word too many
_FITS: Final = {
    "currency": 0.9,
    "country": 1.0,
    "language": 0.9,
    "truth": 1.0,
    "days": 0.9,
    "whole": 0.7,
    "words": 0.5,
    "unique": 1.0,
    "repeated": 1.0,
    "coded": 0.9,
}
_MOSTLY: Final = 0.6
_SEEN_ONLY: Final = frozenset(("whole", "coded", "repeated", "unique"))  # what an empty column is not taken for
_PLAIN_VALUE: Final = 0.8
_FIGURE: Final = re.compile(r"[-+(]?[\d.,:/ -]*\d[\d.,:/ -]*[)%€$]?")
_JOINED_GAIN: Final = 1.05


class Seen(NamedTuple):
    """A column as it was found: its heading, and which share of its filled cells could be what (kinds by name).

    `alike` is equal for two columns that hold the same cells throughout.
    """

    heading: str
    filled: int = 0
    kinds: Mapping[str, float] = {}
    alike: int = 0
    sample: str = ""


class Choice(NamedTuple):
    """One of our columns, where it stands, and by what it was known: `map`, `ours`, `name` or `values`."""

    place: int
    why: str


class Guess(NamedTuple):
    """The columns found, and those for which several headings could be meant: nobody chooses between these."""

    choices: dict[str, Choice]
    doubts: dict[str, tuple[int, ...]]


class Headings(NamedTuple):
    """The rows a table's headings stand on, and the headings, joined where they take two lines."""

    first: int
    lines: int
    texts: tuple[str, ...]


def guess(columns: Sequence[Seen], known: Mapping[str, Choice], left_alone: Collection[int] = ()) -> Guess:
    """What the headings mean beyond what is `known` by name or map; `left_alone` are places nobody shall take."""
    choices = dict(known)
    doubts: dict[str, tuple[int, ...]] = {}
    used = {choice.place for choice in known.values()} | set(left_alone)
    pairs = sorted(
        (-sure, place, column)
        for place, seen in enumerate(columns)
        if place not in used
        for column, sure in _meanings(seen)
        if column not in choices
    )
    for sure, place, column in pairs:
        if place in used or column in choices or column in doubts:
            continue
        rivals = [
            other
            for other_sure, other, same in pairs
            if same == column and other not in used and other != place and abs(other_sure - sure) < _EQUAL
        ]
        rivals = [
            other for other in rivals if columns[other].alike != columns[place].alike or not columns[place].filled
        ]
        if rivals and column in _WEIGHTY:
            doubts[column] = tuple(sorted((place, *rivals)))
            continue
        choices[column] = Choice(place, "name")
        used.add(place)
    for column in _BY_VALUE:
        able = [
            place
            for place, seen in enumerate(columns)
            if place not in used and seen.filled and seen.kinds.get(column, 0) >= _PLAIN_VALUE
        ]
        if column not in choices and len(able) == 1:
            choices[column] = Choice(able[0], "values")
            used.add(able[0])
    return Guess(choices, doubts)


def candidates(column: str, columns: Sequence[Seen], used: Collection[int]) -> tuple[int, ...]:
    """The places that could hold one of our columns, judged by values alone: what a question about it offers."""
    kinds = {way.kind for way in _COLUMNS[column]}
    return tuple(
        place
        for place, seen in enumerate(columns)
        if place not in used
        and seen.heading
        and seen.filled
        and not ideas(seen.heading) & _ANOTHER
        and any(_fits(seen, kind) for kind in kinds)
    )


def find(rows: Sequence[Sequence[str]], known: Callable[[str], bool]) -> Headings:
    """Where the headings stand among the first rows: the row, or the two rows, whose cells say most.

    `known` tells a heading that is ours or that somebody has explained. Where nothing says enough it is the first row.
    """
    if not rows:
        return Headings(0, 1, ())
    best = Headings(0, 1, tuple(rows[0]))
    most = max(_told(rows[0], known), 2 * _ENOUGH)
    for index, row in enumerate(rows[:LOOKED_AT]):
        alone = _told(row, known)
        if alone > most:
            most, best = alone, Headings(index, 1, tuple(row))
        if index + 1 < len(rows):
            below = rows[index + 1]
            joined = _joined(row, below)
            if joined and (told := _told(joined, known)) > max(most, alone, _told(below, known)) * _JOINED_GAIN:
                most, best = told, Headings(index, 2, joined)
    return best


def ages(headings: Sequence[str]) -> tuple[int, ...]:
    """The places of columns by age (`Current`, `1 - 30`, `> 90`); none where not one of them states a number."""
    found = tuple(place for place, heading in enumerate(headings) if is_age(heading))
    return found if len(found) > 1 and any(_AGE.fullmatch(_plain(headings[place])) for place in found) else ()


def is_age(text: str) -> bool:
    """Whether these words name a time that amounts have been due for, or say that they are not due."""
    plain = _plain(text)
    return plain in _AGES or _AGE.fullmatch(plain) is not None or _AS_OF.fullmatch(plain) is not None


def states(headings: Sequence[str]) -> tuple[int, ...]:
    """The places of columns that say what became of an invoice: programs state that of the document and that of pay."""
    return tuple(place for place, heading in enumerate(headings) if _meant_by_name(heading)[0] == "status")


def names_account_only(heading: str) -> bool:
    """Whether an account is named and no customer: it may be that of what was sold, or the same for everybody."""
    return ideas(heading) <= {"account", "code", "no"} and "account" in ideas(heading)


def has_lines(headings: Iterable[str]) -> bool:
    """Whether each row is one line of an invoice, as headings like `Quantity` tell, so that an invoice comes again."""
    return any("line" in ideas(heading) for heading in headings)


def currency_words(heading: str) -> tuple[str, ...]:
    """The words and signs of a heading that could name a currency: `Total (EUR)`, `Importe €`."""
    return tuple(re.findall(r"\b[A-Z]{3}\b|\blei\b|[€£$]", heading))


def is_word(word: str) -> bool:
    """Whether headings are made of this word."""
    return word in _IDEA_OF or word in _SILENT


def ideas(heading: str) -> frozenset[str]:
    """What the words of a heading stand for; a word we do not know stands for itself."""
    return frozenset(_IDEA_OF.get(word, word) for word in _words(heading))


_DAYS: Final = r"(?:d|days?|dias?|zile|jours?|j|months?|mes|meses|luni|luna|mois)"
_LATE: Final = r"(?: (?:past due|overdue|late|old|de retraso|de atraso|vencid[oa]s?|intarziere|depasite|de retard))?"
_AGE: Final = re.compile(
    r"(?:"
    rf"(?:de |from |entre |between |intre |sum of )?\d{{1,4}} ?(?:-|to|a|la|et|and|y|si) ?(?:\d{{1,4}}|above|mas|over)"
    rf"(?: ?{_DAYS})?{_LATE}"
    rf"|(?:>=?|<=?|over|older than|more than|mas de|peste|plus de|above|under|sub|menos de|moins de|sum of >) ?"
    rf"\d{{1,4}}(?: ?{_DAYS})?{_LATE}"
    rf"|\d{{1,4}} ?\+(?: ?{_DAYS})?{_LATE}|\d{{1,4}} ?{_DAYS}(?: ?\+| or more| and over| y mas| et plus)?{_LATE}"
    rf"|\d{{1,4}} or more {_DAYS}{_LATE}|(?:period|periodo|periode|perioada) \d"
    r")"
)
_AS_OF: Final = re.compile(r"at date|(?:as of|as at|a fecha|al|au|la data):? ?\d[\d/. -]*")
_AGES: Final = frozenset(
    ("current", "future", "older", "not due", "not yet due", "undue", "on date",
     "no vencido", "sin vencer", "por vencer", "a vencer", "corriente", "al corriente", "mas antiguo", "anterior",
     "anteriores", "nescadent", "neajuns la scadenta", "in termen", "curent", "mai vechi", "anterioare",
     "non echu", "a echoir", "courant", "plus ancien", "plus anciens", "anterieur")
)  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(anyascii(text).lower().replace("–", "-").split()) if len(text) < 40 else ""


_TWO_HUMPS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ABBREVIATED: Final = (
    (re.compile(r"[nN]\s*[.]?\s*[º°ᵒ]"), " no "),
    (re.compile(r"\ba/c\b", re.IGNORECASE), " account "),
    (re.compile(r"\bo/s\b", re.IGNORECASE), " outstanding "),
    (re.compile(r"\b[ns]\.?i\.?f\b", re.IGNORECASE), " nif "),
    (re.compile(r"\be-?mails?\b", re.IGNORECASE), " email "),
    (re.compile(r"#"), " no "),
    (re.compile(r"\bde ([iî]ncasat|achitat|pl[aă]tit)\b", re.IGNORECASE), " outstanding "),  # still to be paid
    (re.compile(r"\bsin (cobrar|pagar)\b", re.IGNORECASE), " outstanding "),
    (re.compile(r"\bdûe?s?\b", re.IGNORECASE), " due "),  # without its accent it is an article
)  # fmt: skip


def _words(heading: str) -> list[str]:
    for pattern, meaning in _ABBREVIATED:
        heading = pattern.sub(meaning, heading)
    plain = anyascii(_TWO_HUMPS.sub(" ", heading)).lower()
    return [word for word in re.findall(r"[a-z]+|\d+", plain) if word not in _SILENT]


def _meanings(seen: Seen) -> Iterable[tuple[str, float]]:
    """Our columns a heading may mean, and how sure that is."""
    meant = ideas(seen.heading)
    if not meant:
        return
    for column, ways in _COLUMNS.items():
        sure = max((_sure(meant, way) for way in ways if _may_be(seen, way.kind)), default=0.0)
        if sure >= _ENOUGH:
            yield column, sure


def _sure(meant: frozenset[str], way: _Way) -> float:
    if not way.ideas <= meant:
        return 0.0
    extra = meant - way.ideas
    if extra & _OTHERWISE:
        return 0.0
    return way.sure * _EXTRA ** len(extra - _HARMLESS) * 0.97 ** len(extra & _HARMLESS)


def _may_be(seen: Seen, kind: str) -> bool:
    return _fits(seen, kind) if seen.filled else kind not in _SEEN_ONLY


def _fits(seen: Seen, kind: str) -> bool:
    return not kind or seen.kinds.get(kind, 0) >= _FITS.get(kind, _MOSTLY)


def _told(cells: Sequence[str], known: Callable[[str], bool]) -> float:
    """How much a row says as headings: each column of ours once, less what is clearly a value."""
    told: dict[str, float] = {}
    figures = 0
    for cell in cells:
        if known(cell):
            told[cell] = 1.0
        elif is_age(cell):
            continue
        elif _FIGURE.fullmatch(cell) or len(cell) > 80 or "@" in cell:
            figures += 1
        elif cell:
            column, sure = _meant_by_name(cell)
            if sure > told.get(column, 0):
                told[column] = sure
    return sum(told.values()) - figures


@lru_cache(4096)
def _meant_by_name(cell: str) -> tuple[str, float]:
    meant = ideas(cell)
    if not meant:
        return "", 0.0
    return max(
        ((column, max(_sure(meant, way) for way in ways)) for column, ways in _COLUMNS.items()),
        key=lambda pair: pair[1],
    )


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Headings on two lines as one; a cell that spans several stands above each. Nothing when a cell is a value."""
    if sum(1 for cell in upper if cell) < 2 or any(
        _FIGURE.fullmatch(cell) and not is_age(cell) for cell in (*upper, *lower) if cell
    ):
        return ()
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    last = ""
    joined = []
    for over, under in zip(above, below, strict=True):
        last = over or (last if under else "")
        joined.append(" ".join(filter(None, (last, under))))
    return tuple(joined)
