"""The README's pictures, from the seed articles and the shipped model: `make pictures`."""

from pathlib import Path

import stance

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Score the seed articles and draw them."""
    articles = [*sorted((ROOT / "seeds").glob("*.txt")), ROOT / "seeds" / "river-year.jsonl"]
    records = list(stance.load()(stance.read_documents(articles)))
    heat_map = stance.plot_matrix(stance.aggregate(records, by="all"), most=9)
    series = stance.plot_series(
        stance.aggregate(records, by="month"),
        "SDN",
        "ETH",
        turns=stance.find_turns(records),
        shifts=stance.stated_shifts(records),
        few=3,
    )
    for name, figure in (("heatmap", heat_map), ("series", series)):
        figure.savefig(ROOT / "docs" / f"{name}.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
