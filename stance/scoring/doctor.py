"""Is this installation sound? Versions, the model's files and answers, threads, optional packages."""

from __future__ import annotations

import os
import platform
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from stance.errors import StanceError
from stance.model.artefact import check_folder
from stance.model.hub import find_model
from stance.scoring.golden import TOLERANCE, check_golden
from stance.scoring.scorer import load

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[[^\]]*\])?\s*(?:>=(?P<lowest>[\w.]+))?"
    r"(?:.*?extra == ['\"](?P<extra>[\w-]+)['\"])?"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found and, where there is something to do, what."""

    name: str
    ok: bool
    found: str
    hint: str | None = None


def examine(model_dir: str | os.PathLike[str] | None = None) -> list[Finding]:
    """What was found, in a fixed order; missing extras are no fault, all else that is not `ok` is.

    Args:
        model_dir: a model folder; None for the shipped one.
    """
    directory = find_model(model_dir)
    return [
        *_versions(_requirements()),
        _model_files(directory),
        _golden(directory),
        Finding("threads", True, f"{_usable_cpus()} usable of {os.cpu_count()} CPUs"),
        *_extras(_requirements()),
    ]


def _requirements() -> list[str]:
    """Requirements of the installed package; none if this is a checkout on the path."""
    try:
        return metadata.requires("stance") or []
    except metadata.PackageNotFoundError:
        return []


def _versions(requirements: Iterable[str]) -> list[Finding]:
    from stance import __version__

    python = f"{platform.python_version()} on {platform.platform()}"
    findings = [Finding("stance", True, __version__), Finding("python", True, python)]
    for requirement in requirements:
        name, lowest, extra = _parts(requirement)
        if extra is None:
            problem = _problem(name, lowest)
            hint = f"pip install --upgrade '{name}>={lowest}'" if problem else None
            findings.append(Finding(name, not problem, problem or metadata.version(name), hint))
    return findings


def _extras(requirements: Iterable[str]) -> list[Finding]:
    """One finding an extra that users may want: complete, or what it lacks and how to get it."""
    by_extra: dict[str, list[str]] = defaultdict(list)
    for requirement in requirements:
        name, lowest, extra = _parts(requirement)
        if extra is not None and extra != "dev":
            problem = _problem(name, lowest)
            by_extra[extra] += [f"{name} {problem}"] if problem else []
    return [
        Finding(
            f"extra {extra}",
            True,
            ", ".join(problems) or "complete",
            f"pip install 'stance[{extra}]'" if problems else None,
        )
        for extra, problems in sorted(by_extra.items())
    ]


def _parts(requirement: str) -> tuple[str, str | None, str | None]:
    match = _REQUIREMENT.match(requirement)
    assert match is not None  # package metadata: every requirement begins with a name
    return match["name"], match["lowest"], match["extra"]


def _problem(name: str, lowest: str | None) -> str | None:
    """What is wrong with an installed package: missing or too old."""
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
    if lowest is not None and _numbers(installed) < _numbers(lowest):
        return f"{installed} is older than {lowest}"
    return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: enough to compare with a lower bound."""
    return tuple(map(int, re.findall(r"\d+", re.split(r"[^\d.]", version)[0])))


def _model_files(directory: Path) -> Finding:
    try:
        check_folder(directory)
    except StanceError as error:
        return Finding("model files", False, str(error), error.hint)
    return Finding("model files", True, f"as in SHA256SUMS of {directory}")


def _golden(directory: Path) -> Finding:
    try:
        scorer = load(directory)
        largest = check_golden(scorer, directory / "golden.jsonl")
    except StanceError as error:
        return Finding("golden sentences", False, str(error), error.hint)
    return Finding(
        "golden sentences",
        True,
        f"{scorer.config.model_id} answers as it must (largest difference {largest:.4f}, allowed {TOLERANCE})",
    )


def _usable_cpus() -> int:
    """CPUs this process may use, which a container or a scheduler may limit."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1
