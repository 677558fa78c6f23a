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
    from stance.actors.finding import find_actors
    from stance.actors.table import ActorTable, load_actor_table
    from stance.corpus.documents import Columns, read_documents
    from stance.corpus.record_files import read_records, write_records
    from stance.corpus.run import score_corpus
    from stance.corpus.shards import CorpusSummary
    from stance.corpus.tables import record_schema
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
    from stance.evaluation.comparison import Comparison, compare
    from stance.evaluation.formats import read_pairs
    from stance.evaluation.labelled import LabelledPair
    from stance.evaluation.scores import Evaluation, evaluate
    from stance.integrations.estimator import StanceClassifier
    from stance.integrations.frames import (
        documents_from,
        records_from,
        score_columns,
        to_arrow,
        to_pandas,
        to_polars,
    )
    from stance.learning.calibration import calibrate
    from stance.learning.loop import TrainConfig
    from stance.learning.tuning import finetune
    from stance.records import StanceRecord
    from stance.report.cues import Cue, find_cues
    from stance.report.page import write_html
    from stance.report.plots import plot_alignment, plot_matrix, plot_series, plot_vector
    from stance.robustness.checking import Robustness, check_robustness
    from stance.scoring.pairs import make_pairs
    from stance.scoring.scorer import Scorer, analyze, load
    from stance.sentences import split_sentences
    from stance.turns.search import Turn, TurnSearch, find_turns, search_turns
    from stance.turns.shifts import StatedShift, stated_shifts
    from stance.values import Actor, Document, Mention, Pair, Prediction, Sentence
    from stance.vectors.aggregation import Cell, StanceVector, aggregate, finish
    from stance.vectors.evidence import EvidenceUnit, evidence_units
    from stance.vectors.intervals import Method
    from stance.vectors.partials import PartialVectors, Selection, merge, partial
    from stance.vectors.positions import (
        Alignment,
        Similarity,
        StanceMatrix,
        alignment,
        similarity,
        to_matrix,
    )
    from stance.vectors.tables import to_table, write_vectors
    from stance.vectors.validation import Correlation, Validation, validate

__version__ = "0.1.0"

_HOME = {
    "Actor": "values",
    "ActorTable": "actors.table",
    "ActorTableError": "errors",
    "Alignment": "vectors.positions",
    "Cell": "vectors.aggregation",
    "Columns": "corpus.documents",
    "Comparison": "evaluation.comparison",
    "CorpusError": "errors",
    "CorpusSummary": "corpus.shards",
    "Correlation": "vectors.validation",
    "Cue": "report.cues",
    "Document": "values",
    "Evaluation": "evaluation.scores",
    "EvidenceUnit": "vectors.evidence",
    "InputError": "errors",
    "LabelledPair": "evaluation.labelled",
    "Mention": "values",
    "Method": "vectors.intervals",
    "MissingDependencyError": "errors",
    "ModelError": "errors",
    "ModelMismatchError": "errors",
    "ModelNotFoundError": "errors",
    "Pair": "values",
    "PartialVectors": "vectors.partials",
    "Prediction": "values",
    "ResumeMismatchError": "errors",
    "Robustness": "robustness.checking",
    "Scorer": "scoring.scorer",
    "Selection": "vectors.partials",
    "Sentence": "values",
    "Similarity": "vectors.positions",
    "StanceClassifier": "integrations.estimator",
    "StanceError": "errors",
    "StanceMatrix": "vectors.positions",
    "StanceRecord": "records",
    "StanceVector": "vectors.aggregation",
    "StatedShift": "turns.shifts",
    "TrainConfig": "learning.loop",
    "Turn": "turns.search",
    "TurnSearch": "turns.search",
    "Validation": "vectors.validation",
    "aggregate": "vectors.aggregation",
    "alignment": "vectors.positions",
    "analyze": "scoring.scorer",
    "calibrate": "learning.calibration",
    "check_robustness": "robustness.checking",
    "compare": "evaluation.comparison",
    "documents_from": "integrations.frames",
    "evaluate": "evaluation.scores",
    "evidence_units": "vectors.evidence",
    "find_actors": "actors.finding",
    "find_cues": "report.cues",
    "find_turns": "turns.search",
    "finetune": "learning.tuning",
    "finish": "vectors.aggregation",
    "load": "scoring.scorer",
    "load_actor_table": "actors.table",
    "make_pairs": "scoring.pairs",
    "merge": "vectors.partials",
    "partial": "vectors.partials",
    "plot_alignment": "report.plots",
    "plot_matrix": "report.plots",
    "plot_series": "report.plots",
    "plot_vector": "report.plots",
    "read_documents": "corpus.documents",
    "read_pairs": "evaluation.formats",
    "read_records": "corpus.record_files",
    "record_schema": "corpus.tables",
    "records_from": "integrations.frames",
    "score_columns": "integrations.frames",
    "score_corpus": "corpus.run",
    "search_turns": "turns.search",
    "similarity": "vectors.positions",
    "split_sentences": "sentences",
    "stated_shifts": "turns.shifts",
    "to_arrow": "integrations.frames",
    "to_matrix": "vectors.positions",
    "to_pandas": "integrations.frames",
    "to_polars": "integrations.frames",
    "to_table": "vectors.tables",
    "validate": "vectors.validation",
    "write_html": "report.page",
    "write_records": "corpus.record_files",
    "write_vectors": "vectors.tables",
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
