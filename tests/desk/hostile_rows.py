"""Rows with nothing but lines that nobody means well by: every text people or their files wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.apps import apps
from django.db import models

from amable.banking.models import BankLine
from amable.correspondence.models import Message
from amable.ledger.models import Contact, Customer, Item, Payment
from amable.organisation.models import Creditor
from amable.work.models import File
from tests.desk.hostile import lines

SAID: Final = {
    "name", "legal_name", "address", "tax_id", "email", "phone", "sender_name", "sender_signature", "sender_phone",
    "pay_link", "segment", "manager_name", "payment_method", "number", "description", "po_number", "applies_to",
    "note", "said_by", "made_by", "answer", "ended_by", "resolved_by", "opened_by", "because", "held_by", "text",
    "written_by", "subject", "reference", "end_to_end", "bank_reference", "payer", "account", "said", "told_by",
    "given_by", "asked_by", "value", "approved_by", "stopped_because",
    "stopped_by", "changed_by", "iban", "bic", "taken_by",
}  # fmt: skip
NOT_OURS: Final = {
    "StoredProcedure",
    "ProcedureVersion",
    "ProcedureDraft",
    "WordingVersion",
    "StoredWording",
    "Entry",
    "Head",
}


def write_over(creditor: Creditor, parts: list[str], turn: int) -> None:
    """Put lines into every text that people or their files wrote."""
    for model in apps.get_models():
        if not model.__module__.startswith("amable.") or model.__name__ in NOT_OURS:
            continue
        rows = model._base_manager.all()
        texts = [
            field for field in model._meta.concrete_fields if isinstance(field, models.CharField | models.TextField)
        ]
        for place, field in enumerate(one for one in texts if one.name in SAID and one.name != "iban"):
            text = parts[(turn + place) % len(parts)]
            if field.name in _alone(model):
                for pk in rows.values_list("pk", flat=True):
                    rows.filter(pk=pk).update(**{field.name: _fitting(field, f"{pk} {text}")})
            else:
                rows.update(**{field.name: _fitting(field, text)})


def _alone(model: type[models.Model]) -> set[str]:
    """The fields by which a row is told from others."""
    keys = (one.fields for one in model._meta.constraints if isinstance(one, models.UniqueConstraint))
    return {name for key in keys for name in key} | {
        field.name for field in model._meta.concrete_fields if field.unique
    }


def _fitting(field: Any, text: str) -> str:
    return text[: field.max_length] if field.max_length else text


def fill_the_book(creditor: Creditor) -> None:
    """A row for every line in each list."""
    texts = lines()
    like = {model: model._base_manager.filter(creditor=creditor).order_by("pk").first() for model in
            (Customer, Contact, Item, Message, Payment, BankLine, File)}  # fmt: skip

    def copies(model: Any, **facts: Callable[[int, str], Any]) -> list[Any]:
        made = []
        for n, line in enumerate(texts):
            values = {field.attname: getattr(like[model], field.attname) for field in model._meta.concrete_fields}
            values.pop("id")
            made.append(model(**values | {name: fact(n, line) for name, fact in facts.items()}))
        return list(model._base_manager.bulk_create(made, batch_size=200))

    def as_is(n: int, line: str) -> str:
        return line

    def numbered(n: int, line: str) -> str:
        return f"{n} {line}"[:190]

    people = copies(Customer, key=lambda n, _: f"H-{n}", name=as_is, segment=as_is, address=as_is, tax_id=as_is)
    owner = {n: one.pk for n, one in enumerate(people)}
    copies(Contact, customer_id=lambda n, _: owner[n], name=as_is, email=as_is, phone=as_is)
    copies(Item, customer_id=lambda n, _: owner[n], number=numbered, description=as_is, po_number=as_is)
    copies(
        Message, customer_id=lambda n, _: owner[n], key=lambda n, _: f"hostile{n}", slot=lambda n, _: f"hostile{n}",
        subject=as_is, reason=lambda *_: "", approved_by=as_is, path=lambda n, _: f"{n}",
    )  # fmt: skip
    copies(Payment, external_id=lambda n, _: f"hostile{n}", payer=as_is, note=as_is, by=as_is)
    copies(BankLine, fingerprint=lambda n, _: f"hostile{n}", name=as_is, text=as_is, reference=as_is, iban=as_is)
    copies(File, digest=lambda n, _: f"hostile{n}", name=as_is, given_by=as_is)
