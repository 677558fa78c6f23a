"""Score the model folder and write its card: `python training/evaluate.py --data build/data --run build/run`.

Every number in the card comes from here: the shipped int8 model, the fp32 network it was made from,
three baselines, and published results beside them. Writes metrics.json, README.md and SHA256SUMS
into the model folder, and the headline scores into the project's README if the folder is the
shipped one. Nothing here chooses anything; test sets are only read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import acts
import baselines
import numpy as np
from card import update_readme, write_card
from numpy.typing import NDArray

from stance import metrics
from stance.actors.table import load_actor_table
from stance.evaluation.answers import fingerprint, probabilities
from stance.evaluation.formats import read_pairs
from stance.evaluation.labelled import LabelledPair
from stance.evaluation.scores import joint_scores
from stance.model.artefact import DEFAULT_MODEL, ModelConfig, write_checksums
from stance.model.backends import OnnxBackend, TorchBackend
from stance.model.encode import encode_sentences, pad_windows, read_tokenizer
from stance.robustness.checking import check_robustness
from stance.scoring.scorer import Scorer
from stance.scoring.tagging import decode_bio

Probs = NDArray[np.float64]
Row = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
RESAMPLES, SEED, LEVEL = 1000, 0, 0.95
# Published on the same test items, by systems of 125M parameters or more.
PUBLISHED = {
    ("newsmtsc-rw_test", "macro_f1"): (0.837, "TD-RoBERTa, in MAD-TSC (ACL 2023)"),
    ("newsmtsc-mt_test", "macro_f1"): (0.825, "GRU-TSC (EACL 2021)"),
    ("dse_test", "five_class_micro_f1"): (
        0.8519,
        "RoBERTa-base + transitive consistency (Wen et al.), leaking train split",
    ),
    ("dse_test", "five_class_macro_f1"): (
        0.7250,
        "RoBERTa-base + transitive consistency (Wen et al.), leaking train split",
    ),
}


@dataclass(frozen=True, slots=True)
class TestSet:
    """A labelled set, the task it tests, and which of its pairs count."""

    name: str
    title: str
    task: str
    keep: Callable[[LabelledPair], bool] = lambda pair: True


def directed(pair: LabelledPair) -> bool:
    """Both ends named."""
    return pair.source is not None and pair.target is not None


def to_nobody(pair: LabelledPair) -> bool:
    """A stance toward nobody named."""
    return pair.target is None


SETS = (
    TestSet("newsmtsc-rw_test", "NewsMTSC rw test, target sentiment", "sentiment"),
    TestSet("newsmtsc-mt_test", "NewsMTSC mt test, target sentiment", "sentiment"),
    TestSet("dse_test", "DSE official test, directed stance", "stance"),
    TestSet("corpus_dev", "our corpus, dev part, all ordered pairs", "stance", directed),
    TestSet(
        "corpus_analysis_dev", "our corpus, dev part of long analysis sentences", "stance", directed
    ),
    TestSet("corpus_test", "our corpus, test part, all ordered pairs", "stance", directed),
    TestSet(
        "corpus_analysis_test",
        "our corpus, test part of long analysis sentences",
        "stance",
        directed,
    ),
    TestSet(
        "corpus_test", "our corpus, test part, stance toward nobody named", "stance", to_nobody
    ),
)
ROBUSTNESS = {
    "corpus_dev": "our corpus, dev part",
    "corpus_test": "our corpus, test part",
}
"""Labelled sets whose sentences are changed, by file; test for reporting alone."""
WORST_PAIRS = 5


def main() -> None:
    """Score everything, then write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/data"))
    parser.add_argument("--run", type=Path, default=Path("build/run"))
    parser.add_argument("--model", type=Path, default=Path("models/stance-small-en"))
    args = parser.parse_args()
    config = ModelConfig.read(args.model)
    tokenizer = read_tokenizer(args.model / "tokenizer.json")
    shipped, original = (
        Scorer(config, backend, tokenizer, load_actor_table())
        for backend in (OnnxBackend(args.model), TorchBackend(args.run))
    )
    rows: list[Row] = []
    parity: list[Row] = []
    for test in SETS:
        pairs = [p for p in read_pairs(args.data / f"{test.name}.jsonl") if test.keep(p)]
        print(test.title, len(pairs), flush=True)
        systems = {"stance": probabilities(shipped, pairs, test.task)}
        full = probabilities(original, pairs, test.task)
        parity.append(compare(test, pairs, systems["stance"], full))
        systems |= baseline_probs(pairs, test.task)
        for system, probs in systems.items():
            rows += score(test, system, pairs, probs)
    for test in SETS:
        if test.name in ("corpus_test", "corpus_analysis_test") and test.keep is directed:
            rows += score_acts(shipped, test, args.data / f"{test.name}.jsonl")
    rows += score_tagger(shipped, args.data / "mentions_test.jsonl")
    result = {
        "model_id": config.model_id,
        "rows": rows,
        "int8_against_fp32": parity,
        "robustness": score_robustness(shipped, args.data),
    }
    (args.model / "metrics.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write_card(args.model, args.run)
    if args.model.resolve() == ROOT / "models" / DEFAULT_MODEL:
        update_readme(ROOT / "README.md", rows)
    write_checksums(args.model)


def baseline_probs(pairs: list[LabelledPair], task: str) -> dict[str, Probs]:
    """The baselines' predictions as probabilities of 0 and 1."""
    found = {
        "majority class": baselines.majority(pairs, task=task),
        "VADER": baselines.vader(pairs),
    }
    if task == "stance":
        found["lexicon"] = baselines.lexicon(pairs)
    return {name: np.array(baselines.as_probs(labels)) for name, labels in found.items()}


def score(test: TestSet, system: str, pairs: list[LabelledPair], probs: Probs) -> list[Row]:
    """Rows of the metrics table: value and interval of every metric that suits the set."""
    gold = np.array(baselines.gold_labels(pairs, test.task))
    hard = system != "stance"

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        confusion = metrics.confusion_matrix(gold, probs.argmax(1), 3, weights)
        columns = [
            metrics.macro_f1(confusion),
            metrics.polar_f1(confusion),
            metrics.accuracy(confusion),
        ]
        if test.task == "stance" and not hard:
            columns.append(
                metrics.polarity_accuracy(metrics.polarity_confusion(probs, gold, weights))
            )
        return np.stack(columns, axis=1)

    names = ["macro_f1", "f1_polar", "accuracy"]
    if test.task == "stance" and not hard:
        names.append("polarity_accuracy")
    rows = table_rows(test, system, names, statistic, pairs)
    if test.name == "dse_test":
        rows += score_five_class(test, system, pairs, probs)
    if not hard:
        ece = metrics.expected_calibration_error(probs, gold)
        rows.append(row(test, system, "ece", len(pairs), pairs, float(ece), None))
    return rows


def score_five_class(
    test: TestSet, system: str, pairs: list[LabelledPair], probs: Probs
) -> list[Row]:
    """DSE's own metric: rows come in twos, p toward q and q toward p."""
    gold = np.array(baselines.gold_labels(pairs, "stance"))
    directions = np.arange(len(pairs)).reshape(-1, 2)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = weights.repeat(2, axis=1)
        return np.stack(joint_scores(probs, gold, directions, rows)[:2], axis=1)

    return table_rows(
        test, system, ["five_class_micro_f1", "five_class_macro_f1"], statistic, pairs[::2]
    )


def table_rows(
    test: TestSet,
    system: str,
    names: list[str],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    pairs: Sequence[LabelledPair],
) -> list[Row]:
    """One row a metric, with a bootstrap interval over documents."""
    groups = [p.doc_id or p.text for p in pairs]
    values = statistic(np.ones((1, len(pairs))))[0]
    bounds = metrics.bootstrap(statistic, len(pairs), groups, RESAMPLES, SEED, LEVEL)
    return [
        row(test, system, name, len(pairs), pairs, float(value), [float(low), float(high)])
        for name, value, low, high in zip(names, values, *bounds, strict=True)
    ]


def row(
    test: TestSet,
    system: str,
    metric: str,
    n: int,
    pairs: Sequence[LabelledPair],
    value: float,
    interval: list[float] | None,
) -> Row:
    """A number and the conditions it holds under."""
    published = PUBLISHED.get((test.name, metric))
    return {
        "set": test.title,
        "system": system,
        "metric": metric,
        "value": round(value, 4),
        "interval": None if interval is None else [round(x, 4) for x in interval],
        "n": n,
        "published": list(published) if published and system == "stance" else None,
        "data_sha256": fingerprint(pairs)[:16],
    }


def compare(test: TestSet, pairs: list[LabelledPair], small: Probs, full: Probs) -> Row:
    """How far the int8 model is from the fp32 network."""
    gold = np.array(baselines.gold_labels(pairs, test.task))
    scores = [
        float(metrics.macro_f1(metrics.confusion_matrix(gold, p.argmax(1), 3)))
        for p in (full, small)
    ]
    return {
        "set": test.title,
        "n": len(pairs),
        "label_agreement": round(float((small.argmax(1) == full.argmax(1)).mean()), 5),
        "largest_probability_difference": round(float(np.abs(small - full).max()), 5),
        "macro_f1_fp32": round(scores[0], 4),
        "macro_f1_int8": round(scores[1], 4),
    }


def score_acts(scorer: Scorer, test: TestSet, path: Path) -> list[Row]:
    """Stated shifts of all pairs, and acts of those that are polar in the labels."""
    pairs = [p for p in read_pairs(path) if test.keep(p)]
    found = acts.answers(scorer, pairs)
    counts = acts.shift_counts(pairs, found)
    rows = table_rows(
        test, "stance", ["shift_f1"], lambda w: acts.shift_f1(counts, w)[:, None], pairs
    )
    rows[0]["n"] = int(counts[:, 2].sum())
    polar = [i for i, pair in enumerate(pairs) if acts.with_act(pair)]
    asked, answered = [pairs[i] for i in polar], [found[i] for i in polar]
    return rows + table_rows(
        test,
        "stance",
        ["act_macro_f1", "quad_accuracy"],
        lambda w: acts.act_scores(asked, answered, w),
        asked,
    )


def score_tagger(scorer: Scorer, path: Path) -> list[Row]:
    """Exact-span F1 of the mention tagger, whatever the use; intervals resample sentences."""
    sentences = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    counts = np.array([_span_counts(scorer, s) for s in sentences], dtype=np.float64)

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        both, found, gold = (weights @ counts).T
        return 2 * both / np.maximum(found + gold, 1)

    low, high = metrics.bootstrap(statistic, len(counts), None, RESAMPLES, SEED, LEVEL)
    return [
        {
            "set": "our corpus, test part, mentions",
            "system": "stance",
            "metric": "span_f1",
            "value": round(float(statistic(np.ones((1, len(counts))))[0]), 4),
            "interval": [round(float(low), 4), round(float(high), 4)],
            "n": int(counts[:, 2].sum()),
            "published": None,
            "data_sha256": None,
        }
    ]


def score_robustness(scorer: Scorer, data: Path) -> list[Row]:
    """Every check of `stance evaluate --robustness` on each set, with the worst pairs of states."""
    results = []
    for name, title in ROBUSTNESS.items():
        print("robustness:", title, flush=True)
        found = check_robustness(data / f"{name}.jsonl", scorer)
        worst = replace(found, shifts=found.shifts[:WORST_PAIRS])
        results.append({"set": title, **worst.to_json()})
    return results


def _span_counts(scorer: Scorer, sentence: Row) -> tuple[int, int, int]:
    """Spans in both, found, gold; in tokens, where the mention starts and ends."""
    config = scorer.config
    ((window, *_),) = encode_sentences(scorer.tokenizer, [sentence["text"]], config.max_length)
    logits = scorer.backend.encode(*pad_windows([window], config.pad_id))["tags"][0]
    found = {
        (a, b) for a, b, _ in decode_bio(logits[: len(window.ids)].argmax(1).tolist(), config.tags)
    }
    gold = {window.token_span(m["start"], m["end"]) for m in sentence["mentions"]}
    return len(found & gold), len(found), len(gold)


if __name__ == "__main__":
    main()
