"""Whether a file gets an answer: records, e-invoices, statements or complaints in words, in every language."""

from __future__ import annotations

from amable.core.languages import LANGUAGES
from amable.work import invoicing, reading
from amable.work.invoicing import Whose
from amable.work.reading import Input


def answered(data: bytes) -> Input:
    """What was read, once all of it could be said; raises whatever a user would have seen as a stack trace."""
    given = Input()
    reading.read("file", data, {}, (), given)
    for document in invoicing.chosen(given, Whose()):
        records, said = invoicing.items(document, Whose(terms=30))
        assert records or said, "an invoice is an item, or it is said why not"
        given.complaints += [(document.file, one) for one in said]
        given.records += [(document.file, record) for record in records]
    for _, complaint in given.complaints:
        for language in LANGUAGES:
            assert all(reading.in_words(complaint, language))
    assert given.records or given.statements or given.complaints or given.understood, "no file is met with silence"
    return given
