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
    from stance.errors import (
        ActorTableError,
        InputError,
        MissingDependencyError,
        ModelError,
        ModelMismatchError,
        ModelNotFoundError,
        StanceError,
    )
    from stance.estimator import StanceClassifier
    from stance.evaluation import Evaluation, evaluate
    from stance.files import read_documents, read_records, write_records
    from stance.frames import (
        documents_from,
        record_schema,
        records_from,
        score_columns,
        to_arrow,
        to_pandas,
        to_polars,
    )
    from stance.labelled import LabelledPair, read_pairs
    from stance.pairs import make_pairs
    from stance.records import StanceRecord
    from stance.scoring import Scorer, analyze, load
    from stance.sentences import split_sentences
    from stance.values import Actor, Document, Mention, Pair, Prediction, Sentence
    from stance.vectors import Cell, StanceVector, aggregate

__version__ = "0.1.0"

_HOME = {
    "Actor": "values",
    "ActorTable": "actor_table",
    "ActorTableError": "errors",
    "Cell": "vectors",
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
    "Scorer": "scoring",
    "Sentence": "values",
    "StanceClassifier": "estimator",
    "StanceError": "errors",
    "StanceRecord": "records",
    "StanceVector": "vectors",
    "aggregate": "vectors",
    "analyze": "scoring",
    "documents_from": "frames",
    "evaluate": "evaluation",
    "find_actors": "actors",
    "load": "scoring",
    "load_actor_table": "actor_table",
    "make_pairs": "pairs",
    "read_documents": "files",
    "read_pairs": "labelled",
    "read_records": "files",
    "record_schema": "frames",
    "records_from": "frames",
    "score_columns": "frames",
    "split_sentences": "sentences",
    "to_arrow": "frames",
    "to_pandas": "frames",
    "to_polars": "frames",
    "write_records": "files",
}

__all__ = [
    "Actor",
    "ActorTable",
    "ActorTableError",
    "Cell",
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
    "Scorer",
    "Sentence",
    "StanceClassifier",
    "StanceError",
    "StanceRecord",
    "StanceVector",
    "aggregate",
    "analyze",
    "documents_from",
    "evaluate",
    "find_actors",
    "load",
    "load_actor_table",
    "make_pairs",
    "read_documents",
    "read_pairs",
    "read_records",
    "record_schema",
    "records_from",
    "score_columns",
    "split_sentences",
    "to_arrow",
    "to_pandas",
    "to_polars",
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
