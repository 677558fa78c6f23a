"""A spaCy component: `nlp.add_pipe("stance")` gives `doc._.stances` and groups of spans.

spaCy finds it through the entry point `spacy_factories` of the installed package.
"""

# spaCy 3.7 reads the annotations below, so they are no strings here.
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stance.errors import MissingDependencyError
from stance.records import StanceRecord
from stance.scoring.scorer import Scorer, load
from stance.values import Document

try:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.util import minibatch
except ImportError as error:
    raise MissingDependencyError("spacy", "spacy") from error

if TYPE_CHECKING:
    from spacy.tokens import Span

ROWS = "stance_rows"
"""Where a Doc keeps its records, as plain values so that `Doc.to_bytes` can write them."""
SOURCES, TARGETS = "stance_sources", "stance_targets"


class StanceComponent:
    """Scores the text of a Doc.

    `doc._.stances` holds the StanceRecords, their offsets counting characters of `doc.text`.
    `doc.spans["stance_sources"]` and `["stance_targets"]` hold a span for each record, in the same
    order, its label the stance; where the stance names nobody, the target is the whole sentence.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def __call__(self, doc: Doc) -> Doc:
        """The Doc with its stances."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], batch_size: int = 64) -> Iterator[Doc]:
        """Docs with their stances, scored many at a time."""
        for docs in minibatch(stream, batch_size):
            found: dict[str, list[StanceRecord]] = {str(i): [] for i in range(len(docs))}
            documents = [Document(str(i), doc.text) for i, doc in enumerate(docs)]
            for record in self.scorer(d for d in documents if d.text.strip()):
                found[record.document_id].append(record)
            for doc, records in zip(docs, found.values(), strict=True):
                yield _with_stances(doc, records)


@Language.factory(  # type: ignore[untyped-decorator]
    "stance",
    default_config={"model": None, "threads": None, "actors": None},
    assigns=["doc._.stances", "doc.spans"],
)
def create(
    nlp: Language, name: str, model: str | None, threads: int | None, actors: str | None
) -> StanceComponent:
    """The component, with the options of `stance.load`."""
    return StanceComponent(load(model, threads=threads, actors=actors))


def _with_stances(doc: Doc, records: list[StanceRecord]) -> Doc:
    doc.user_data[ROWS] = [record.to_json() for record in records]
    doc.spans[SOURCES] = [_span(doc, r.source_start, r.source_end, r.stance) for r in records]
    doc.spans[TARGETS] = [
        _span(doc, r.sentence_start, r.sentence_end, r.stance)
        if r.target_start is None or r.target_end is None
        else _span(doc, r.target_start, r.target_end, r.stance)
        for r in records
    ]
    return doc


def _span(doc: Doc, start: int, end: int, label: str) -> "Span":
    """The tokens that hold these characters."""
    return doc.char_span(start, end, label=label, alignment_mode="expand")


def _stances(doc: Doc) -> list[StanceRecord]:
    return [StanceRecord.from_json(row) for row in doc.user_data.get(ROWS, [])]


if not Doc.has_extension("stances"):
    Doc.set_extension("stances", getter=_stances)
