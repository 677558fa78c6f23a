"""Who takes which stance toward whom: news text to directed, resolved, aggregated stances.

>>> import stance
>>> [(r.source_id, r.stance, r.target_id) for r in stance.analyze("Beijing condemned Tokyo.")]
[('CHN', 'against', 'JPN'), ('JPN', 'neutral', 'CHN')]

Names are loaded on first use, so that importing the package is quick and pulls in nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.actor_table import ActorTable, load_actor_table
    from stance.actors import find_actors
    from stance.corpus import score_corpus
    from stance.documents import Columns, read_documents
    from stance.errors import (
        ActorTableError,
        CorpusError,
        InputError,
        MissingDependencyError,
        ModelError,
        ModelMismatchError,
        ModelNotFoundError,
        ResumeMismatchError,
        StanceError,
    )
    from stance.evaluation import Evaluation, evaluate
    from stance.files import read_records, write_records
    from stance.labelled import LabelledPair, read_pairs
    from stance.pairs import make_pairs
    from stance.records import StanceRecord
    from stance.scoring import Scorer, analyze, load
    from stance.sentences import split_sentences
    from stance.shards import CorpusSummary
    from stance.values import Actor, Document, Mention, Pair, Prediction, Sentence
    from stance.vectors import Cell, StanceVector, aggregate

__version__ = "0.1.0"

_HOME = {
    "Actor": "values",
    "ActorTable": "actor_table",
    "ActorTableError": "errors",
    "Cell": "vectors",
    "Columns": "documents",
    "CorpusError": "errors",
    "CorpusSummary": "shards",
    "Document": "values",
    "Evaluation": "evaluation",
    "InputError": "errors",
    "LabelledPair": "labelled",
    "Mention": "values",
    "MissingDependencyError": "errors",
    "ModelError": "errors",
    "ModelMismatchError": "errors",
    "ModelNotFoundError": "errors",
    "Pair": "values",
    "Prediction": "values",
    "ResumeMismatchError": "errors",
    "Scorer": "scoring",
    "Sentence": "values",
    "StanceError": "errors",
    "StanceRecord": "records",
    "StanceVector": "vectors",
    "aggregate": "vectors",
    "analyze": "scoring",
    "evaluate": "evaluation",
    "find_actors": "actors",
    "load": "scoring",
    "load_actor_table": "actor_table",
    "make_pairs": "pairs",
    "read_documents": "documents",
    "read_pairs": "labelled",
    "read_records": "files",
    "score_corpus": "corpus",
    "split_sentences": "sentences",
    "write_records": "files",
}

__all__ = [
    "Actor",
    "ActorTable",
    "ActorTableError",
    "Cell",
    "Columns",
    "CorpusError",
    "CorpusSummary",
    "Document",
    "Evaluation",
    "InputError",
    "LabelledPair",
    "Mention",
    "MissingDependencyError",
    "ModelError",
    "ModelMismatchError",
    "ModelNotFoundError",
    "Pair",
    "Prediction",
    "ResumeMismatchError",
    "Scorer",
    "Sentence",
    "StanceError",
    "StanceRecord",
    "StanceVector",
    "aggregate",
    "analyze",
    "evaluate",
    "find_actors",
    "load",
    "load_actor_table",
    "make_pairs",
    "read_documents",
    "read_pairs",
    "read_records",
    "score_corpus",
    "split_sentences",
    "write_records",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'stance' has no attribute {name!r}")
    value = getattr(import_module(f"stance.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
