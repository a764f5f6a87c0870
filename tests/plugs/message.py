"""The messages every channel is shown: one plain, one with an invoice and a QR code, one beyond ASCII throughout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from amable.core.marked import lay_blocks
from amable.plugs.channel import Address, Attachment, Draft, Paper

SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples" / "channels"


def plain() -> Draft:
    """A first reminder to one person, with nothing attached."""
    return Draft(
        key="m-2026-0001",
        sender=Address("Harbour Supplies", "accounts@harbour.example"),
        to=(Address("Jane Doe", "jane.doe@punctual.example"),),
        subject="Invoice 2026-0012, due on 2 March 2026",
        text="Dear Jane Doe,\n\ninvoice 2026-0012 of 1,234.50 EUR fell due on 2 March 2026.\n\nKind regards,\nAnn Lee",
        html="<p>Dear Jane Doe,</p>\n<p>invoice 2026-0012 of <b>1,234.50 EUR</b> fell due on 2 March 2026.</p>",
        language="en",
        leaves_at=datetime(2026, 3, 17, 9, 30, tzinfo=ZoneInfo("Europe/London")),
        message_id="<m-2026-0001@harbour.example>",
    )


def with_invoice_and_code() -> Draft:
    """A reminder in a thread, prepared for a person to send, with the invoice and the QR code to pay it."""
    return Draft(
        key="m-2026-0002",
        sender=Address("Suministros Ibáñez, S.L.", "cobros@ibanez.example"),
        reply_to=Address("Ana Muñoz", "ana.munoz@ibanez.example"),
        to=(Address("José Núñez", "jose@olvidadizo.example"), Address("", "administracion@olvidadizo.example")),
        subject="Factura 2026-0012 vencida el 2 de marzo de 2026",
        text="Estimado señor Núñez:\n\nLa factura 2026-0012, de 1.234,50 €, venció el 2 de marzo de 2026.\n\nAna Muñoz",
        html=(
            '<p lang="es">Estimado señor Núñez:</p>\n'
            "<p>La factura 2026-0012, de 1.234,50 €, venció el 2 de marzo de 2026.</p>\n"
            '<p><img src="cid:pay@ibanez.example" alt="Código QR"></p>'
        ),
        language="es",
        leaves_at=datetime(2026, 3, 17, 9, 30, tzinfo=ZoneInfo("Europe/Madrid")),
        message_id="<m-2026-0002@ibanez.example>",
        references=("<m-2026-0000@ibanez.example>", "<answer.77@olvidadizo.example>"),
        attachments=(
            Attachment("2026-0012.pdf", "application/pdf", (SAMPLES / "invoice.pdf").read_bytes()),
            Attachment("pago.png", "image/png", (SAMPLES / "pay.png").read_bytes(), "pay@ibanez.example"),
        ),
        as_draft=True,
    )


def beyond_ascii() -> Draft:
    """A reminder in which every field that may hold other letters holds them."""
    return Draft(
        key="mesaj-ș-0003",
        sender=Address("Țesătoria Mărțișor „Ștefănescu & Fiii”", "facturi@țesătorie.example"),
        reply_to=Address("Ştefania Brânză", "stefania@țesătorie.example"),
        to=(
            Address("Hélène Lefèvre", "helene@société-générale.example"),
            Address("Ευγενία Παπαδοπούλου", "e@bücher.example"),
        ),
        subject="Relance : la facture nº 2026‑0012 (1 234,50 €) est échue depuis hier — merci d’avance à l’équipe",
        text="Bună ziua,\n\nfactura „2026-0012” a ajuns la scadență ieri.\n\nΜε εκτίμηση,\nȘtefania\n",
        html="<p>Καλημέρα σας,</p>\n<p>το τιμολόγιο έληξε χθες.</p>\n<p>Με εκτίμηση, Στεφανία</p>",
        language="ro",
        leaves_at=datetime(2026, 7, 1, 18, 5, 9, tzinfo=ZoneInfo("Europe/Bucharest")),
        message_id="<m-2026-0003@xn--tesatorie.example>",
        attachments=(
            Attachment(
                "Factură ștampilată – mărțișor și alte țesături.pdf", "application/pdf", b"%PDF-1.7\n\xff\xfe\n"
            ),
        ),
    )


def reachable(draft: Draft) -> Draft:
    """The draft for somebody who also has a mobile and a postal address."""
    laid = lay_blocks(draft.text)
    paper = Paper(
        letterhead=draft.sender.name,
        sender=f"{draft.sender.name} · Calle de la Paz 1 · 46003 Valencia",
        window=(draft.to[0].name, "Calle Mayor 5, 2º B", "46001 Valencia"),
        window_on_the_right=draft.language != "en",
        dated="17.03.2026",
        top=laid[:-1],
        rest=laid[-1:],
        footer=(draft.sender.name, draft.sender.email),
        page="{page} / {pages}",
    )
    return replace(draft, phone="612 345 678", country="ES", paper=paper)


CASES: Final[dict[str, Callable[[], Draft]]] = {
    "plain": lambda: reachable(plain()),
    "with_invoice_and_code": lambda: reachable(with_invoice_and_code()),
    "beyond_ascii": lambda: reachable(beyond_ascii()),
}
