"""`stance analyze`: articles in, stances with their sentences out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from stance.cli.terminal import progress_on_terminal, reporting_errors
from stance.corpus.documents import read_documents
from stance.dates import parse_date
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.records import StanceRecord


def analyze(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Articles: .txt, .jsonl (one object with 'text' a line), or - for standard input."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one StanceRecord a line.")] = False,
    date: Annotated[
        str | None,
        typer.Option(
            help="When undated articles were written, as 2021-12-24: decides who held an office."
        ),
    ] = None,
    actors: Annotated[
        str | None,
        typer.Option(
            help="Your own actors (CSV, TOML or JSONL); its rows override the built-in table."
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Only records with one of these actor ids, as JPN,CHN.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model folder; default: the shipped model.")
    ] = None,
    cues: Annotated[
        bool,
        typer.Option(
            "--cues",
            help="Print in bold the words that moved the model most; takes about ten times as long. "
            "Not with --json: records have no field for them.",
        ),
    ] = False,
) -> None:
    """Print who takes which stance toward whom, with the sentences that say so.

    Exits with 1 if any document could not be read; the others are printed all the same.

    Examples:

      stance analyze article.txt

      stance analyze --json --date 2021-12-24 *.txt > records.jsonl
    """
    from stance.report.cues import find_cues
    from stance.report.printing import print_records
    from stance.scoring.scorer import load

    with reporting_errors() as errors:
        if cues and as_json:
            raise InputError(
                "option --cues: cannot be with --json; records have no field for a cue"
            )
        day = parse_date(date, "option --date")
        scorer = load(model, actors=actors)
        # Rows that appear on the terminal as they are made are progress enough.
        with progress_on_terminal(not (as_json and sys.stdout.isatty())) as counted:
            documents = counted(read_documents(files, day, errors))
            records = _only(scorer(documents, errors), only)
            if as_json:
                for record in records:
                    sys.stdout.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")
            else:
                found = list(records)
        if as_json:
            return
        if only and not found:
            Console().print(f"No record names {only}.", markup=False)
        else:
            marked = find_cues(found, scorer) if cues else ()
            print_records(found, scorer.table, Console(), marked)


def _only(records: Iterable[StanceRecord], ids: str | None) -> Iterator[StanceRecord]:
    wanted = {part.strip() for part in ids.split(",")} if ids else None
    for record in records:
        if wanted is None or record.source_id in wanted or record.target_id in wanted:
            yield record
