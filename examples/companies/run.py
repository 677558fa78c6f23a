"""Fine-tune on 200 rows, compare before and after on 66 held-out rows: `python examples/companies/run.py`.

Writes the model to the folder given as first argument (default build/companies) and the numbers
between the markers of the README beside this file.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import stance

HERE = Path(__file__).parent
START, END = "<!-- result: written by run.py -->", "<!-- end of result -->"


def main() -> None:
    """Train, compare, write."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "build/companies")
    begun, used = time.monotonic(), sum(os.times()[:2])
    stance.finetune(HERE / "train.csv", out)
    seconds, cpu = time.monotonic() - begun, sum(os.times()[:2]) - used
    result = stance.compare(HERE / "test.csv", stance.load(out), stance.load())
    lines = [
        "| held-out rows | shipped model | fine-tuned | difference, 95% interval | p |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {d.score} | {d.other:.3f} | {d.model:.3f} | "
        f"{d.difference:+.3f} ({d.low:+.3f} to {d.high:+.3f}) | {d.p_value:.3f} |"
        for d in result.differences
    ]
    lines += [
        "",
        f"{result.signature['n']} rows from {result.signature['groups']} sentences. Right only after fine-tuning "
        f"{result.only_model}, right only before {result.only_other}, exact McNemar p {result.mcnemar_p:.3f}. "
        f"Fine-tuning took {cpu:.0f} seconds of processor time, {seconds:.0f} seconds by the clock, "
        f"on {os.cpu_count()} cores.",
    ]
    text = "\n".join(lines)
    print(text)  # noqa: T201
    readme = HERE / "README.md"
    head, _, rest = readme.read_text(encoding="utf-8").partition(START)
    tail = rest.partition(END)[2]
    readme.write_text(f"{head}{START}\n{text}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
