"""Baselines for the comparison table: what is reached without a model.

Each takes labelled pairs and returns one label number per pair, in the order of STANCES (or
SENTIMENTS), so the numbers go straight into `stance.metrics.confusion_matrix`.
"""

from __future__ import annotations

import bisect
import importlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stance.errors import InputError, MissingDependencyError
from stance.evaluation.labelled import LabelledPair, Span
from stance.values import SENTIMENTS, STANCES

LEXICON = Path(__file__).with_name("lexicon.tsv")
AGAINST, NEUTRAL, FAVOR = range(3)

# After these a polar word is said not to hold: declining to praise or condemn is neutral.
NEGATORS = frozenset(
    [
        "not",
        "no",
        "never",
        "neither",
        "nor",
        "without",
        "cannot",
        "decline",
        "declines",
        "declined",
        "declining",
        "refuse",
        "refuses",
        "refused",
        "refusing",
        "fail",
        "fails",
        "failed",
        "stop",
        "stops",
        "stopped",
        "avoid",
        "avoids",
        "avoided",
        "deny",
        "denies",
        "denied",
        "hardly",
        "rather",
    ]
)
NEGATION_REACH = 3  # words between the negator and the polar word
AFTER_TARGET_REACH = 6  # words: "put Japan under sanctions"
BE_FORMS = frozenset(["be", "been", "being", "is", "are", "was", "were", "gets", "got", "get"])
_TOKEN = re.compile(r"\w+(?:[-'’]\w+)*")


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    form: str


def gold_labels(pairs: Sequence[LabelledPair], task: str = "stance") -> list[int]:
    """The gold label number of each pair.

    Args:
        pairs: labelled pairs.
        task: "stance" or "sentiment".

    Returns:
        Positions in STANCES or SENTIMENTS.

    Raises:
        InputError: the task is unknown, or a pair has no label for it.
    """
    if task not in ("stance", "sentiment"):
        raise InputError(f"task must be 'stance' or 'sentiment', got {task!r}")
    order = STANCES if task == "stance" else SENTIMENTS
    labels = []
    for pair in pairs:
        label = pair.stance if task == "stance" else pair.sentiment
        if label is None:
            raise InputError(f"pair {pair.id!r} has no {task} label")
        labels.append(order.index(label))
    return labels


def majority(
    pairs: Sequence[LabelledPair],
    reference: Sequence[LabelledPair] | None = None,
    task: str = "stance",
) -> list[int]:
    """The commonest label, for every pair.

    Args:
        pairs: pairs to label.
        reference: pairs to count labels in, normally the training set. None counts in `pairs`
            themselves, which knows the answer and so is an upper bound.
        task: "stance" or "sentiment".

    Returns:
        One label number per pair, all the same; of equally common labels the first.

    Raises:
        InputError: the task is unknown, or a counted pair has no label for it.
    """
    counts = Counter(gold_labels(pairs if reference is None else reference, task))
    best = max(range(3), key=lambda label: counts[label])
    return [best] * len(pairs)


def vader(pairs: Sequence[LabelledPair]) -> list[int]:
    """The tone of the whole sentence, whoever holds it toward whom.

    Compound score >= 0.05 is favor or positive, <= -0.05 against or negative, else neutral.

    Source: Hutto and Gilbert 2014; thresholds as their package recommends.

    Args:
        pairs: pairs to label, of stance or sentiment.

    Returns:
        One label number per pair.

    Raises:
        MissingDependencyError: vaderSentiment is not installed.
    """
    try:
        module = importlib.import_module("vaderSentiment.vaderSentiment")
    except ImportError as error:
        raise MissingDependencyError("vaderSentiment", "dev") from error
    analyzer = module.SentimentIntensityAnalyzer()
    scores: dict[str, float] = {}  # pairs of one sentence share its score
    for pair in pairs:
        if pair.text not in scores:
            scores[pair.text] = float(analyzer.polarity_scores(pair.text)["compound"])
    return [_band(scores[pair.text]) for pair in pairs]


def lexicon(pairs: Sequence[LabelledPair], path: str | Path = LEXICON) -> list[int]:
    """Stance by the polar word that links source to target, from `lexicon.tsv`.

    Active voice: the source comes first and the first polar word after it, up to a few words
    past the target, decides; a passive ("was condemned by") there is the target's deed, so it
    gives neutral. Passive: the target comes first and "<participle> by" stands before the
    source. A negator shortly before the polar word makes it neutral, as does finding none.
    With no target, the first polar word after the source decides; with no source, neutral.

    Args:
        pairs: pairs to label.
        path: a table with columns lemma, pos, polarity, forms.

    Returns:
        One label number per pair.

    Raises:
        InputError: a row of the table is wrong.
    """
    forms = read_lexicon(path)
    return [_link(pair, forms) for pair in pairs]


def read_lexicon(path: str | Path = LEXICON) -> dict[str, int]:
    """Every inflected form in the table with its label number, AGAINST or FAVOR.

    Args:
        path: tab-separated lemma, pos (verb, noun), polarity (against, favor), forms (irregular
            ones, separated by spaces); lines that start with # are comments.

    Returns:
        Lower-case form -> label number.

    Raises:
        InputError: a row is wrong, or gives a form the opposite polarity of an earlier row.
    """
    forms: dict[str, int] = {}
    for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith(("#", "lemma\t")):
            continue
        cells = line.split("\t")
        if (
            len(cells) != 4
            or cells[1] not in ("verb", "noun")
            or cells[2] not in ("against", "favor")
        ):
            raise InputError(
                f"{path}, line {number}: expected lemma, verb|noun, against|favor, forms; "
                f"got {cells}"
            )
        lemma, pos, polarity, irregular = cells
        label = STANCES.index(polarity)
        for form in _inflect(lemma, pos) | set(irregular.split()):
            if forms.setdefault(form, label) != label:
                raise InputError(f"{path}, line {number}: {form!r} has both polarities")
    return forms


def as_probs(predictions: Sequence[int]) -> list[list[float]]:
    """Predictions as certain probabilities, shape (n, 3), for `stance.evaluation.scores`.

    Of such rows calibration scores say nothing, and a neutral prediction for a polar pair counts
    as an error of polarity: it leans to neither side.
    """
    return [[float(label == column) for column in range(3)] for label in predictions]


def _band(compound: float) -> int:
    return FAVOR if compound >= 0.05 else AGAINST if compound <= -0.05 else NEUTRAL


def _inflect(lemma: str, pos: str) -> set[str]:
    """Regular English inflections, a few that do not exist included: they match nothing."""
    consonant_y = lemma.endswith("y") and lemma[-2] not in "aeiou"
    stem = lemma[:-1] + "i" if consonant_y else lemma
    hissing = lemma.endswith(("s", "x", "z", "ch", "sh"))
    forms = {lemma, stem + ("es" if hissing or consonant_y else "s")}
    if pos == "noun":
        return forms
    if lemma.endswith("e"):
        return forms | {lemma + "d", lemma[:-1] + "ing"}
    forms |= {stem + "ed", lemma + "ing"}
    if re.search(r"[^aeiou][aeiou][bdglmnprt]\Z", lemma):
        forms |= {lemma + lemma[-1] + "ed", lemma + lemma[-1] + "ing"}
    return forms


def _link(pair: LabelledPair, forms: dict[str, int]) -> int:
    if pair.source is None:
        return NEUTRAL
    words = [_Word(m.start(), m.group().lower()) for m in _TOKEN.finditer(pair.text)]
    if pair.target is None:
        return _first_polar(words, _word_range(words, pair.source)[1], len(words), forms, None)
    source, target = _word_range(words, pair.source), _word_range(words, pair.target)
    if target[1] <= source[0]:
        return _passive(words, target[1], source[0], forms)
    reach = min(len(words), target[1] + AFTER_TARGET_REACH)
    return _first_polar(words, source[1], reach, forms, target)


def _word_range(words: Sequence[_Word], span: Span) -> tuple[int, int]:
    """First word of a span and the word after it."""
    starts = [word.start for word in words]
    return bisect.bisect_left(starts, span[0]), bisect.bisect_left(starts, span[1])


def _first_polar(
    words: Sequence[_Word],
    begin: int,
    end: int,
    forms: dict[str, int],
    target: tuple[int, int] | None,
) -> int:
    """Active voice: the first polar word in [begin, end), not counting those inside the target."""
    for i in range(begin, end):
        inside = target is not None and target[0] <= i < target[1]
        if words[i].form in forms and not inside:
            by = i + 1 < len(words) and words[i + 1].form == "by"
            suffered = by or (i > begin and words[i - 1].form in BE_FORMS)
            return NEUTRAL if suffered or _negated(words, i) else forms[words[i].form]
    return NEUTRAL


def _passive(words: Sequence[_Word], begin: int, end: int, forms: dict[str, int]) -> int:
    """Passive voice: the last "<polar word> by" between target and source."""
    for i in range(end - 2, begin - 1, -1):
        if words[i].form in forms and words[i + 1].form == "by":
            return NEUTRAL if _negated(words, i) else forms[words[i].form]
    return NEUTRAL


def _negated(words: Sequence[_Word], i: int) -> bool:
    nearby = words[max(0, i - NEGATION_REACH) : i]
    return any(w.form in NEGATORS or w.form.endswith(("n't", "n’t")) for w in nearby)
