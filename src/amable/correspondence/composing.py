"""Puts what was planned into words and bytes: fields, wording, kindness check, attachments, and the channel's form.

A message leaves by email, by letter or as a text message; an email's wording serves a letter as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import quote

from amable.core import postal, rewording, wording
from amable.core.kindness import Facts, Finding, Severity, check
from amable.core.languages import say, show_date, show_decimal, show_money
from amable.core.money import Money
from amable.core.paying import NoReferenceError, creditor_reference, epc_payload, reference, show_iban
from amable.core.planning import Discount, Kind, Line, Named, Planned, Section
from amable.core.procedure import Act, Step
from amable.core.qr import qr_png
from amable.core.rewording import Words
from amable.core.wording import Block, Early, Library, Part, Rendered, SetAside, Soon, Template
from amable.ledger import originals
from amable.organisation.models import Creditor
from amable.plugs.channel import Address, Attachment, Draft, Paper, Slip, UnfitError
from amable.plugs.loading import channels

_LARGEST_ATTACHED: Final = 15 * 2**20  # of all documents together: many mailboxes refuse more
_LARGEST_DOCUMENT: Final = 10 * 2**20
_THREAD: Final = 10  # Message-IDs named in References


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is written to. `had` are the wordings they had, oldest first; `regular` None when nothing is known.

    `method` is how they pay (`debit`, `card` or `transfer`), empty when the ledger says it in words we do not know,
    None when it does not say.
    """

    key: str
    name: str
    contact: str
    emails: tuple[str, ...]
    language: str
    country: str
    consumer: bool
    regular: bool | None
    had: tuple[str, ...] = ()
    phone: str = ""
    address: str = ""
    method: str | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What a message says of an item beside its amount."""

    number: str
    kind: str
    description: str
    issued_on: date | None
    due_on: date
    total: int
    open: int
    currency: str
    pdf_path: str = ""
    promised_on: date | None = None
    discount: Discount | None = None

    def discounted(self, amount: int, day: date) -> Discount | None:
        """The discount for whoever pays the whole of it, while it runs: never after the due date."""
        runs = self.discount and day <= min(self.discount.until, self.due_on)
        return self.discount if self.discount and runs and self.discount.amount < amount == self.open else None


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in its final bytes. `fits` is False where a person's words were left out: it is another one by now."""

    data: bytes
    ending: str
    subject: str
    wording: str
    variant: str
    message_id: str
    to: tuple[str, ...]
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message that must not leave as it is, and why."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """One planned message with everything its words need; `allowed` are the addresses of the customer's contacts.

    `words` are a person's, in place of ours.
    """

    planned: Planned
    step: Step
    creditor: Creditor
    recipient: Recipient
    items: Mapping[int, ItemFacts]
    key: str
    today: date
    leaves_at: datetime
    allowed: frozenset[str]
    thread: tuple[str, ...] = ()
    wordings: Library | None = None
    as_draft: bool = True
    words: Words | None = None


def ways(creditor: Creditor, recipient: Recipient) -> tuple[str, str]:
    """How the customer pays, and another way the creditor offers; empty where it is not known or there is none."""
    usual = "transfer" if creditor.iban else "card" if creditor.pay_link else ""
    current = usual if recipient.method is None else recipient.method
    offered = ("card" if creditor.pay_link else "", "transfer" if creditor.iban else "")
    return current, next((way for way in offered if way and way != current), "")


def unspeakable(creditor: Creditor, recipient: Recipient) -> frozenset[str]:
    """The wordings that need a fact we do not have of this customer."""
    current, other = ways(creditor, recipient)
    lacking = {"alternative_method": not (current and other), "payment_terms_welcome": not current}
    return frozenset(name for name, lacks in lacking.items() if lacks)


def message_key(creditor: Creditor, customer: str, day: date, slot: str) -> str:
    """What a message is known by for ever; its name, identifier, minute and boundary derive from it."""
    return sha256(f"{creditor.ref}|{customer}|{day.isoformat()}|{slot}".encode()).hexdigest()[:16]


def compose(occasion: Occasion) -> Composed | Withheld:
    """The message in words and bytes, or what is wrong with it; the same occasion gives the same bytes."""
    channel = occasion.planned.channel or Act.EMAIL
    by_mail = channel is Act.EMAIL
    try:
        worded = _worded(occasion)
    except wording.MissingFieldError as error:
        return Withheld((Finding("missing-field", Severity.ERROR, {"field": str(error)}),))
    if worded.errors:
        return Withheld(worded.errors)
    shown, rendered, recipient = worded.shown, worded.rendered, occasion.recipient
    emails = recipient.emails if by_mail else ()
    to = tuple(Address(recipient.contact or recipient.name, email) for email in emails or ("",))
    draft = _draft(occasion, shown, rendered, to)
    if by_mail:
        draft = _as_mail(draft, occasion, shown, rendered, worded.documents)
    elif channel is Act.LETTER:
        draft = replace(draft, paper=_paper(occasion, shown, rendered))
    try:
        parcel = channels()[channel].compose(draft)
    except UnfitError as error:
        return Withheld((Finding(error.rule, Severity.ERROR, error.params),))
    # What is not a mail cannot be answered in its thread, and has no place among its references.
    message_id = draft.message_id if by_mail else ""
    return Composed(
        parcel.data,
        parcel.ending,
        draft.subject,
        rendered.template.id,
        rendered.template.variant,
        message_id,
        _whereto(occasion, channel),
        fits=worded.fits,
    )


@dataclass(frozen=True, slots=True)
class Worded:
    """A message in words, before it has a form: `ours` as we wrote it, `rendered` as it would leave, its findings.

    `fits` is False where a person's words were for another message than it is by now, and were left out.
    """

    ours: Rendered
    rendered: Rendered
    fits: bool
    findings: tuple[Finding, ...]
    shown: _Shown
    documents: Sequence[Attachment]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from leaving."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def _worded(occasion: Occasion) -> Worded:
    """The words of a message and what the kindness check says of them. Raises MissingFieldError."""
    template = _template(occasion)
    by_mail = (occasion.planned.channel or Act.EMAIL) is Act.EMAIL
    documents = _documents(occasion) if template.attach_invoice and by_mail else []
    shown = _Shown(occasion, attached=bool(documents))
    fields = shown.fields(template)
    rendered = wording.render(template, fields)
    ours = wording.compose_body(rendered, thanks=shown.thanks(), crossed=shown.crossed(), blocks=shown.blocks())
    reworded = rewording.reword(ours, occasion.words) if occasion.words else rewording.Reworded(ours, fits=True)
    recipient = occasion.recipient
    facts = Facts(
        fields,
        consumer=recipient.consumer,
        document_known=by_mail
        and any(occasion.items[line.item].pdf_path for line in shown.asked if line.item in occasion.items),
        document_travels=bool(documents),
        discount=bool(shown.offers),
        recipients=recipient.emails if by_mail else (),
        allowed=occasion.allowed,
    )
    found = check(reworded.rendered, facts)
    return Worded(ours, reworded.rendered, reworded.fits, found, shown, documents)


def in_words(occasion: Occasion) -> Worded | Withheld:
    """The message in words alone, with everything the kindness check says of it, for whoever changes them."""
    try:
        return _worded(occasion)
    except wording.MissingFieldError as error:
        return Withheld((Finding("missing-field", Severity.ERROR, {"field": str(error)}),))


@dataclass(frozen=True, slots=True)
class Tried:
    """A wording filled in for somebody without being sent; `lent` are the fields that have an example's value.

    `picture` is the code to pay with (PNG), where the mail shows one under `content_id`.
    """

    rendered: Rendered
    lent: tuple[str, ...]
    findings: tuple[Finding, ...]
    html: str
    picture: bytes | None
    content_id: str


def try_on(occasion: Occasion, template: Template, lending: Mapping[str, object]) -> Tried:
    """How a wording reads for somebody; a value it needs and the occasion does not have is lent by an example.

    Raises MissingFieldError or RefusedError for a wording that cannot be filled.
    """
    by_mail = template.channel != "sms"
    shown = _Shown(occasion, attached=by_mail and template.attach_invoice)
    fields = shown.fields(template)
    names = (*template.required, *template.optional)
    unpaid = not occasion.planned.thanks  # then what came in is nothing, which is no example of thanks
    lent = tuple(
        name
        for name in names
        if name not in fields
        or (name in template.required and not fields[name])
        or (unpaid and name in ("payment.amount", "payment.date"))
    )
    fields |= {name: lending[name] for name in lent if name in lending}
    rendered = wording.compose_body(
        wording.render(template, fields), thanks=shown.thanks(), crossed=shown.crossed(), blocks=shown.blocks()
    )
    facts = Facts(
        fields,
        consumer=occasion.recipient.consumer,
        document_known=shown.attached,
        document_travels=shown.attached,
        discount=bool(shown.offers) or "discount.percent" in lent,
    )
    code = shown.payment_code() if template.of_invoices and template.uses("payment.iban") else None
    content_id = f"pay.{occasion.key}" if code else ""
    html = wording.as_html(
        rendered, qr_content_id=content_id or None, qr_caption=say("wording.qr_caption", template.language)
    )
    return Tried(rendered, lent, check(rendered, facts), html, code.picture if code else None, content_id)


def try_on_paper(occasion: Occasion, rendered: Rendered) -> bytes:
    """A tried message as the letter it would be; raises UnfitError where it cannot be set."""
    shown = _Shown(occasion, attached=False)
    to = (Address(occasion.recipient.contact or occasion.recipient.name, ""),)
    draft = replace(_draft(occasion, shown, rendered, to), paper=_paper(occasion, shown, rendered))
    return channels()[Act.LETTER].compose(draft).data


def _draft(occasion: Occasion, shown: _Shown, rendered: Rendered, to: tuple[Address, ...]) -> Draft:
    """What every channel asks for."""
    creditor, recipient = occasion.creditor, occasion.recipient
    return Draft(
        key=occasion.key,
        sender=Address(f"{creditor.sender_name}", creditor.sender_email),
        to=to,
        subject=wording.plain(rendered.subject),
        text=wording.as_text(rendered),
        html="",
        language=recipient.language,
        leaves_at=occasion.leaves_at,
        message_id=identifier(creditor, occasion.key),
        as_draft=occasion.as_draft,
        phone=recipient.phone,
        country=recipient.country,
    )


def _as_mail(
    draft: Draft, occasion: Occasion, shown: _Shown, rendered: Rendered, documents: Sequence[Attachment]
) -> Draft:
    """The draft with its HTML, its thread, the code to pay with and the invoices."""
    code = shown.payment_code() if rendered.template.of_invoices and rendered.template.uses("payment.iban") else None
    content_id = f"pay.{occasion.key}" if code else None
    return replace(
        draft,
        html=wording.as_html(rendered, qr_content_id=content_id, qr_caption=say("wording.qr_caption", draft.language)),
        references=occasion.thread[-_THREAD:],
        attachments=(*_picture(code and code.picture, content_id), *documents),
    )


def _paper(occasion: Occasion, shown: _Shown, rendered: Rendered) -> Paper:
    """What a letter shows beside its words: who writes to whom, from where and when, and how to pay."""
    creditor, recipient = occasion.creditor, occasion.recipient
    language = recipient.language
    own = ", ".join(postal.lines(creditor.address))
    legal = creditor.legal_name or creditor.name
    day = shown.day(occasion.leaves_at.date())
    town = postal.town(creditor.address)
    laid = wording.as_blocks(rendered)
    return Paper(
        letterhead=creditor.name,
        sender=" · ".join(filter(None, (legal, own))),
        window=tuple(window(creditor, recipient)),
        window_on_the_right=postal.window_on_the_right(creditor.country),
        dated=say("letter.dated", language, place=town, date=day) if town else day,
        top=laid.top,
        rest=laid.rest,
        footer=tuple(
            filter(
                None,
                (
                    legal,
                    say("letter.tax_id", language, value=creditor.tax_id) if creditor.tax_id else "",
                    own,
                    creditor.email or creditor.sender_email,
                    creditor.phone or creditor.sender_phone,
                ),
            )
        ),
        page=say("letter.page", language, page="{page}", pages="{pages}"),
        slip=shown.slip(),
    )


def window(creditor: Creditor, recipient: Recipient) -> list[str]:
    """The lines a letter shows in the window of its envelope."""
    abroad = postal.abroad(recipient.country, creditor.country, creditor.language)
    return postal.block(recipient.name, recipient.contact, recipient.address, recipient.language, abroad=abroad)


def _whereto(occasion: Occasion, channel: Act) -> tuple[str, ...]:
    """Where a message goes, for the evidence."""
    recipient = occasion.recipient
    if channel is Act.EMAIL:
        return recipient.emails
    return (recipient.phone,) if channel is Act.SMS else tuple(window(occasion.creditor, recipient))


def identifier(creditor: Creditor, key: str) -> str:
    """The Message-ID of a message of ours, without its angle brackets."""
    return f"{key}@{creditor.sender_email.rpartition('@')[2]}"


def _picture(picture: bytes | None, content_id: str | None) -> tuple[Attachment, ...]:
    if picture is None or content_id is None:
        return ()
    return (Attachment("pay.png", "image/png", picture, content_id),)


def _template(occasion: Occasion) -> Template:
    """The wording for the step: several invoices have their own, and nobody reads the same words twice."""
    planned, recipient = occasion.planned, occasion.recipient
    spoken = [line for line in planned.lines if line.section is not Section.CREDIT]
    main = [line for line in spoken if line.section is Section.OVERDUE] or spoken
    several = len({line.item for line in main}) > 1
    return wording.choose(
        wording.stage_for(occasion.step.wording, several=several),
        recipient.language,
        regular=recipient.regular,
        had=recipient.had,
        key=occasion.key,
        wordings=occasion.wordings,
    )


def _documents(occasion: Occasion) -> list[Attachment]:
    """The documents of the invoices asked for, oldest due first, as far as they fit."""
    found: list[Attachment] = []
    size = 0
    asked = [line for line in occasion.planned.lines if line.section is not Section.CREDIT]
    for line in sorted(asked, key=lambda line: (occasion.items[line.item].due_on, line.item)):
        item = occasion.items[line.item]
        data = _document(occasion.creditor, item.pdf_path)
        if data is None or size + len(data) > _LARGEST_ATTACHED:
            continue
        size += len(data)
        found.append(Attachment(f"{item.number}.pdf", "application/pdf", data))
    return found


def _document(creditor: Creditor, path: str) -> bytes | None:
    """The bytes of a document the intake let in, None when it is no longer what it was then."""
    if not path:
        return None
    if originals.is_kept(path):
        return originals.find(creditor, path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_DOCUMENT + 1)
    except OSError:
        return None
    return data if data.startswith(b"%PDF") and len(data) <= _LARGEST_DOCUMENT else None


class _Shown:
    """The values of an occasion as its reader sees them."""

    def __init__(self, occasion: Occasion, *, attached: bool) -> None:
        self.occasion = occasion
        self.attached = attached
        planned = occasion.planned
        self.overdue = [line for line in planned.lines if line.section is Section.OVERDUE]
        self.soon = [line for line in planned.lines if line.section is Section.DUE_SOON]
        self.credits = [line for line in planned.lines if line.section is Section.CREDIT]
        self.settled = [line for line in planned.lines if line.section is Section.SETTLED]
        self.promised = [line for line in planned.lines if line.section is Section.PROMISED]
        self.asked = sorted(self.overdue or self.soon or self.settled or self.promised, key=self.by_due)
        # A confirmation asks for nothing; what it speaks of is what was promised.
        self.total = planned.demanded or sum(line.amount for line in self.promised)
        self.first = occasion.items[self.asked[0].item]
        self.offers = self.discounts()

    def by_due(self, line: Line) -> tuple[date, int]:
        return self.occasion.items[line.item].due_on, line.item

    def money(self, minor: int) -> str:
        recipient = self.occasion.recipient
        return show_money(Money(minor, self.occasion.planned.currency), recipient.language, recipient.country)

    def day(self, day: date | None) -> str:
        recipient = self.occasion.recipient
        return show_date(day, recipient.language, recipient.country) if day else ""

    def late(self, due: date) -> int:
        return max(0, (self.occasion.today - due).days)

    def today(self, due: date) -> bool:
        """Whether a message may say "today": a letter is read on another day than it is written."""
        return due == self.occasion.today and self.occasion.planned.channel is not Act.LETTER

    def fields(self, template: Template) -> dict[str, object]:
        """The fields the wording names, formatted for the reader; one that no step has a value for is left out."""
        names = (*template.required, *template.optional)
        return {name: _FIELDS[name](self) for name in names if name in _FIELDS}

    def row(self, line: Line) -> dict[str, object]:
        item = self.occasion.items[line.item]
        unapplied = item.kind == Kind.UNAPPLIED
        amount = self.money(item.total if line.section is Section.SETTLED else line.amount)
        discount = item.discounted(line.amount, self.occasion.today)
        return {
            "number": say("wording.part.unapplied", self.occasion.recipient.language) if unapplied else item.number,
            "due_date": "–" if line.section is Section.CREDIT else self.day(item.due_on),
            "balance": amount,
            "amount": amount,
            "days_overdue": self.late(item.due_on) if line.section is Section.OVERDUE else 0,
            "promise_date": self.day(item.promised_on) or "–",
            "discount_until": self.day(min(discount.until, item.due_on)) if discount else "–",
            "discounted": self.money(line.amount - discount.amount) if discount else "–",
        }

    def terms(self, item: ItemFacts) -> str:
        """The payment terms of an invoice in words; empty where its issue date is not known."""
        if item.issued_on is None or item.due_on < item.issued_on:
            return ""
        days, language = (item.due_on - item.issued_on).days, self.occasion.recipient.language
        return say("wording.terms", language, n=days) if days else say("wording.at_receipt", language)

    def method(self, way: str) -> str:
        return say(f"wording.method.{way}", self.occasion.recipient.language) if way else ""

    def ways(self) -> tuple[str, str]:
        return ways(self.occasion.creditor, self.occasion.recipient)

    def discounts(self) -> list[tuple[Line, Discount]]:
        """What may be paid with a discount today; never beside what is overdue, nor when credits leave less than it."""
        if self.overdue:
            return []
        items, today = self.occasion.items, self.occasion.today
        found = ((line, items[line.item].discounted(line.amount, today)) for line in sorted(self.soon, key=self.by_due))
        running = [(line, discount) for line, discount in found if discount]
        return running if sum(discount.amount for _, discount in running) < self.total else []

    def percent(self) -> str:
        """The discount of the first item that has one."""
        if not self.offers:
            return ""
        language = self.occasion.recipient.language
        return say("wording.percent", language, percent=show_decimal(self.offers[0][1].percent, language))

    def offered_until(self) -> str:
        if not self.offers:
            return ""
        line, discount = self.offers[0]
        return self.day(min(discount.until, self.occasion.items[line.item].due_on))

    def saved(self) -> int:
        """What all discounts come to."""
        return sum(discount.amount for _, discount in self.offers)

    def promises(self) -> list[tuple[Line, date]]:
        """What was promised of the items spoken of, each with its day."""
        items = ((line, self.occasion.items[line.item]) for line in self.asked)
        return [(line, item.promised_on) for line, item in items if item.promised_on]

    def promised_amount(self) -> str:
        promises = self.promises()
        return self.money(sum(line.amount for line, _ in promises)) if promises else ""

    def promised_until(self) -> str:
        return self.day(max((day for _, day in self.promises()), default=None))

    def paid(self) -> str:
        return self.money(sum(receipt.amount for receipt in self.occasion.planned.thanks))

    def paid_on(self) -> str:
        return self.day(max((receipt.booked_on for receipt in self.occasion.planned.thanks), default=None))

    def contact(self) -> str:
        recipient = self.occasion.recipient
        return "" if recipient.contact == recipient.name else recipient.contact

    def pay_link(self, number: str) -> str:
        link = self.occasion.creditor.pay_link
        if "{" not in link:
            return link
        if len(self.asked) > 1:
            return ""  # a link for one invoice would ask for a part as if it were all
        quoted = creditor_reference(number) or number
        return link.replace("{invoice}", quote(number, safe="")).replace("{reference}", quote(quoted, safe=""))

    def thanks(self) -> str:
        """The opening of a demand when money came in; a message of thanks says it in its own words."""
        receipts = self.occasion.planned.thanks
        if not receipts or self.occasion.planned.act is Act.THANKS:
            return ""
        return wording.thanks_for(self.paid(), self.paid_on(), self.occasion.recipient.language, len(receipts))

    def crossed(self) -> str:
        """That a message of ours asked for what was paid already."""
        day = max((receipt.crossed for receipt in self.occasion.planned.thanks if receipt.crossed), default=None)
        return wording.crossed_on(self.day(day), self.occasion.recipient.language) if day else ""

    def blocks(self) -> list[Block]:
        """What planning adds: how an amount is made up, what falls due soon, what is left out and why."""
        language, items = self.occasion.recipient.language, self.occasion.items
        blocks: list[Block] = []
        if self.credits and len(self.asked) == 1:
            parts = [Part("invoice", self.money(self.asked[0].amount), items[self.asked[0].item].number)]
            for line in self.credits:
                item = items[line.item]
                kind = "unapplied" if item.kind == Kind.UNAPPLIED else "credit_note"
                parts.append(Part(kind, self.money(line.amount), item.number))
            blocks.append(wording.made_up(parts, self.money(self.occasion.planned.demanded), language))
        if self.overdue and self.soon:
            soon = [
                Soon(items[line.item].number, self.day(items[line.item].due_on), self.money(line.amount))
                for line in sorted(self.soon, key=self.by_due)
            ]
            blocks.append(wording.due_soon(soon, language))
        if self.offers and not self.occasion.step.offers_discount:
            offers = (self.row(line) for line, _ in self.offers)
            shown = ("number", "discount_until", "discounted")
            blocks.append(wording.early([Early(*(str(offer[name]) for name in shown)) for offer in offers], language))
        if self.occasion.planned.named:
            blocks.append(wording.set_aside([self.set_aside(named) for named in self.occasion.planned.named], language))
        return blocks

    def set_aside(self, named: Named) -> SetAside:
        item = self.occasion.items[named.item]
        day = named.params.get("day")
        amount = named.params.get("amount")
        shown = self.money(amount.minor if isinstance(amount, Money) else item.open)
        return SetAside(item.number, shown, _REASONS[named.rule], self.day(day) if isinstance(day, date) else "")

    def payment_code(self) -> PaymentCode | None:
        """The QR code of a SEPA transfer for exactly what is asked for today.

        None beside an offer of a discount: a code has no last day, and one for the full amount would forfeit the offer.
        """
        if self.offers:
            return None
        planned, creditor = self.occasion.planned, self.occasion.creditor
        if planned.demanded <= 0 or not creditor.iban:
            return None
        for quoted in self.quotable():
            payload = epc_payload(
                Money(planned.demanded, planned.currency),
                name=creditor.legal_name or creditor.name,
                iban=creditor.iban,
                quoting=quoted,
                bic=creditor.bic,
            )
            if payload:
                return PaymentCode(qr_png(payload), quoted)
        return None

    def quotable(self) -> list[str]:
        """What a transfer may quote: every number asked for, else the oldest."""
        items = self.occasion.items
        found: list[str] = []
        for numbers in (" ".join(items[line.item].number for line in self.asked), items[self.asked[0].item].number):
            try:
                found.append(reference(numbers))
            except NoReferenceError:
                continue
        return found

    def slip(self) -> Slip | None:
        """How to pay by transfer, beside a letter that asks for money."""
        planned, creditor, language = self.occasion.planned, self.occasion.creditor, self.occasion.recipient.language
        if planned.demanded <= 0 or not creditor.iban:
            return None
        code = self.payment_code()
        quoted = code.quoting if code else next(iter(self.quotable()), "")
        facts = (
            (say("letter.amount", language), self.money(planned.demanded)),
            (say("letter.holder", language), creditor.legal_name or creditor.name),
            ("IBAN", show_iban(creditor.iban)),
            ("BIC", creditor.bic),
            (say("letter.reference", language), quoted),
        )
        return Slip(
            say("letter.pay", language),
            tuple((label, value) for label, value in facts if value),
            code.picture if code else None,
            say("wording.qr_caption", language),
        )


# What a wording may name, and where its value comes from; a message has only the values it needs worked out.
_FIELDS: Final[Mapping[str, Callable[[_Shown], object]]] = MappingProxyType(
    {
        "contact.name": _Shown.contact,
        "customer.name": lambda it: it.occasion.recipient.name,
        "customer.is_consumer": lambda it: it.occasion.recipient.consumer,
        "customer.email": lambda it: next(iter(it.occasion.recipient.emails), ""),
        "invoice.number": lambda it: it.first.number,
        "invoice.description": lambda it: _short(it.first.description),
        "invoice.issue_date": lambda it: it.day(it.first.issued_on),
        "invoice.due_date": lambda it: it.day(it.first.due_on),
        "invoice.balance": lambda it: it.money(it.total),
        "invoice.attached": lambda it: it.attached,
        "invoice.is_due_today": lambda it: it.today(it.first.due_on),
        "invoice.is_settled": lambda it: bool(it.settled),
        "days_overdue": lambda it: it.late(it.first.due_on),
        "items": lambda it: [it.row(line) for line in (*it.asked, *it.credits)],
        "oldest.number": lambda it: it.first.number,
        "oldest.due_date": lambda it: it.day(it.first.due_on),
        "oldest.balance": lambda it: it.money(it.asked[0].amount),
        "oldest.days_overdue": lambda it: it.late(it.first.due_on),
        "next_due.number": lambda it: it.first.number,
        "next_due.due_date": lambda it: it.day(it.first.due_on),
        "next_due.is_due_today": lambda it: it.today(it.first.due_on),
        "total_due": lambda it: it.money(it.total),
        "statement_date": lambda it: it.day(it.occasion.today),
        "terms.text": lambda it: it.terms(it.first),
        "delivery.case": lambda it: "arrived",  # a step is not taken for what is known not to have arrived
        "method.current": lambda it: it.method(it.ways()[0]),
        "method.offered": lambda it: it.method(it.ways()[1]),
        "discount.percent": _Shown.percent,
        "discount.until": _Shown.offered_until,
        "discount.amount": lambda it: it.money(it.saved()) if it.offers else "",
        "discount.balance": lambda it: it.money(it.total - it.saved()) if it.offers else "",
        "promise.amount": _Shown.promised_amount,
        "promise.date": _Shown.promised_until,
        "reply_by_date": lambda it: it.day(it.occasion.planned.reply_by),
        "payment.iban": lambda it: show_iban(it.occasion.creditor.iban) if it.occasion.creditor.iban else "",
        "payment.amount": _Shown.paid,
        "payment.date": _Shown.paid_on,
        "pay_link": lambda it: it.pay_link(it.first.number),
        "company.name": lambda it: it.occasion.creditor.name,
        "sender.name": lambda it: it.occasion.creditor.sender_name,
        "sender.email": lambda it: it.occasion.creditor.sender_email,
        "sender.phone": lambda it: it.occasion.creditor.sender_phone,
        "sender.signature": lambda it: it.occasion.creditor.sender_signature,
    }
)


class PaymentCode(NamedTuple):
    """A QR code to pay with, and the reference it quotes."""

    picture: bytes
    quoting: str


_REASONS: Final = {
    "hold.disputed": "disputed",
    "hold.disputed_part": "disputed",
    "hold.promised": "promised",
    "hold.promised_part": "promised",
    "hold.plan_kept": "plan",
}


def _short(description: str) -> str:
    """About forty characters of what was bought, cut at a word."""
    if len(description) <= 48:
        return description
    return description[:48].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
