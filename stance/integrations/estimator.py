"""A scikit-learn classifier over (text, source, target) rows: a model's answers, fitted to one's own labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.errors import InputError, MissingDependencyError
from stance.evaluation.labelled import RowError
from stance.evaluation.native import locate
from stance.integrations.frames import loaded, rows_of
from stance.scoring.pairs import pair_of
from stance.values import Pair

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError as error:
    raise MissingDependencyError("scikit-learn", "evaluate") from error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

COLUMNS = ("text", "source", "target")


class StanceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """What a row's source thinks of its target, in labels of one's own.

    `fit` trains a logistic regression on the log-probabilities that a model gives (stance and
    sentiment), so a few dozen rows adapt the shipped model to other labels or another
    reading of the same ones in seconds; the network stays as it is. With hundreds of rows,
    `stance.finetune` trains the network too; give its folder as `model`.

    A row is (text, source, target): one sentence, and for each end a span (start, end) of
    characters, or the words themselves, or None: no target asks for a stance toward nobody
    named, no source how the text portrays the target. Tables with these three columns do too.

    Args:
        model: a model folder or an id of the Hugging Face Hub; None for the shipped model.
        C: inverse strength of the regularisation, as in scikit-learn.
    """

    def __init__(self, model: str | None = None, C: float = 1.0) -> None:
        self.model = model
        self.C = C

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> StanceClassifier:
        """This estimator, fitted.

        Args:
            X: rows as described above.
            y: a label a row, two kinds at least.
            sample_weight: how much each row counts.

        Raises:
            InputError: a row is not as described, or there are not as many labels as rows.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.utils.multiclass import check_classification_targets

        labels = np.asarray(y)
        check_classification_targets(labels)
        features = self._features(X)
        if labels.shape != (len(features),):
            raise InputError(
                f"y has shape {labels.shape}; must hold a label for each of {len(features)} rows"
            )
        self.head_ = LogisticRegression(C=self.C, max_iter=1000)
        self.head_.fit(features, labels, sample_weight)
        self.classes_ = self.head_.classes_
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable label of each row. Shape: (n,)."""
        probabilities = self.predict_proba(X)
        labels: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of `classes_` for each row. Shape: (n, classes); rows sum to 1."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return np.asarray(self.head_.predict_proba(self._features(X)))

    def _features(self, X: Any) -> NDArray[np.float64]:
        """Log-probabilities of the model's stances and sentiments. Shape: (n, labels of both)."""
        predictions = loaded(self.model).predict([_pair(row, i) for i, row in enumerate(_rows(X))])
        probs = np.array([(*p.stance_probs, *p.sentiment_probs) for p in predictions])
        logarithms: NDArray[np.float64] = np.log(np.clip(probs, 1e-6, None))
        return logarithms

    def __sklearn_tags__(self) -> Any:
        """What the estimator checks need to know: rows are texts, not numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        return tags


def _rows(X: Any) -> Iterable[Sequence[Any]]:
    if hasattr(X, "columns") or isinstance(X, dict):
        for row in rows_of(X):
            missing = [name for name in COLUMNS if name not in row]
            if missing:
                raise InputError(f"X lacks the columns {missing}; it has {list(row)}")
            yield [row[name] for name in COLUMNS]
    elif isinstance(X, Iterable) and not isinstance(X, str | bytes):
        yield from X
    else:
        raise InputError(f"X is {type(X).__name__}; must be rows of (text, source, target)")


def _pair(row: Any, number: int) -> Pair:
    where = f"row {number} of X"
    if isinstance(row, str | bytes) or not hasattr(row, "__len__") or len(row) != 3:
        raise InputError(
            f"{where} is {row!r:.80}; must be (text, source, target)",
            hint="source and target are (start, end), words of the text, or None",
        )
    text, source, target = row
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where}, text: is {text!r:.80}; must be a sentence")
    ends = {"source": source, "target": target}
    words = {name: end if isinstance(end, str) else None for name, end in ends.items()}
    try:
        placed = dict(zip(ends, locate(text, **words), strict=True))
    except RowError as problem:
        raise InputError(f"{where}, {problem}", hint="give a span (start, end)") from problem
    source, target = (
        placed[name] if words[name] else _span(text, end, f"{where}, {name}")
        for name, end in ends.items()
    )
    if source is None and target is None:
        raise InputError(f"{where}: source and target are both None; give at least one")
    return pair_of(text, source, target)


def _span(text: str, end: Any, where: str) -> tuple[int, int] | None:
    if end is None or (isinstance(end, float) and math.isnan(end)):
        return None
    try:
        start, stop = (int(x) for x in end)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: is {end!r:.80}; must be (start, end), words of the text, or None"
        ) from None
    if not 0 <= start < stop <= len(text):
        raise InputError(
            f"{where}: is ({start}, {stop}); must satisfy 0 <= start < end <= {len(text)}"
        )
    return start, stop
