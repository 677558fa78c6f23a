"""Which documents can be scored, and what is wrong with the others."""

from __future__ import annotations

import datetime

from stance.errors import InputError
from stance.values import Document

MAX_CHARACTERS = 1_000_000


def check_document(document: Document) -> None:
    """Raise InputError, naming document and field, unless the document can be scored."""
    given: object = document
    if not isinstance(given, Document):
        raise InputError(
            f"documents must be stance.Document values, got {type(given).__name__}",
            hint="for one text use stance.analyze(text)",
        )
    date: object = document.date
    if date is not None and (
        not isinstance(date, datetime.date) or isinstance(date, datetime.datetime)
    ):
        raise InputError(
            f"document {document.id!r}, field 'date': is {date!r}; must be a datetime.date or None"
        )
    _check_text(document.text, f"document {document.id!r}, field 'text'")


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str):
        raise InputError(f"{where}: is {type(text).__name__}; must be str")
    if not text.strip():
        state = "only white space" if text else "empty"
        raise InputError(f"{where}: is {state}; must hold a sentence")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"{where}: has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed",
            hint="give each article as a document of its own",
        )
    if "\0" in text:
        raise InputError(
            f"{where}: has a NUL character at {text.index(chr(0))}; must be text",
            hint="is it a binary file, or UTF-16 read as UTF-8?",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: has half a surrogate pair at {error.start}; must be valid Unicode"
        ) from error
