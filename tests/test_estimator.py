"""The classifier as scikit-learn users meet it."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import stance
from stance import InputError, StanceClassifier

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_predict  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

VERBS = {
    "hostile": "condemned accused attacked sanctioned denounced threatened".split(),
    "friendly": "praised thanked endorsed congratulated welcomed rescued".split(),
}
ROWS = [
    (f"Oslo {verb} Rome on Monday.", "Oslo", "Rome") for verbs in VERBS.values() for verb in verbs
]
LABELS = [label for label, verbs in VERBS.items() for _ in verbs]


class AskedWithNumbers(StanceClassifier):
    """scikit-learn leaves nearly all its checks out for an estimator of texts; this one gets them."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


# These fit rows of numbers, where (text, source, target) must be; what they are after is tested
# on rows of texts below. All other checks pass.
EXPECTED_FAILURES = dict.fromkeys(
    """check_fit_score_takes_y check_estimators_overwrite_params check_dont_overwrite_parameters
    check_estimators_fit_returns_self check_readonly_memmap_input check_positive_only_tag_during_fit
    check_estimators_dtypes check_sample_weights_pandas_series check_sample_weights_not_an_array
    check_sample_weights_list check_all_zero_sample_weights_error check_sample_weights_shape
    check_sample_weights_not_overwritten check_sample_weight_equivalence_on_dense_data
    check_pipeline_consistency check_estimator_sparse_array check_estimator_sparse_matrix
    check_estimators_pickle check_f_contiguous_array_estimator check_classifier_data_not_an_array
    check_classifiers_one_label check_classifiers_one_label_sample_weights check_classifiers_classes
    check_classifiers_train check_methods_sample_order_invariance check_methods_subset_invariance
    check_fit2d_1sample check_fit2d_1feature check_dict_unchanged check_fit_idempotent
    check_fit_check_is_fitted""".split(),
    "rows must be (text, source, target), not numbers",
)


@parametrize_with_checks([AskedWithNumbers()], expected_failed_checks=lambda _: EXPECTED_FAILURES)
def test_estimator_checks(estimator, check) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def fitted() -> StanceClassifier:
    return StanceClassifier().fit(ROWS, LABELS)


def test_own_labels_are_learned_from_a_dozen_rows(fitted: StanceClassifier) -> None:
    assert list(fitted.classes_) == ["friendly", "hostile"]
    new = [("Lima insulted Quito.", "Lima", "Quito"), ("Lima applauded Quito.", (0, 4), (15, 20))]
    assert list(fitted.predict(new)) == ["hostile", "friendly"]
    probabilities = fitted.predict_proba(new)
    assert probabilities.shape == (2, 2)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])


def test_the_parts_of_scikit_learn_fit(fitted: StanceClassifier) -> None:
    assert clone(fitted).set_params(C=2.0).get_params() == {"C": 2.0, "model": None}
    found = cross_val_predict(StanceClassifier(), ROWS, LABELS, cv=3, method="predict_proba")
    assert found.shape == (12, 2)
    search = GridSearchCV(StanceClassifier(), {"C": [0.1, 10]}, cv=2).fit(ROWS, LABELS)
    assert search.best_score_ > 0.8
    assert make_pipeline(FunctionTransformer(), StanceClassifier()).fit(ROWS, LABELS)
    weighted = StanceClassifier().fit(ROWS, LABELS, sample_weight=[1] * 6 + [0.01] * 6)
    assert weighted.predict_proba(ROWS)[:, 0].mean() < fitted.predict_proba(ROWS)[:, 0].mean()
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(ROWS), fitted.predict_proba(ROWS))


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_tables_with_the_three_columns(package: str, fitted: StanceClassifier) -> None:
    library = pytest.importorskip(package)
    columns = dict(zip(("text", "source", "target"), zip(*ROWS, strict=True), strict=True))
    table = library.DataFrame({"n": range(12), **columns})
    assert list(fitted.predict(table)) == list(fitted.predict(ROWS)) == LABELS
    with pytest.raises(InputError, match=r"X lacks the columns \['source', 'target'\]"):
        fitted.predict(table[["text"]])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Oslo thanked Rome.", r"row 1 of X is 'Oslo thanked Rome.'; must be \(text"),
        (("Oslo",), "must be"),
        (("Oslo", None, None), "both None"),
        ((None, "Oslo", None), "text: is None"),
        (("Oslo thanked Rome.", "Bern", None), "'source': 'Bern' is not in the text"),
        (("Oslo thanked Rome.", "Osl", None), "'source': 'Osl' is not in the text"),
        (("Oslo thanked Rome.", "Oslo", (3, 99)), r"target: is \(3, 99\); must satisfy"),
        (("Oslo thanked Rome.", "Oslo", 5), "target: is 5; must be"),
    ],
)
def test_wrong_rows_are_named(row: object, message: str, fitted: StanceClassifier) -> None:
    with pytest.raises(InputError, match=message):
        fitted.predict([ROWS[0], row])


def test_as_many_labels_as_rows() -> None:
    with pytest.raises(InputError, match="must hold a label for each of 12 rows"):
        StanceClassifier().fit(ROWS, LABELS[1:])
    with pytest.raises(InputError, match="X is int"):
        StanceClassifier().fit(3, LABELS)


def test_rows_do_not_depend_on_each_other(fitted: StanceClassifier) -> None:
    whole = fitted.predict_proba(ROWS)
    assert fitted.predict_proba(ROWS[::-1])[::-1] == pytest.approx(whole, abs=1e-5)
    assert fitted.predict_proba(ROWS[3:5]) == pytest.approx(whole[3:5], abs=1e-5)
    assert StanceClassifier().fit(ROWS, LABELS).predict_proba(ROWS) == pytest.approx(whole)


def test_ends_may_be_absent(fitted: StanceClassifier) -> None:
    rows = [("Oslo warned of chaos.", "Oslo", None), ("Rome was praised.", float("nan"), "Rome")]
    assert fitted.predict_proba(rows).shape == (2, 2)


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import stance\n"
        "try: stance.StanceClassifier\n"
        "except stance.MissingDependencyError as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "pip install 'stance[evaluate]'\n"
    assert stance.StanceClassifier is StanceClassifier
