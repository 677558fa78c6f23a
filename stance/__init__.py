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
    from stance.errors import (
        ActorTableError,
        InputError,
        MissingDependencyError,
        ModelError,
        ModelMismatchError,
        ModelNotFoundError,
        StanceError,
    )
    from stance.evaluation import Evaluation, evaluate
    from stance.files import read_documents, read_records, write_records
    from stance.formats import read_pairs
    from stance.labelled import LabelledPair
    from stance.loop import TrainConfig
    from stance.pairs import make_pairs
    from stance.records import StanceRecord
    from stance.scoring import Scorer, analyze, load
    from stance.sentences import split_sentences
    from stance.tuning import finetune
    from stance.values import Actor, Document, Mention, Pair, Prediction, Sentence
    from stance.vectors import Cell, StanceVector, aggregate

__version__ = "0.1.0"

_HOME = {
    "Actor": "values",
    "ActorTable": "actor_table",
    "ActorTableError": "errors",
    "Cell": "vectors",
    "Comparison": "comparison",
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
    "StanceError": "errors",
    "StanceRecord": "records",
    "StanceVector": "vectors",
    "TrainConfig": "loop",
    "aggregate": "vectors",
    "analyze": "scoring",
    "calibrate": "calibration",
    "compare": "comparison",
    "evaluate": "evaluation",
    "find_actors": "actors",
    "finetune": "tuning",
    "load": "scoring",
    "load_actor_table": "actor_table",
    "make_pairs": "pairs",
    "read_documents": "files",
    "read_pairs": "formats",
    "read_records": "files",
    "split_sentences": "sentences",
    "write_records": "files",
}

_TRAINING = {"onnx", "onnxscript", "safetensors", "torch"}
"""What only training needs; the extra brings it."""

__all__ = [
    "Actor",
    "ActorTable",
    "ActorTableError",
    "Cell",
    "Comparison",
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
    "StanceError",
    "StanceRecord",
    "StanceVector",
    "TrainConfig",
    "aggregate",
    "analyze",
    "calibrate",
    "compare",
    "evaluate",
    "find_actors",
    "finetune",
    "load",
    "load_actor_table",
    "make_pairs",
    "read_documents",
    "read_pairs",
    "read_records",
    "split_sentences",
    "write_records",
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
