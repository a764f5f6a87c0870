"""What the words of a table mean in the four languages: yes and no, countries, languages, channels, kinds of people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global

from amable.core.headings import is_word
from amable.core.languages import LANGUAGES

_YES: Final = frozenset(
    ("yes", "y", "true", "t", "1", "1.0", "x", "✓", "✔", "si", "verdadero", "cierto", "da", "adevarat", "oui", "vrai")
)
_NO: Final = frozenset(("no", "n", "false", "f", "0", "0.0", "falso", "nu", "fals", "non", "faux"))
_DELIVERED: Final = frozenset(
    (
        "delivered", "received", "entregado", "entregada", "recibido", "recibida",
        "livrat", "livrata", "primit", "primita", "livre", "livree", "recu", "recue", "distribue", "distribuee",
    )
)  # fmt: skip
_NOT_DELIVERED: Final = frozenset(
    (
        "returned", "bounced", "undelivered", "not delivered", "undeliverable", "failed",
        "devuelto", "devuelta", "rebotado", "rebotada", "no entregado", "no entregada", "sin entregar",
        "returnat", "returnata", "respins", "respinsa", "nelivrat", "nelivrata",
        "retourne", "retournee", "rejete", "rejetee", "non livre", "non livree", "non distribue", "non distribuee",
    )
)  # fmt: skip
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "business", "company", "corporate", "trade", "b2b",
            "empresa", "empresas", "empresarial", "sociedad", "negocio", "profesional", "autonomo", "autonoma",
            "firma", "companie", "societate", "persoana juridica", "pj",
            "entreprise", "societe", "professionnel", "professionnelle", "pro",
        ),
        "business",
    ),
    **dict.fromkeys(
        (
            "consumer", "private", "individual", "person", "b2c",
            "consumidor", "consumidora", "particular",
            "consumator", "consumatoare", "persoana fizica", "pf",
            "consommateur", "consommatrice", "particulier", "particuliere",
        ),
        "consumer",
    ),
}  # fmt: skip

_STATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("paid", "fully paid", "paid in full", "settled", "closed", "credit note issued", "pagadas", "cobradas",
         "pagado", "pagada", "cobrado", "cobrada", "saldada", "liquidada",
         "incasat", "incasata", "achitat", "achitata", "platit", "platita", "regle", "reglee", "paye",
         "payee", "soldee", "acquittee", "encaissee", "total pagada"),
        "paid",
    ),
    **dict.fromkeys(
        ("open", "unpaid", "not paid", "outstanding", "overdue", "due", "awaiting payment", "authorised", "authorized",
         "sent", "posted", "submitted", "past due", "unpaid and discounted", "overdue and discounted", "viewed",
         "publicado", "publicada", "contabilizado", "contabilizada", "confirmada", "no pagadas", "devuelto", "devuelta",
         "inregistrat", "inregistrata", "trimisa", "comptabilise", "comptabilisee", "confirmee", "non payees",
         "pendiente", "pendiente de pago", "pendiente de cobro", "vencido",
         "vencida", "impagado", "impagada", "emitida", "enviada", "no pagado", "no pagada", "sin pagar", "neincasat",
         "neincasata", "neachitat", "neachitata", "neplatit", "neplatita", "emis", "emisa", "restant", "restanta",
         "scadent", "scadenta", "intarziata", "depasita", "a payer", "impaye", "impayee", "en retard", "echue", "emise",
         "envoyee", "non payee", "non reglee", "validee", "en attente", "in payment"),
        "open",
    ),
    **dict.fromkeys(
        ("partial", "partially paid", "partly paid and discounted", "parcialmente pagado", "pagado parcialmente",
         "pagada parcialmente", "cobrado parcialmente", "partial achitata",
         "partial platita", "part paid", "partly paid", "parcial", "parcialmente pagada",
         "cobrada parcialmente", "pago parcial", "cobro parcial", "partial incasata", "incasat partial",
         "achitata partial", "partiellement payee", "partiellement reglee", "partielle", "acompte"),
        "part",
    ),
    **dict.fromkeys(
        ("draft", "cancelled", "canceled", "void", "voided", "deleted", "reversed", "written off", "uncollectible",
         "awaiting approval", "pending approval", "incobrable", "pendiente de aprobacion", "pendiente de aprobar",
         "revertido", "revertida", "neincasabila", "in asteptarea aprobarii", "inversat", "inversata", "irrecouvrable",
         "en attente d approbation", "en attente de validation", "extournee", "extourne", "borrador",
         "cancelada", "cancelado", "anulada", "anulado", "ciorna", "anulata", "anulat", "stornata", "stornat",
         "brouillon", "annulee", "annule", "proforma", "pro forma"),
        "void",
    ),
}  # fmt: skip

SAGE_KINDS: Final = frozenset(("SI", "SC", "SD", "SA", "SR"))  # invoice, credit, discount, on account, receipt

# What is said of a document, not of its being paid.
_OF_DOCUMENTS: Final = frozenset(
    ("sent", "posted", "submitted", "viewed", "authorised", "authorized", "emitida", "enviada", "publicado",
     "publicada", "contabilizado", "contabilizada", "confirmada", "emis", "emisa", "inregistrat", "inregistrata",
     "trimisa", "emise", "envoyee", "validee", "comptabilise", "comptabilisee", "confirmee", "open", "closed")
)  # fmt: skip

_CREDIT_NOTES: Final = frozenset(
    (
        "credit note", "sales credit note", "customer credit note", "credit memo", "credit", "creditnote",
        "accreccredit", "sc", "abono", "nota de abono",
        "nota de credito", "rectificativa", "factura rectificativa", "nota de credit", "storno", "factura storno",
        "avoir", "note de credit", "facture d avoir",
    )
)  # fmt: skip

CHANNELS: Final = ("email", "sms", "letter", "call", "whatsapp")
_CHANNEL_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("email", "e mail", "mail", "emails", "correo electronico", "posta electronica", "courriel",
         "courrier electronique"),
        ("email",),
    ),
    "correo": ("email", "letter"),  # Spanish says it of both, and a refusal is heard in its widest sense
    **dict.fromkeys(("sms", "text", "text message", "mensaje", "mensaje de texto", "mesaj", "texto"), ("sms",)),
    **dict.fromkeys(
        ("letter", "letters", "post", "carta", "cartas", "correo postal", "scrisoare", "scrisori", "posta", "lettre",
         "lettres", "courrier", "courrier postal"),
        ("letter",),
    ),
    **dict.fromkeys(
        ("call", "calls", "phone", "telephone", "llamada", "llamadas", "telefono", "apel", "apeluri", "telefon",
         "appel", "appels"),
        ("call",),
    ),
    **dict.fromkeys(("whatsapp", "whats app", "wa"), ("whatsapp",)),
    **dict.fromkeys(("all", "everything", "todo", "todos", "tot", "toate", "tout", "tous"), ("all",)),
}  # fmt: skip

# What people write for a country beside the names of CLDR; the nations of the United Kingdom are one country here.
_ALSO: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("uk", "great britain", "gran bretana", "marea britanie", "grande bretagne", "england", "scotland", "wales",
         "northern ireland", "inglaterra", "escocia", "gales", "irlanda del norte", "anglia", "scotia", "angleterre",
         "ecosse"),
        "GB",
    ),
    **dict.fromkeys(("usa", "u s a", "united states of america", "ee uu", "eeuu", "estados unidos de america", "sua",
                     "statele unite", "etats unis d amerique"), "US"),
    **dict.fromkeys(("holland", "holanda", "olanda", "hollande", "the netherlands"), "NL"),
    **dict.fromkeys(("czech republic", "republica checa", "republica ceha", "republique tcheque"), "CZ"),
    **dict.fromkeys(("republic of moldova", "republica de moldavia", "republique de moldavie"), "MD"),
    **dict.fromkeys(("el", "ellada", "hellas"), "GR"),
    **dict.fromkeys(("ic", "ea", "canarias", "islas canarias", "ceuta", "melilla"), "ES"),
    "turkey": "TR", "xkx": "XK", "kosova": "XK", "deutschland": "DE", "osterreich": "AT", "schweiz": "CH",
    "nederland": "NL", "polska": "PL", "magyarorszag": "HU", "ceska republika": "CZ", "slovensko": "SK",
    "republic of ireland": "IE", "eire": "IE", "south korea": "KR", "hong kong": "HK", "vatican": "VA",
}  # fmt: skip
_NO_COUNTRIES: Final = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))


_WORDS_OF_SHEETS: Final = (
    "various varios varias otros otras others other misc diversi diverse altii divers autres general mixed "
    "sheet hoja foaie foaia feuil feuille page pagina tab data datos date donnees export exportacion informe "
    "report raport rapport list lista listado liste summary resumen rezumat resume total totals totales totaux "
    "notes notas note all todos todo toate tot tous tout year ano anul annee month mes luna mois quarter "
    "trimestre trimestru january february march april may june july august september october november december "
    "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ianuarie "
    "februarie martie aprilie mai iunie iulie septembrie octombrie noiembrie decembrie janvier fevrier mars avril "
    "juin juillet aout septembre octobre novembre decembre jan feb mar apr jun jul aug sep sept oct nov dec ene "
    "abr ago dic ian iun iul noi ventas sales vanzari ventes alquileres rents north south east west norte sur "
    "este oeste nord sud est vest ouest eur ron usd gbp chf mdl paid open old new pagadas pendientes vencidas "
    "cobradas antiguas nuevas emitidas emise achitate restante neachitate incasate neincasate payees impayees "
    "echues overdue current"
)
_SHEETS: Final = frozenset(_WORDS_OF_SHEETS.split())


def is_sheet_name(text: str) -> bool:
    """Whether a sheet is called by what it holds or where it stands, as `Hoja 1` or `Marzo 2026`: by nobody's name."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    return all(word in _SHEETS or is_word(word) for word in words)


def fold(text: str) -> str:
    """Words as they are compared: without accents, case, or signs between them."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return re.sub(r"[\s_\-.'’()]+", " ", bare.casefold()).strip()


def truth(text: str) -> bool | None:
    """Yes or no in any of the four languages; None when it is neither."""
    word = text.strip().casefold()
    word = word if word in _YES or word in _NO else fold(text)
    return True if word in _YES else False if word in _NO else None


def delivery(text: str) -> bool | None:
    """Whether these words say delivered, or returned and the like; None when they say neither."""
    word = fold(text)
    if word in _DELIVERED:
        return True
    return False if word in _NOT_DELIVERED else truth(text)


def kind(text: str) -> str | None:
    """`business` or `consumer`; None for other words."""
    return _KINDS.get(fold(text))


def status(text: str) -> str | None:
    """What has become of an invoice: `paid`, `open`, `part` (paid in part) or `void`; None for other words."""
    return _STATES.get(fold(text))


def together(states: Sequence[str]) -> str:
    """One state of several that are said of an invoice; all of them, in which no state is known, where they differ.

    A document that is void is void whatever is said of its payment, and one that was sent may have been paid.
    """
    known = {text: status(text) for text in dict.fromkeys(states)}
    if void := next((text for text, state in known.items() if state == "void"), ""):
        return void
    of_payment = [text for text, state in known.items() if state and fold(text) not in _OF_DOCUMENTS]
    if len({known[text] for text in of_payment}) > 1:
        return " / ".join(of_payment)
    return next(iter((*of_payment, *(text for text, state in known.items() if state), *known)), "")


def is_credit_note(text: str) -> bool:
    """Whether these words call a document a credit note."""
    return fold(text) in _CREDIT_NOTES


def refused_channels(text: str) -> tuple[str, ...] | None:
    """The channels a customer refuses, in our words and order, `("all",)` for every one; None for an unknown word."""
    answer = truth(text)
    if answer is not None:
        return ("all",) if answer else ()
    words = [fold(word) for word in re.split(r"[,;/+]", text)]
    refused: set[str] = set()
    for word in filter(None, words):
        if word not in _CHANNEL_WORDS:
            return None
        refused.update(_CHANNEL_WORDS[word])
    if not refused:
        return None
    return ("all",) if "all" in refused else tuple(channel for channel in CHANNELS if channel in refused)


def language(text: str) -> str:
    """One of our four languages from a code, a locale or a name; "" for any other."""
    code = re.split(r"[-_@.]", text.strip().casefold(), maxsplit=1)[0]
    if code in LANGUAGES:
        return code
    code = get_global("language_aliases").get(code, code)
    if code not in LANGUAGES:
        code = _languages().get(fold(text.partition("(")[0]), "")
    return code if code in LANGUAGES else ""


def country(text: str) -> str | None:
    """The ISO 3166 alpha-2 code from a code of two or three letters, or a name in one of the four languages."""
    word = fold(text)
    if word in _ALSO:
        return _ALSO[word]
    code = text.strip().upper()
    if len(code) == 3 and code.isascii():
        code = " ".join(get_global("territory_aliases").get(code, ()))
    if len(code) == 2 and code in Locale("en").territories and code not in _NO_COUNTRIES:
        return code
    return _countries().get(word)


def timezone(text: str) -> str | None:
    """The name of a zone as zoneinfo spells it; None when there is no such zone."""
    return _zones().get(text.casefold())


@cache
def _languages() -> dict[str, str]:
    names = {fold(name): code.split("_")[0] for own in LANGUAGES for code, name in Locale(own).languages.items()}
    return names | {"castellano": "es", "castellana": "es", "castilian": "es", "moldoveneasca": "ro"}


@cache
def _countries() -> dict[str, str]:
    return {
        fold(name): code
        for own in LANGUAGES
        for code, name in Locale(own).territories.items()
        if len(code) == 2 and code not in _NO_COUNTRIES
    }


@cache
def _zones() -> dict[str, str]:
    return {
        zone.casefold(): zone for zone in available_timezones() if zone not in ("Factory", "localtime", "posixrules")
    }
