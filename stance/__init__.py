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
    from stance.calibration import calibrate
    from stance.comparison import Comparison, compare
    from stance.corpus import score_corpus
    from stance.cues import Cue, find_cues
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
    from stance.estimator import StanceClassifier
    from stance.evaluation import Evaluation, evaluate
    from stance.evidence import EvidenceUnit, evidence_units
    from stance.files import read_records, write_records
    from stance.formats import read_pairs
    from stance.frames import (
        documents_from,
        records_from,
        score_columns,
        to_arrow,
        to_pandas,
        to_polars,
    )
    from stance.intervals import Method
    from stance.labelled import LabelledPair
    from stance.loop import TrainConfig
    from stance.pairs import make_pairs
    from stance.partials import PartialVectors, Selection, merge, partial
    from stance.plots import plot_alignment, plot_matrix, plot_series, plot_vector
    from stance.positions import (
        Alignment,
        Similarity,
        StanceMatrix,
        alignment,
        similarity,
        to_matrix,
    )
    from stance.records import StanceRecord
    from stance.robustness import Robustness, check_robustness
    from stance.scoring import Scorer, analyze, load
    from stance.sentences import split_sentences
    from stance.shards import CorpusSummary
    from stance.shifts import StatedShift, stated_shifts
    from stance.tables import record_schema
    from stance.tuning import finetune
    from stance.turns import Turn, TurnSearch, find_turns, search_turns
    from stance.validation import Correlation, Validation, validate
    from stance.values import Actor, Document, Mention, Pair, Prediction, Sentence
    from stance.vector_tables import to_table, write_vectors
    from stance.vectors import Cell, StanceVector, aggregate, finish
    from stance.webpage import write_html

__version__ = "0.1.0"

_HOME = {
    "Actor": "values",
    "ActorTable": "actor_table",
    "ActorTableError": "errors",
    "Alignment": "positions",
    "Cell": "vectors",
    "Columns": "documents",
    "Comparison": "comparison",
    "CorpusError": "errors",
    "CorpusSummary": "shards",
    "Correlation": "validation",
    "Cue": "cues",
    "Document": "values",
    "Evaluation": "evaluation",
    "EvidenceUnit": "evidence",
    "InputError": "errors",
    "LabelledPair": "labelled",
    "Mention": "values",
    "Method": "intervals",
    "MissingDependencyError": "errors",
    "ModelError": "errors",
    "ModelMismatchError": "errors",
    "ModelNotFoundError": "errors",
    "Pair": "values",
    "PartialVectors": "partials",
    "Prediction": "values",
    "ResumeMismatchError": "errors",
    "Robustness": "robustness",
    "Scorer": "scoring",
    "Selection": "partials",
    "Sentence": "values",
    "Similarity": "positions",
    "StanceClassifier": "estimator",
    "StanceError": "errors",
    "StanceMatrix": "positions",
    "StanceRecord": "records",
    "StanceVector": "vectors",
    "StatedShift": "shifts",
    "TrainConfig": "loop",
    "Turn": "turns",
    "TurnSearch": "turns",
    "Validation": "validation",
    "aggregate": "vectors",
    "alignment": "positions",
    "analyze": "scoring",
    "calibrate": "calibration",
    "check_robustness": "robustness",
    "compare": "comparison",
    "documents_from": "frames",
    "evaluate": "evaluation",
    "evidence_units": "evidence",
    "find_actors": "actors",
    "find_cues": "cues",
    "find_turns": "turns",
    "finetune": "tuning",
    "finish": "vectors",
    "load": "scoring",
    "load_actor_table": "actor_table",
    "make_pairs": "pairs",
    "merge": "partials",
    "partial": "partials",
    "plot_alignment": "plots",
    "plot_matrix": "plots",
    "plot_series": "plots",
    "plot_vector": "plots",
    "read_documents": "documents",
    "read_pairs": "formats",
    "read_records": "files",
    "record_schema": "tables",
    "records_from": "frames",
    "score_columns": "frames",
    "score_corpus": "corpus",
    "search_turns": "turns",
    "similarity": "positions",
    "split_sentences": "sentences",
    "stated_shifts": "shifts",
    "to_arrow": "frames",
    "to_matrix": "positions",
    "to_pandas": "frames",
    "to_polars": "frames",
    "to_table": "vector_tables",
    "validate": "validation",
    "write_html": "webpage",
    "write_records": "files",
    "write_vectors": "vector_tables",
}

_TRAINING = {"onnx", "onnxscript", "safetensors", "torch"}
"""What only training needs; the extra brings it."""

__all__ = [
    "Actor",
    "ActorTable",
    "ActorTableError",
    "Alignment",
    "Cell",
    "Columns",
    "Comparison",
    "CorpusError",
    "CorpusSummary",
    "Correlation",
    "Cue",
    "Document",
    "Evaluation",
    "EvidenceUnit",
    "InputError",
    "LabelledPair",
    "Mention",
    "Method",
    "MissingDependencyError",
    "ModelError",
    "ModelMismatchError",
    "ModelNotFoundError",
    "Pair",
    "PartialVectors",
    "Prediction",
    "ResumeMismatchError",
    "Robustness",
    "Scorer",
    "Selection",
    "Sentence",
    "Similarity",
    "StanceClassifier",
    "StanceError",
    "StanceMatrix",
    "StanceRecord",
    "StanceVector",
    "StatedShift",
    "TrainConfig",
    "Turn",
    "TurnSearch",
    "Validation",
    "aggregate",
    "alignment",
    "analyze",
    "calibrate",
    "check_robustness",
    "compare",
    "documents_from",
    "evaluate",
    "evidence_units",
    "find_actors",
    "find_cues",
    "find_turns",
    "finetune",
    "finish",
    "load",
    "load_actor_table",
    "make_pairs",
    "merge",
    "partial",
    "plot_alignment",
    "plot_matrix",
    "plot_series",
    "plot_vector",
    "read_documents",
    "read_pairs",
    "read_records",
    "record_schema",
    "records_from",
    "score_columns",
    "score_corpus",
    "search_turns",
    "similarity",
    "split_sentences",
    "stated_shifts",
    "to_arrow",
    "to_matrix",
    "to_pandas",
    "to_polars",
    "to_table",
    "validate",
    "write_html",
    "write_records",
    "write_vectors",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'stance' has no attribute {name!r}")
    try:
        value = getattr(import_module(f"stance.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _TRAINING:
            raise
        from stance.errors import MissingDependencyError

        raise MissingDependencyError(error.name, "train") from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
