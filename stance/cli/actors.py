"""`stance actors`: how names resolve, which are unknown, and whether a list of one's own is sound."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli.terminal import reporting_errors, with_common_options
from stance.corpus.documents import read_documents
from stance.dates import parse_date
from stance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stance.cli.terminal import Errors
    from stance.scoring.scorer import Scorer
    from stance.values import Document, Mention

actors = typer.Typer(no_args_is_help=True, help="How names resolve to actors.")
Table = Annotated[
    str | None, typer.Option("--actors", help="Your own actors (CSV, TOML or JSONL), on top.")
]


@actors.command()
@with_common_options
def resolve(
    text: Annotated[str, typer.Argument(help="A sentence or article.")],
    date: Annotated[
        str | None, typer.Option(help="When it was written, as 2021-12-24: who held an office.")
    ] = None,
    table: Table = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one mention a line.")] = False,
) -> None:
    """Print the actors that the table finds in a text, with role, use and kind of evidence.

    Examples:

      stance actors resolve "Kyiv's side thanked the Bundestag."
    """
    from stance.actors.finding import find_actors
    from stance.actors.table import load_actor_table

    with reporting_errors():
        found = find_actors(text, parse_date(date, "option --date"), load_actor_table(table))
        for mention in found:
            typer.echo(json.dumps(_row(mention), ensure_ascii=False) if as_json else _line(mention))


@actors.command()
@with_common_options
def unknown(
    corpus: Annotated[list[str], typer.Argument(help="Articles: .txt, .jsonl, or -.")],
    table: Table = None,
    least: Annotated[int, typer.Option(help="Leave out names with fewer mentions.")] = 2,
    model: Annotated[str | None, typer.Option(help="A model folder.")] = None,
) -> None:
    """Print the names that no table lists, most frequent first, with examples: rows for a list.

    Examples:

      stance actors unknown articles.jsonl > unknown.tsv
    """
    from stance.actors.review import unknown_names
    from stance.scoring.scorer import load

    with reporting_errors() as errors:
        scorer = load(model, actors=table)
        documents = read_documents(corpus, None, errors)
        for name in unknown_names(_found(scorer, documents, errors), least):
            typer.echo("\t".join((str(name.n), name.text, name.id, *name.examples)))


@actors.command()
@with_common_options
def check(
    file: Annotated[str, typer.Argument(metavar="LIST", help="Your list: .csv, .toml, .jsonl.")],
) -> None:
    """Print what is wrong or surprising in a list of one's own; exits with 1 if it does not load.

    Examples:

      stance actors check my-actors.csv
    """
    from stance.actors.review import check_user_list
    from stance.actors.table import load_actor_table

    with reporting_errors():
        load_actor_table(file)
        for remark in check_user_list(file, load_actor_table()):
            typer.echo(remark)
        sys.stderr.write(f"{file} loads.\n")


def _row(mention: Mention) -> dict[str, object]:
    names = ("start", "end", "text", "actor_ids", "role", "use", "via")
    return {name: getattr(mention, name) for name in names}


def _line(mention: Mention) -> str:
    ids = "|".join(mention.actor_ids) or "-"
    return "\t".join((mention.text, ids, mention.role or "-", mention.use, mention.via or "-"))


def _found(
    scorer: Scorer, documents: Iterable[Document], errors: Errors
) -> Iterator[tuple[Document, list[Mention]]]:
    for document in documents:
        try:
            yield document, scorer.find_mentions(document)
        except InputError as error:
            errors(error)
