"""The manifest: what a run depends on, compared before it goes on, and what it counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stance.corpus.input_files import InputFile
from stance.corpus.output_folder import INPUTS, MANIFEST, atomic
from stance.corpus.shards import CorpusSummary
from stance.errors import CorpusError, InputError, ResumeMismatchError
from stance.model.artefact import CHECKSUMS, sha256_of
from stance.model.hub import find_model
from stance.scoring.scorer import Scorer
from stance.values import SCHEMA_VERSION


def _model_identity(scorer: Scorer) -> dict[str, Any]:
    source = scorer.source
    if source is None:
        raise InputError("a corpus is scored by a scorer from stance.load, whose files are known")
    directory = find_model(
        source.model_dir, source.revision, local_files_only=source.local_files_only
    )
    listed = Path(source.actors).read_bytes() if source.actors else b""
    return {
        "model_id": scorer.config.model_id,
        "sha256": sha256_of(directory / CHECKSUMS),
        "backend": source.backend,
        "device": source.device,
        "actors": scorer.table.version,
        "own_actors": hashlib.sha256(listed).hexdigest() if source.actors else None,
    }


def identity_of(scorer: Scorer, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the answers of a run depend on besides its input, as JSON values.

    Raises:
        InputError: the scorer was not made by `stance.load`.
    """
    from stance import __version__

    return {
        "stance": __version__,
        "schema_version": SCHEMA_VERSION,
        "model": _model_identity(scorer),
        "options": dict(options),
    }


def begin(folder: Path, identity: dict[str, Any], files: list[InputFile] | None) -> str:
    """Write the manifest, or compare it with the run that was begun; return what identifies the run."""
    lines = [_input_line(file) for file in files or ()]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest() if files else None
    identity["input"] = {"files": len(lines) if files else None, "sha256": digest}
    manifest = read_manifest(folder)
    if manifest is None:
        with atomic(folder / INPUTS) as out:
            out.writelines(line.encode() for line in lines)
        _write_json(folder / MANIFEST, {"run": identity})
    elif manifest["run"] != identity:
        before = manifest["run"]
        _refuse_other_run({**before, "input": None}, {**identity, "input": None})
        _refuse_other_input(folder / INPUTS, files or [])
        _refuse_other_run(before, identity)
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _input_line(file: InputFile) -> str:
    return json.dumps({"file": file.path, "size": file.size, "sha256": file.sha256}) + "\n"


def _refuse_other_input(path: Path, files: list[InputFile]) -> None:
    """Raise ResumeMismatchError naming the first input file that is new, gone or changed."""
    before: dict[str, Any] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        before[row["file"]] = row["sha256"]
    now = {file.path: file.sha256 for file in files}
    for name in (*now, *(n for n in before if n not in now)):
        was, is_now = before.get(name, "absent"), now.get(name, "absent")
        if was != is_now:
            raise mismatch(f"input {name}", was, is_now)
    if list(before) != list(now):
        raise mismatch("input order", list(before)[:3], list(now)[:3])


def complete(folder: Path, summary: CorpusSummary, shards: int) -> None:
    """Add to the manifest what the run counted; a complete one stays as it is."""
    before = read_manifest(folder) or {}
    now = {"run": before["run"], "shards": shards, "summary": asdict(summary)}
    if before != now:
        _write_json(folder / MANIFEST, now)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    with atomic(path) as file:
        file.write(json.dumps(value, indent=1).encode() + b"\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the run in the folder, None if none was begun there.

    Raises:
        CorpusError: the manifest cannot be read.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(manifest["run"], dict):
            raise TypeError("'run' is not an object")
        return manifest
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{path} is not the manifest of a run: {error}", hint="start over with --force"
        ) from error


def _refuse_other_run(before: Mapping[str, Any], now: Mapping[str, Any], key: str = "") -> None:
    """Raise ResumeMismatchError naming the first key in which two runs differ."""
    for name in (*before, *(n for n in now if n not in before)):
        was, is_now = before.get(name), now.get(name)
        if isinstance(was, Mapping) and isinstance(is_now, Mapping):
            _refuse_other_run(was, is_now, f"{key}{name}.")
        elif was != is_now:
            raise mismatch(f"{key}{name}", was, is_now)


def mismatch(key: str, before: object, now: object) -> ResumeMismatchError:
    """The error of one key."""
    return ResumeMismatchError(
        f"{key} is {now!r}; the run in this folder was begun with {before!r}",
        hint="give the same as before, another output folder, or start over with --force",
    )
