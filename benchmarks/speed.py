"""How fast stance is, beside other designs and beside what this processor can do: `make speed`.

    python benchmarks/speed.py [--data ../shared/data] [--quick]

Every part (speed_parts.py) runs in a process of its own, one after the other, whose peak memory is
reported. Writes benchmarks/speed.md; with --quick tiny sizes, and prints only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SHORT = (
    "The rain went on all day.",
    "Prices rose again.",
    "France praised Germany.",
    "Nobody was hurt.",
)
"""Sentences of the documents that memory is measured with, in turn."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    sentences: int = 2000
    rounds: int = 5
    pipeline: int = 150
    roberta: int = 60
    vader: int = 3000
    seconds: float = 2.0
    base: int = 25
    growth: tuple[int, ...] = (1, 10, 100, 1000)
    documents: tuple[int, ...] = (10**3, 10**4, 10**5, 10**6)


QUICK = Sizes(64, 1, 4, 2, 50, 0.1, 5, (1, 10), (100, 1000))


@dataclass(frozen=True)
class Ran:
    """What a part printed, the peak of its memory in MB, and the seconds it took."""

    found: dict[str, Any]
    megabytes: float
    seconds: float


def ran(command: list[str]) -> Ran:
    """Run a program of Python to its end."""
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(f"{seconds:6.1f} s  {megabytes:6.0f} MB  {' '.join(command[-2:])[:90]}", file=sys.stderr)
    found = json.loads(printed) if printed.startswith("{") else {}
    return Ran(found, megabytes, seconds)


def part(name: str, **options: Any) -> Ran:
    """Run a part of speed_parts.py."""
    return ran([str(HERE / "speed_parts.py"), name, json.dumps(options)])


def short_corpus(count: int, folder: Path) -> Ran:
    """`stance score` on so many documents of one short sentence."""
    source = folder / f"{count}.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"id": str(i), "text": SHORT[i % len(SHORT)]}) + "\n" for i in range(count)
        )
    return ran(["-m", "stance", "score", str(source), "-o", str(folder / str(count))])


def machine() -> str:
    """The processor, its cores, the load before the run, and the versions."""
    import onnxruntime

    import stance

    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} cores of {processor}, load average before the run {os.getloadavg()[0]:.2f}; "
        f"stance {stance.__version__} with ONNX Runtime {onnxruntime.__version__}, "
        f"Python {platform.python_version()}"
    )


def verdict(asked: str, value: float, limit: float, *, at_most: bool = False) -> str:
    """What was asked, and whether it is reached."""
    reached = value <= limit if at_most else value >= limit
    return f"{asked}: {'reached' if reached else 'missed'}"


def rates(sizes: Sizes, data: str | None) -> list[str]:
    """Sentences a second, ours and those of other designs, and our share of the processor's peak."""
    us = part("ours", count=sizes.sentences, rounds=sizes.rounds, data=data)
    mine, alone = us.found["sentences_per_second"], us.found["bare"]
    share = mine / alone
    stages = ", ".join(f"{name} {ms:.2f}" for name, ms in us.found["milliseconds"].items())
    return [
        "## Sentences a second",
        f"All ordered pairs scored, {sizes.sentences:,} sentences of our corpus (other designs: "
        f"{sizes.pipeline} and {sizes.roberta} of them), each one document; median of {sizes.rounds} rounds.",
        "",
        "| | sentences/s | stance is | peak MB | asked |",
        "|---|---|---|---|---|",
        f"| **stance, text to records** | **{mine:,.1f}** | | {us.megabytes:,.0f} | |",
        f"| the same calls of `session.run` alone | {alone:,.1f} | {share:.0%} of it | "
        f"(same process) | {verdict('≥ 85%', share, 0.85)} |",
        *other_designs(sizes, data, mine),
        "",
        "The other designs have random weights and, for RoBERTa, our word pieces: neither changes the time much. "
        "They answer only the ordered pairs of actors; stance also answers how each is portrayed and "
        "what each holds toward nobody named.",
        "",
        f"Of the tokens that are computed {us.found['real_tokens']:.0%} are text and of the pairs "
        f"{us.found['real_pairs']:.0%} are asked; the rest is padding. Milliseconds a sentence, by stage, "
        f"in one round: {stages}.",
        "",
        *peak(sizes, us),
    ]


def other_designs(sizes: Sizes, data: str | None, mine: float) -> Iterator[str]:
    """A row for each design of others."""
    for name, design, options, limit in (
        ("transformers pipeline, encoder of our size, fp32, a call a pair",
         "pipeline", {"count": sizes.pipeline}, 6),
        ("RoBERTa-base a pair, torch fp32, batch 1",
         "roberta", {"count": sizes.roberta, "batch": 1}, 60),
        ("RoBERTa-base a pair, torch fp32, batches of 32 by length",
         "roberta", {"count": sizes.roberta, "batch": 32}, 60),
        ("VADER: one polarity a sentence, no actors", "vader", {"count": sizes.vader}, None),
    ):  # fmt: skip
        other = part(design, data=data, **options)
        rate = other.found["sentences_per_second"]
        asked = verdict(f"≥ {limit}×", mine / rate, limit) if limit else ""
        yield f"| {name} | {rate:,.1f} | {mine / rate:,.3g}× | {other.megabytes:,.0f} | {asked} |"


def peak(sizes: Sizes, us: Ran) -> list[str]:
    """The processor's rate of matrix products, and how much of it stance reaches."""
    matrices = part("matrices", seconds=sizes.seconds)
    ours, alone = us.found["operations_per_second"], us.found["bare_operations_per_second"]
    kinds = {
        "int8": "int8, `MatMulInteger`",
        "int8_dynamic": "int8, `DynamicQuantizeLinear` before and fp32 after",
        "fp32": "fp32, `MatMul`, which the shipped model computes with",
    }
    return [
        "## Share of the processor's peak",
        "The products of a layer's matrices with 3,072 tokens in ONNX Runtime, and the same "
        "products in what stance computes, padding included:",
        "",
        "| | billion operations/s | stance reaches | its `session.run` |",
        "|---|---|---|---|",
        *(
            f"| {name} | {matrices.found[kind] / 1e9:,.0f} | {ours / matrices.found[kind]:.0%} | "
            f"{alone / matrices.found[kind]:.0%} |"
            for kind, name in kinds.items()
        ),
        "",
        f"Peak memory {matrices.megabytes:,.0f} MB.",
        "",
    ]


def with_the_corpus(sizes: Sizes, data: str | None) -> list[str]:
    """How cost grows with the corpus."""
    counts = [sizes.base * factor for factor in sizes.growth]
    runs = [part("corpus", count=count, data=data) for count in counts]
    seconds = [run.found["seconds"] for run in runs]
    power = float(np.polyfit(np.log(counts), np.log(seconds), 1)[0])
    return [
        "## With the corpus",
        "Sentences that are all different, through `score_corpus`, the model loaded.",
        "",
        "| sentences | seconds | sentences/s | peak MB |",
        "|---|---|---|---|",
        *(
            f"| {run.found['sentences']:,} | {s:,.2f} | {run.found['sentences'] / s:,.0f} | {run.megabytes:,.0f} |"
            for run, s in zip(runs, seconds, strict=True)
        ),
        "",
        f"Cost grows with the power {power:.3f} of the corpus, the slope of a line through the logarithms "
        f"({verdict('≤ 1.02', power, 1.02, at_most=True)}).",
        "",
    ]


def with_the_actors(sizes: Sizes) -> list[str]:
    """How cost grows with the actors in a sentence."""
    run = part("actors", most=20, seconds=sizes.seconds / 4)
    table = {int(number): row for number, row in run.found.items()}
    last = table[max(table)]
    share = last["ours"] / last["per_pair"]
    return [
        "## With the actors in a sentence",
        "The per-pair design is our encoder run once for each ordered pair, `session.run` alone in batches of 32.",
        "",
        "| actors | ordered pairs | stance, ms | per-pair design, ms | stance costs |",
        "|---|---|---|---|---|",
        *(
            f"| {n} | {row['pairs']} | {1000 * row['ours']:,.1f} | {1000 * row['per_pair']:,.1f} | "
            f"1/{row['per_pair'] / row['ours']:.1f} |"
            for n, row in table.items()
        ),
        "",
        f"With {max(table)} actors {verdict('≤ 1/8', share, 1 / 8, at_most=True)}. "
        f"Peak memory {run.megabytes:,.0f} MB.",
        "",
    ]


def memory(sizes: Sizes) -> list[str]:
    """Peak memory of `stance score` by number of documents."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [(count, short_corpus(count, Path(folder))) for count in sizes.documents]
    peaks = [run.megabytes for _, run in runs]
    rise, top = max(peaks) / peaks[0] - 1, max(peaks)
    return [
        "## Memory of `stance score`",
        f"Documents of one short sentence, {len(SHORT)} different ones in turn so that it ends in minutes: "
        "copies that are read together go through the network once.",
        "",
        "| documents | seconds, start included | peak MB |",
        "|---|---|---|",
        *(f"| {count:,} | {run.seconds:,.1f} | {run.megabytes:,.0f} |" for count, run in runs),
        "",
        f"Highest over lowest count: {rise:+.1%} ({verdict('within 10%', rise, 0.1, at_most=True)}); "
        f"at most {top:,.0f} MB ({verdict('≤ 500', top, 500, at_most=True)}).",
        "",
    ]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a folder with newsmtsc/; its sentences join our corpus")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; writes nothing")
    options = parser.parse_args()
    sizes, begun = QUICK if options.quick else Sizes(), time.perf_counter()
    lines = [
        "# Speed",
        "Generated by `make speed`, which says how. Targets that are missed are marked so.",
        f"Measured on {machine()}.",
        "",
        *rates(sizes, options.data),
        *with_the_corpus(sizes, options.data),
        *with_the_actors(sizes),
        *memory(sizes),
        f"All of it took {(time.perf_counter() - begun) / 60:.1f} minutes.",
    ]
    print("\n".join(lines))
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
