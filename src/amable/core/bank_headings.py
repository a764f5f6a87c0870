"""Which heading of a bank's table is which: what banks call their columns in the languages of their customers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.core.headings import LOOKED_AT, ideas

# Each role with its names, the surest first; several columns may share a role (a text is often told in three).
_NAMES: Final[Mapping[str, str]] = {
    "booked": "booking date|posting date|date posted|posted date|accounting date|entry date|fecha contable"
    "|f contable|fecha contabilizacion|fecha operacion|fecha operativa|f operativa|f operacion|fecha oper"
    "|fecha movimiento|data inregistrare|data inregistrarii|data contabila|data operare|date comptable"
    "|date comptabilisation|date operation|date op|buchungstag|buchungsdatum|buchung|boekdatum"
    "|data ksiegowania|data contabile|data operazione|data operatiune|data operatiunii|data operatie"
    "|completed date|date completed utc|date completed|data finalizarii tranzactiei|date execution"
    "|transaction date|data tranzactie|data tranzactiei|fecha transaccion|date transaction|date|fecha|data"
    "|datum|fec|f|dia|ziua|started date|date started utc|date started|data initierii tranzactiei|created on",
    "valued": "value date|fecha valor|f valor|fec valor|fecha de valor|data valuta|data valutei|date valeur"
    "|date val|valeur|valutadatum|valuta|valutatag|wertstellung|wertstellungsdatum|wert|data waluty"
    "|rentedatum",
    "amount": "total amount|amount|transaction amount|importe|importe movimiento|importe operacion|cantidad"
    "|suma|suma tranzactie|suma tranzactiei|valoare|valoare tranzactie|montant|montant total"
    "|montant total ttc|montant operation"
    "|montant transaction|betrag|betrag in|umsatz|umsatz in|umsatzbetrag|value|importo|bedrag|kwota"
    "|kwota operacji|monto|net amount",
    "debit": "debit|debits|debit amount|amount debit|paid out|money out|withdrawal|withdrawals"
    "|withdrawal amount|out|cargo|cargos|debe|salidas|adeudo|adeudos|importe cargo|importe debe|suma debit"
    "|debit suma|sume debit|valoare debit|plati|montant debit|debit montant|sorties|depenses|soll|belastung"
    "|lastschrift|ausgaben|ausgang|dare|uscite|obciazenia|debitare|debitari",
    "credit": "credit|credits|credit amount|amount credit|paid in|money in|deposit|deposits|deposit amount|in"
    "|abono|abonos|haber|ingreso|ingresos|entradas|importe abono|importe haber|suma credit|credit suma"
    "|sume credit|valoare credit|incasari|montant credit|credit montant|entrees|recettes|haben|gutschrift"
    "|einnahmen|eingang|avere|entrate|uznania|creditare|creditari",
    "balance": "balance|running balance|account balance|balance after|saldo|saldo contable|saldo movimiento"
    "|saldo posterior|saldo resultante|disponible|sold|sold contabil|sold final|sold dupa tranzactie|solde"
    "|solde compte|saldo nach buchung|kontostand|saldo po operacji|saldo contabile|saldo na mutatie",
    "currency": "payment currency|account currency|currency|currency code|ccy|divisa|moneda|devise|wahrung"
    "|waehrung|muntsoort|waluta|divisa cuenta|moneda cont|valuta",
    "text": "description|transaction description|details|transaction details|detail|narrative|memo"
    "|payment reference|reference|concepto|concepto ampliado|concepto movimiento|descripcion|detalle|detalles"
    "|movimiento|observaciones|mas datos|informacion adicional|referencia|referencia 1|referencia 2|libelle"
    "|libelle operation|libelle complet|libelle simplifie|label|nature operation|motif|motif paiement"
    "|detail ecriture|informations complementaires|comment|commentaire|verwendungszweck|betreff|bemerkung"
    "|detalii|detalii tranzactie|detalii tranzactii|descriere|descrierea tranzactiei|descriere tranzactie"
    "|explicatii|explicatie|particulars|remarks|note|notes|descrizione|causale|omschrijving|mededelingen"
    "|tytul|opis operacji|notes and tags|customer reference",
    "payer": "payer|payer name|source name|ordenante|platitor|ordonator|ordonator final|emetteur"
    "|donneur ordre|auftraggeber|zahlungspflichtiger|zahlungspflichtige r|nombre ordenante|nume platitor",
    "payee": "payee|payee name|target name|beneficiario|beneficiar|beneficiar final|beneficiaire|empfanger"
    "|empfaenger|zahlungsempfanger|zahlungsempfanger in|nombre beneficiario|nume beneficiar",
    "name": "name|counterparty|counter party|counterparty name|partner name|partner|beneficiario ordenante"
    "|ordenante beneficiario|nombre|tercero|auftraggeber empfanger|auftraggeber empfaenger"
    "|beguenstigter zahlungspflichtiger|begunstigter zahlungspflichtiger|name zahlungsbeteiligter|nume"
    "|partener|nume partener|nume denumire ordonator beneficiar|contrepartie|nom contrepartie|tiers"
    "|naam omschrijving|naam tegenpartij|kontrahent|nazwa kontrahenta|controparte",
    "iban": "iban|partner iban|counterparty iban|iban zahlungsbeteiligter|kontonummer iban|iban contrepartie"
    "|iban beneficiario|iban ordenante|payee account number|beneficiary account number|beneficiary iban"
    "|cuenta ordenante|cuenta beneficiario|cont partener|iban partener|numar cont partener|tegenrekening"
    "|tegenrekening iban bban|contul partenerului|nr cont in care se efectueaza tranzactiile",
    "account_number": "account number|account no",
    "own": "auftragskonto|iban auftragskonto|iban kontoinhaber|account|cuenta|compte|cont|account num"
    "|numero compte|rekening|iban cont|numar cont|numero cuenta|iban bban|konto",
    "bank_ref": "transaction id|id|transferwise id|transaction reference|reference number|numar referinta"
    "|referinta|referinta tranzactiei|nr referinta|numero operation|no operation|num operacion"
    "|numero operacion|bank reference|transactie id|id tranzactie|volgnr",
    "end_to_end": "end to end|end to end id|end to end reference|kundenreferenz|kundenreferenz end to end",
    "type": "type|transaction type|tip|tip tranzactie|tipo|tipo movimiento|tipo operacion|type operation"
    "|umsatzart|umsatztyp|buchungstext|vorgang|subcategory|mutatiesoort|code",
    "state": "state|status|estado|stare|etat|statut|info",
    "direction": "direction|debit credit|debit credit indicator|credit debit|credit debit indicator|dc|d c"
    "|c d|cd|soll haben|s h|af bij|sens|sentido|cargo abono|d h|sens operation|haben soll",
    "fee": "fee|fees|total fees|comision|comisioane|frais|gebuhr|gebuhren",
}  # fmt: skip
_ROLES: Final[Mapping[str, Sequence[tuple[str, int]]]] = {
    name: [(role, rank) for role, names in _NAMES.items() for rank, one in enumerate(names.split("|")) if one == name]
    for names in _NAMES.values()
    for name in names.split("|")
}
# Headings that only the export of a ledger has.
_OF_LEDGERS: Final = (frozenset(("invoice",)), frozenset(("due",)), frozenset(("terms",)), frozenset(("customer",)))
_LEDGER_ALONE: Final = frozenset(("customer", "name", "code", "no"))

_MONEYS: Final = frozenset(("eur", "euro", "euros", "ron", "lei", "leu", "gbp", "usd", "chf", "pln", "mdl"))
_EMPTY: Final = frozenset(
    ("de", "del", "la", "el", "los", "las", "the", "of", "du", "des", "le", "les", "din", "pe", "a", "en")
)
_ELIDED: Final = re.compile(r"\b[dl]['’´`]", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"[(\[]\s*(?:[A-Za-z]{3}|€|£|\$|euros?|lei|utc)\s*[)\]]", re.IGNORECASE)
_HUMPS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Words of which none is English, so that days come first in the dates of whoever writes them.
_DAY_FIRST: Final = re.compile(
    r"fecha|importe|saldo|concepto|cargo|abono|\bdata\b|suma|sold\b|valut|libell|montant|solde|valeur|buchung|betrag"
    r"|wertstellung|bedrag|kwota|descri(?:ere|pcion)|detalii|divisa|moneda|devise|wahrung|waehrung"
)


class Found(NamedTuple):
    """The row of a bank's headings and the places of each role, the surest first."""

    row: int
    places: Mapping[str, tuple[int, ...]]
    day_first: bool


def is_heading(cell: str) -> bool:
    """Whether a bank calls a column so."""
    return _folded(cell) in _ROLES


def find(rows: Iterable[Sequence[str]]) -> Found | None:
    """The headings of a bank's table among its first rows; None when it is no such table.

    It has a day, an amount (or one column for each direction), and words or a name; and nothing of a ledger.
    """
    for number, row in enumerate(rows):
        if number >= LOOKED_AT:
            return None
        places = _placed(row)
        money = "amount" in places or ("debit" in places and "credit" in places)
        if "account_number" in places:  # beside a payer or payee it is theirs, else the file's own
            of_others = places.keys() & {"name", "payer", "payee"}
            places.setdefault("iban" if of_others else "own", places.pop("account_number"))
        told = places.keys() & {"text", "name", "payer", "payee", "type"}
        if money and told and places.keys() & {"booked", "valued"}:
            if any(_of_ledger(cell) for cell in row):
                return None
            return Found(number, places, bool(_DAY_FIRST.search(" ".join(map(_folded, row)))))
    return None


def _placed(row: Sequence[str]) -> dict[str, tuple[int, ...]]:
    ranked: dict[str, list[tuple[int, int]]] = {}
    for place, cell in enumerate(row):
        for role, rank in _ROLES.get(_folded(cell), ()) if cell else ():
            ranked.setdefault(role, []).append((rank, place))
    return {role: tuple(place for _, place in sorted(found)) for role, found in ranked.items()}


def _of_ledger(cell: str) -> bool:
    """Whether a heading is one of a ledger: an invoice, a due date, a customer."""
    if _folded(cell) in _ROLES:
        return False
    meant = ideas(cell)
    if "customer" in meant:
        return meant <= _LEDGER_ALONE
    return any(idea <= meant for idea in _OF_LEDGERS)


def _folded(heading: str) -> str:
    """A heading as it is compared: without accents, case, signs, currencies and little words."""
    text = _BRACKETS.sub(" ", _ELIDED.sub("", heading.strip()))
    words = re.findall(r"[a-z0-9]+", anyascii(_HUMPS.sub(" ", text)).lower())
    kept = [word for word in words if word not in _EMPTY and word not in _MONEYS]
    return " ".join(kept)
