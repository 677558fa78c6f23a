"""Which questions are asked of a sentence."""

from hypothesis import given
from hypothesis import strategies as st

from stance.scoring.pairs import make_pairs
from stance.values import USES, Mention, Sentence

TEXT = "Tokyo praised Paris in London, Reuters said."
SENTENCE = Sentence("d", 0, 0, len(TEXT), TEXT)


def mention(word: str, actor: str, use: str = "actor") -> Mention:
    start = TEXT.index(word)
    return Mention(start, start + len(word), word, (actor,) if actor else (), use=use)


def asked(*mentions: Mention) -> set[tuple[str | None, str | None]]:
    return {
        (p.source.text if p.source else None, p.target.text if p.target else None)
        for p in make_pairs(SENTENCE, mentions)
    }


def test_both_directions_nobody_and_portrayal() -> None:
    assert asked(mention("Tokyo", "JPN"), mention("Paris", "FRA")) == {
        ("Tokyo", "Paris"),
        ("Paris", "Tokyo"),
        ("Tokyo", None),
        ("Paris", None),
        (None, "Tokyo"),
        (None, "Paris"),
    }


def test_places_are_neither_and_outlets_hold_nothing() -> None:
    pairs = asked(
        mention("Tokyo", "JPN"),
        mention("London", "GBR", "loc"),
        mention("Reuters", "med:REUTERS", "source"),
    )
    assert not any("London" in pair for pair in pairs)
    assert not any(source == "Reuters" for source, _ in pairs)


def test_nobody_has_a_stance_toward_itself() -> None:
    assert ("Tokyo", "Paris") not in asked(mention("Tokyo", "JPN"), mention("Paris", "JPN"))


def test_coordinated_actors_are_asked_apart() -> None:
    both = Mention(14, 19, "Paris", ("JPN", "FRA"), via="coref")
    assert ("Tokyo", "Paris") in asked(mention("Tokyo", "JPN"), both)


def test_unresolved_mentions_are_asked_about() -> None:
    assert ("Tokyo", "Paris") in asked(mention("Tokyo", ""), mention("Paris", ""))


@given(
    st.permutations(["Tokyo", "Paris", "London", "Reuters"]),
    st.lists(st.sampled_from(USES), min_size=4, max_size=4),
)
def test_order_of_mentions_is_irrelevant(order: list[str], uses: list[str]) -> None:
    use = dict(zip(["Tokyo", "Paris", "London", "Reuters"], uses, strict=True))
    mentions = [mention(word, word.upper(), use[word]) for word in order]
    assert make_pairs(SENTENCE, mentions) == make_pairs(
        SENTENCE, sorted(mentions, key=lambda m: m.start)
    )
