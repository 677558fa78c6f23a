"""A stretch of the input to a Parquet shard, which says in its own footer what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Self

from stance.corpus.documents import Entry
from stance.corpus.tables import parquet_writer, write_in_groups
from stance.errors import CorpusError, InputError
from stance.scoring.scoreable import check_document
from stance.scoring.scorer import ModelSource, Scorer, load
from stance.values import Document, Mention, Pair, Prediction

FOOTER = b"stance"
REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What a run over a corpus counted; summaries of parts add up.

    `documents` were scored, with records or none; `failed` places of the input were not.
    `mentions` and `pairs` are those that were asked about: names used as actor or topic, and
    ordered pairs of them. `truncated` counts sentences longer than the model's window, `abstained`
    records not to rely on.
    """

    documents: int = 0
    sentences: int = 0
    mentions: int = 0
    pairs: int = 0
    records: int = 0
    truncated: int = 0
    abstained: int = 0
    failed: int = 0

    def __add__(self, other: CorpusSummary) -> CorpusSummary:
        """The counts of both parts."""
        more = asdict(other)
        return CorpusSummary(**{name: n + more[name] for name, n in asdict(self).items()})


@dataclass(frozen=True, slots=True)
class Reject:
    """A place of the input that gave no document, or one that could not be scored, and why."""

    file: str | None
    row: int | None
    id: str | None
    reason: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The reject of an entry with an error."""
        identity = entry.document.id if entry.document else None
        return cls(entry.file, entry.row, identity, str(entry.error)[:REASON_CHARACTERS])


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """A shard's footer: the run it belongs to, a digest of its part of the input, what became of it."""

    run: str
    entries: str
    summary: CorpusSummary
    rejects: tuple[Reject, ...]


class Tally:
    """Counts sentences, mentions and pairs as a scorer answers them (its `on_sentence`)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, document: Document, answers: Sequence[tuple[Pair, Prediction]]) -> None:
        """Count one sentence."""
        mentions: set[Mention | None] = set()
        for pair, _ in answers:
            if pair.source is None or pair.target is None:
                mentions.add(pair.source or pair.target)
            else:
                self.counts["pairs"] += 1
        self.counts["sentences"] += 1
        self.counts["mentions"] += len(mentions)
        self.counts["truncated"] += any(prediction.truncated for _, prediction in answers)


@lru_cache(maxsize=1)
def scorer_of(source: ModelSource) -> Scorer:
    """The scorer, loaded once in a process."""
    return load(
        source.model_dir,
        backend=source.backend,
        threads=source.threads,
        device=source.device,
        actors=source.actors,
        revision=source.revision,
        local_files_only=source.local_files_only,
    )


def checked(entry: Entry) -> Entry:
    """The entry, with an error if its document cannot be scored."""
    if entry.document is None:
        return entry
    try:
        check_document(entry.document)
        _check_names(entry.document)
    except InputError as error:
        return Entry(entry.file, entry.row, entry.document, error)
    return entry


def score_shard(
    scorer: Scorer, entries: Iterable[Entry], sink: IO[bytes], run: str
) -> CorpusSummary:
    """Score the entries' documents and write a whole Parquet file of their records.

    The bytes depend on the arguments alone. Entries with an error become the shard's rejects.

    Raises:
        OSError: `sink` cannot be written.
    """
    tally, digest, rejects = Tally(), Digest(), []

    def documents() -> Iterator[Document]:
        for entry in entries:
            digest.add(entry)
            if entry.error is not None:
                rejects.append(Reject.of(entry))
            elif entry.document is not None:
                tally.counts["documents"] += 1
                yield entry.document

    def records() -> Iterator[Any]:
        for record in scorer(documents(), on_sentence=tally):
            tally.counts["abstained"] += record.abstained is not None
            yield record

    with parquet_writer(sink) as writer:
        tally.counts["records"] = write_in_groups(writer, records())
        summary = CorpusSummary(**tally.counts, failed=len(rejects))
        facts = ShardFacts(run, digest.hex(), summary, tuple(rejects))
        writer.add_key_value_metadata({FOOTER: json.dumps(asdict(facts)).encode()})
    return summary


def read_facts(path: Path) -> ShardFacts:
    """The footer of a shard.

    Raises:
        CorpusError: the file is no shard of ours.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        raw = json.loads((read_metadata(path).metadata or {})[FOOTER])
        return ShardFacts(
            raw["run"],
            raw["entries"],
            CorpusSummary(**raw["summary"]),
            tuple(Reject(**reject) for reject in raw["rejects"]),
        )
    except (OSError, ValueError, KeyError, TypeError, ArrowException) as error:
        raise CorpusError(
            f"{path} is not a whole shard of a run ({type(error).__name__})",
            hint="delete it and run the same command again, or start over with --force",
        ) from error


class Digest:
    """Identifies a stretch of the input by its documents and errors."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, entry: Entry) -> None:
        """Take in the next entry."""
        document = entry.document
        parts = (document.id, document.text, document.date, document.outlet) if document else ()
        line = "\0".join(map(str, (entry.file, entry.row, entry.error, *parts, "\n")))
        self._hash.update(line.encode("utf-8", "surrogatepass"))

    def hex(self) -> str:
        """The digest so far."""
        return self._hash.hexdigest()


def digest_of(entries: Iterable[Entry]) -> str:
    """The digest of entries, as a shard's footer has it."""
    digest = Digest()
    for entry in entries:
        digest.add(entry)
    return digest.hex()


def _check_names(document: Document) -> None:
    for field, value in (("id", document.id), ("outlet", document.outlet)):
        given: object = value
        if field == "outlet" and given is None:
            continue
        if not isinstance(given, str) or not given:
            raise InputError(
                f"document {document.id!r}, field {field!r}: is {given!r}; must be a string"
            )
        try:
            given.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(
                f"document {document.id!r}, field {field!r}: is not valid Unicode; rename it"
            ) from error
