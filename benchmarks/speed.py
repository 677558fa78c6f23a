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


def exponent(sizes: list[int], costs: list[float]) -> float:
    """The power of the size that the cost grows with: the slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


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
    """Sentences a second, ours and those of other designs."""
    us = part("ours", count=sizes.sentences, rounds=sizes.rounds, data=data)
    others = {
        "transformers pipeline, encoder of our size, fp32, a call a pair": part(
            "pipeline", count=sizes.pipeline, data=data
        ),
        "RoBERTa-base a pair, torch fp32, batch 1": part(
            "roberta", count=sizes.roberta, batch=1, data=data
        ),
        "RoBERTa-base a pair, torch fp32, batches of 32 by length": part(
            "roberta", count=sizes.roberta, batch=32, data=data
        ),
    }
    lexicon = part("vader", count=sizes.vader, data=data)
    matrices = part("matrices", seconds=sizes.seconds)
    mine, alone = us.found["sentences_per_second"], us.found["bare"]
    share = mine / alone
    limits = dict(zip(others, (6, 60, 60), strict=True))
    rows = [
        f"| **stance, text to records** | **{mine:,.1f}** | | {us.megabytes:,.0f} | |",
        f"| the same calls of `session.run` alone | {alone:,.1f} | {share:.0%} of it reached | "
        f"(same process) | {verdict('≥ 85%', share, 0.85)} |",
    ]
    for name, other in others.items():
        rate, ratio = (
            other.found["sentences_per_second"],
            mine / other.found["sentences_per_second"],
        )
        asked = verdict(f"≥ {limits[name]}×", ratio, limits[name])
        rows.append(f"| {name} | {rate:,.2f} | {ratio:,.1f}× | {other.megabytes:,.0f} | {asked} |")
    rate = lexicon.found["sentences_per_second"]
    rows.append(
        f"| VADER: one polarity a sentence, no actors | {rate:,.0f} | {mine / rate:.3f}× | "
        f"{lexicon.megabytes:,.0f} | |"
    )
    peak = matrices.found
    ours, ours_alone = us.found["operations_per_second"], us.found["bare_operations_per_second"]
    return [
        "## Sentences a second",
        f"All ordered pairs scored, {sizes.sentences:,} sentences of our corpus (other designs: "
        f"{sizes.pipeline} and {sizes.roberta} of them), each one document; median of {sizes.rounds} rounds.",
        "",
        "| | sentences/s | stance is | peak MB | asked |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "The other designs have random weights and, for RoBERTa, our word pieces: neither changes the time much. "
        "They answer only the ordered pairs of actors; stance also answers how each is portrayed and "
        "what each holds toward nobody named.",
        "",
        f"Of the computed tokens {us.found['real_tokens']:.0%} are text and of the computed pairs "
        f"{us.found['real_pairs']:.0%} are asked; the rest is padding.",
        "",
        "Where the time of a sentence goes, by itself, in milliseconds: "
        + ", ".join(f"{k} {v:.2f}" for k, v in us.found["milliseconds"].items())
        + ".",
        "",
        "## Share of the processor's peak",
        "Matrix products of a layer of the encoder "
        "(3,072 tokens) alone in ONNX Runtime, and the same products in what stance computes:",
        "",
        "| | billion operations/s | stance end to end | its `session.run` |",
        "|---|---|---|---|",
        *(
            f"| {name} | {peak[kind] / 1e9:,.0f} | {ours / peak[kind]:.0%} | {ours_alone / peak[kind]:.0%} |"
            for kind, name in (
                ("int8", "int8 `MatMulInteger`"),
                ("int8_dynamic", "int8 with `DynamicQuantizeLinear` and back to fp32"),
                ("fp32", "fp32 `MatMul`, which the shipped model computes with"),
            )
        ),
        "",
    ]


def growth(sizes: Sizes, data: str | None) -> list[str]:
    """How cost grows with the corpus and with the actors in a sentence."""
    counts = [sizes.base * factor for factor in sizes.growth]
    runs = [part("corpus", count=count, data=data) for count in counts]
    seconds = [run.found["seconds"] for run in runs]
    power = exponent(counts, seconds)
    several = part("actors", most=20, seconds=sizes.seconds / 4)
    table = {int(number): row for number, row in several.found.items()}
    last = table[max(table)]
    share = last["ours"] / last["per_pair"]
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
        f"Cost grows with the power {power:.3f} of the corpus ({verdict('≤ 1.02', power, 1.02, at_most=True)}).",
        "",
        "## With the actors in a sentence",
        "The per-pair design is our encoder run once for each ordered pair, `session.run` alone in batches.",
        "",
        "| actors | ordered pairs | stance, ms | per-pair design, ms | stance costs |",
        "|---|---|---|---|---|",
        *(
            f"| {n} | {row['pairs']} | {1000 * row['ours']:,.1f} | {1000 * row['per_pair']:,.1f} | "
            f"1/{row['per_pair'] / row['ours']:.1f} |"
            for n, row in table.items()
        ),
        "",
        f"With {max(table)} actors ({verdict('≤ 1/8', share, 1 / 8, at_most=True)}). "
        f"Peak memory {several.megabytes:,.0f} MB.",
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
        *growth(sizes, options.data),
        *memory(sizes),
        f"All of it took {(time.perf_counter() - begun) / 60:.1f} minutes.",
    ]
    print("\n".join(lines))
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
