"""Every error the library raises on purpose.

StanceError                      the common base; what to do is attached with `add_note`
├─ InputError(ValueError)        bad text, offsets or row: names the document and the field
├─ ModelError                    the model folder cannot be used
│  ├─ ModelNotFoundError         there is no model in the folder
│  └─ ModelMismatchError         a file is missing or changed, or labels, schema or golden answers differ
├─ ActorTableError               duplicate alias, unknown code: file and line
├─ CorpusError                   a corpus run cannot start or go on: its folder, lock or disk
│  └─ ResumeMismatchError        input, model or options are not those of the run begun there
└─ MissingDependencyError(ImportError)   an optional package is needed: names the extra
"""

from __future__ import annotations


class StanceError(Exception):
    """Base of all errors raised by stance."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(hint)


class InputError(StanceError, ValueError):
    """The given text, offsets, row or file cannot be read as what it should be."""


class ModelError(StanceError):
    """A model folder cannot be used."""


class ModelNotFoundError(ModelError):
    """There is no such folder, or no model in it."""


class ModelMismatchError(ModelError):
    """The folder holds a model that is incomplete or is not what it says it is."""


class ActorTableError(StanceError, ValueError):
    """A row of an actor table or user list is wrong; names file and line."""


class CorpusError(StanceError):
    """A run over a corpus cannot start or go on."""


class ResumeMismatchError(CorpusError):
    """The output folder holds a run of another input, model or options; names the key and both values."""


class MissingDependencyError(StanceError, ImportError):
    """An optional dependency is not installed; names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(
            f"this needs the package {package!r}, which is not installed",
            hint=f"pip install 'stance[{extra}]'",
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Made again from package and extra: a worker sends its errors pickled."""
        return type(self), (self.package, self.extra), self.__dict__
