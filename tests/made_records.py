"""Records made by hand for tests of what comes after the model."""

import datetime

from hypothesis import strategies as st

from stance import StanceRecord

AGAINST, NEUTRAL, FAVOR = (0.9, 0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.2, 0.8)
LABELS = ("against", "neutral", "favor")


def record(
    source: str | None,
    target: str | None,
    probs: tuple[float, float, float],
    *,
    document: str = "d",
    sentence: str = "s",
    day: str | None = "2021-12-24",
    outlet: str | None = None,
    roles: tuple[str | None, str | None] = (None, None),
    model: str = "m",
    place: int = 0,
) -> StanceRecord:
    """A record whose text is only what aggregation looks at; `place` sets it apart in its document."""
    against, neutral, favor = probs
    return StanceRecord(
        document, datetime.date.fromisoformat(day) if day else None, outlet, 0, 0, 9, sentence,
        source, "S", place, place + 1, roles[0], target, "T" if target else None,
        place + 2 if target else None, place + 3 if target else None, roles[1],
        LABELS[max(range(3), key=probs.__getitem__)], favor - against, against, neutral, favor,
        None, None, None, None, None, None, None, False, model,
    )  # fmt: skip


PROBS = st.tuples(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.01, 1)).map(
    lambda p: (p[0] / sum(p), p[1] / sum(p), p[2] / sum(p))
)
RECORDS = st.lists(
    st.builds(
        record,
        st.sampled_from(["JPN", "CHN", None]),
        st.sampled_from(["USA", "TWN", None]),
        PROBS,
        document=st.sampled_from(["a", "b"]),
        outlet=st.sampled_from(["x", "y", None]),
        # The first two are copies of each other.
        sentence=st.sampled_from(["Tokyo praised the plan", "Tokyo has praised the plan.", "two"]),
        day=st.sampled_from(["2021-12-24", "2022-01-01", None]),
    ),
    max_size=12,
)
