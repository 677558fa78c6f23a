"""The task "stance" for `transformers.pipeline`.

>>> from transformers import pipeline  # doctest: +SKIP
>>> from stance.integrations.transformers_task import StanceModel, register
>>> register()
>>> find = pipeline("stance", model=StanceModel.load())  # doctest: +SKIP
>>> find("Beijing condemned Tokyo.")[0]["stance"]  # doctest: +SKIP
'against'
"""

from __future__ import annotations

import os
from typing import Any

from stance.dates import parse_date
from stance.errors import InputError, MissingDependencyError
from stance.records import StanceRecord
from stance.scoring.scorer import Scorer, load
from stance.values import Document

try:
    import torch
    from transformers import Pipeline, PretrainedConfig, PreTrainedModel
    from transformers.pipelines import PIPELINE_REGISTRY
except ImportError as error:
    raise MissingDependencyError("transformers", "transformers") from error

TASK = "stance"


class StanceModel(PreTrainedModel):  # type: ignore[misc]
    """A scorer in the shape that pipelines want; it computes on the CPU wherever they put it."""

    config_class = PretrainedConfig

    def __init__(self, config: PretrainedConfig, scorer: Scorer) -> None:
        super().__init__(config)
        self.scorer = scorer

    @classmethod
    def load(cls, model: str | os.PathLike[str] | None = None) -> StanceModel:
        """The shipped model, or the one of a folder or an id of the Hub."""
        scorer = load(model)
        return cls(PretrainedConfig(name_or_path=scorer.config.model_id), scorer)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return torch.device("cpu")


class StancePipeline(Pipeline):  # type: ignore[misc]
    """Texts, or dicts with `text` and optionally `id`, `date`, `outlet`, to lists of record rows."""

    _load_tokenizer = _load_processor = _load_image_processor = _load_feature_extractor = False

    def _sanitize_parameters(self, **unknown: Any) -> tuple[dict[str, Any], ...]:
        if unknown:
            raise InputError(f"the task {TASK!r} has no parameters, got {sorted(unknown)}")
        return {}, {}, {}

    def preprocess(self, given: str | dict[str, Any]) -> dict[str, Document]:
        """The document of an input."""
        row = {"text": given} if isinstance(given, str) else given
        if not isinstance(row, dict) or "text" not in row:
            raise InputError(f"got {given!r:.80}; must be a text, or a dict with 'text'")
        day = parse_date(row.get("date"), "field 'date'")
        document = Document(str(row.get("id", "text")), row["text"], day, row.get("outlet"))
        return {"document": document}

    def _forward(self, inputs: dict[str, Document]) -> dict[str, list[StanceRecord]]:
        return {"records": list(self.model.scorer([inputs["document"]]))}

    def postprocess(self, outputs: dict[str, list[StanceRecord]]) -> list[dict[str, Any]]:
        """The records of a text as JSON values."""
        return [record.to_json() for record in outputs["records"]]


def register() -> None:
    """Make `transformers.pipeline` know the task "stance"."""
    PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=StancePipeline, pt_model=StanceModel)
