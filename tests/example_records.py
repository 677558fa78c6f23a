"""Two years of invented news between real and invented actors, as records: for pictures and the page."""

from __future__ import annotations

import dataclasses
import datetime
import random

from stance.records import StanceRecord
from stance.values import STANCES

SAYS = {
    "against": (
        ("ACCUSE", "{s} accused {t} of breaking the agreement on {topic}, calling it a deliberate provocation."),
        ("THREATEN", "Officials in the {s} delegation warned that {t} would pay a price over {topic}."),
        ("SANCTION", "In a fresh escalation over {topic}, {s} imposed sanctions on dozens of firms linked to {t}."),
        ("REJECT", "{s} flatly rejected what it described as an ultimatum from {t} about {topic}."),
        ("PROTEST", "{s} summoned the ambassador of {t} to protest against its conduct over {topic}."),
        ("COERCE", "{s} expelled four diplomats of {t} after a row over {topic}."),
    ),
    "neutral": (
        (None, "{s} and {t} were both represented at the meeting on {topic} in Geneva."),
        ("CONSULT", "The foreign minister of {s} spoke by telephone with the counterpart from {t} about {topic}."),
        (None, "Analysts in {s} are waiting to see how {t} will respond on {topic}."),
        (None, "Asked about {topic}, {s} declined to comment on the position of {t}."),
        (None, "Trade between {s} and {t} was little changed despite the dispute over {topic}."),
    ),
    "favor": (
        ("SUPPORT", "{s} praised {t} for what it called a constructive position on {topic}."),
        ("AID", "{s} pledged new aid to {t} to help it through the crisis over {topic}."),
        ("AGREE", "{s} signed an accord with {t} on {topic}, ending months of talks."),
        ("COOPERATE", "{s} will hold joint exercises with {t}, a step both tied to {topic}."),
        ("CONCEDE", "{s} lifted its ban on goods from {t} as a gesture of goodwill over {topic}."),
    ),
}  # fmt: skip
TOPICS = (
    "the strait", "fishing rights", "grain exports", "the dam", "semiconductor exports", "the border",
    "prisoner exchanges", "gas prices", "naval patrols", "visa rules", "the summit", "the ceasefire",
)  # fmt: skip
ACTORS = {
    "USA": "Washington", "CHN": "Beijing", "JPN": "Japan", "RUS": "Moscow", "UKR": "Kyiv", "TWN": "Taiwan",
    "KOR": "South Korea", "PHL": "Manila", "DEU": "Germany", "FRA": "Paris", "GBR": "Britain", "IND": "India",
    "TUR": "Ankara", "igo:EU": "the European Union", "igo:UN": "the United Nations", "igo:NATO": "NATO",
    "PRK": "North Korea", "IRN": "Tehran", "ISR": "Israel", "EGY": "Egypt", "ETH": "Ethiopia", "SDN": "Sudan",
    "ent:international federation of free fishermen and boatbuilders":
        "the International Federation of Free Fishermen and Boatbuilders",
    "ent:committee for the strait": "the Committee for the Strait",
}  # fmt: skip
OUTLETS = ("Kyodo", "Reuters", "AP", "Xinhua", "The Straits Herald", "Le Quotidien", "TASS")
CAMPS = (
    {"USA", "JPN", "TWN", "PHL", "DEU", "FRA", "GBR", "UKR", "igo:EU", "igo:NATO", "KOR"},
    {"CHN", "RUS", "PRK", "IRN"},
)  # fmt: skip
FIRST = datetime.date(2024, 1, 1)


def lean(source: str, target: str, day: datetime.date) -> float:
    """The stance that the sentences are drawn around; three dyads turn."""
    turned = day >= datetime.date(2025, 3, 1)
    if (source, target) == ("PHL", "CHN"):
        return -0.7 if turned else 0.3
    if (source, target) == ("SDN", "ETH"):
        return 0.6 if turned else -0.5
    if (source, target) == ("IND", "USA"):
        return 0.1 if turned else 0.6
    side = [next((i for i, camp in enumerate(CAMPS) if a in camp), 2) for a in (source, target)]
    return 0.0 if 2 in side else 0.45 if side[0] == side[1] else -0.55


def example_records(n: int, seed: int = 1) -> list[StanceRecord]:
    """n records over 24 months; one in eight sentences is a reprint by another outlet."""
    draw = random.Random(seed)
    dyads = [(s, t) for s in ACTORS for t in ACTORS if s != t]
    weights = [1 / (6 + i) for i in range(len(dyads))]
    near = {("PHL", "CHN"), ("SDN", "ETH"), ("IND", "USA"), ("CHN", "JPN"), ("JPN", "USA"), ("USA", "CHN")}  # fmt: skip
    dyads.sort(key=lambda d: (d not in near, draw.random()))
    records: list[StanceRecord] = []
    while len(records) < n:
        source, target = draw.choices(dyads, weights)[0]
        day = FIRST + datetime.timedelta(draw.randrange(731))
        records.append(example_record(draw, f"doc-{len(records)}", source, target, day))
        if draw.random() < 0.12 and len(records) < n:
            name, outlet = f"doc-{len(records)}", draw.choice(OUTLETS)
            records.append(dataclasses.replace(records[-1], document_id=name, outlet=outlet))
    return records


def example_record(
    draw: random.Random, document: str, source: str, target: str, day: datetime.date
) -> StanceRecord:
    """One sentence with calibrated-looking probabilities around the dyad's lean."""
    mean = lean(source, target, day)
    weights = (0.06 + max(0, -mean), 0.7 - 0.4 * abs(mean), 0.06 + max(0, mean))
    label = draw.choices(STANCES, weights)[0]
    sure = draw.betavariate(6, 1.4)
    probs = dict.fromkeys(STANCES, (1 - sure) / 2) | {label: sure}
    against, neutral, favor = probs.values()
    act, template = draw.choice(SAYS[label])
    topic = (
        draw.choice(TOPICS)
        if draw.random() < 0.4
        else f"{draw.choice(TOPICS)} (round {draw.randrange(400)})"
    )
    a, b = ACTORS[source], ACTORS[target]
    text = template.format(s=a, t=b, topic=topic)
    start = draw.randrange(0, 3000)
    # Counted in the template: one name may be part of the other, or of the topic.
    s = len(template.split("{s}")[0].format(t=b, topic=topic))
    t = len(template.split("{t}")[0].format(s=a, topic=topic))
    shift = label != "neutral" and draw.random() < 0.02
    return StanceRecord(
        document, day, draw.choice(OUTLETS), draw.randrange(30), start, start + len(text), text,
        source, a, start + s, start + s + len(a), "GOV", target, b, start + t, start + t + len(b), None,
        max(probs, key=probs.__getitem__), favor - against, against, neutral, favor, act,
        draw.choice(("neutral", "favor" if label == "against" else "against")) if shift else None,
        "neutral", 0.2, 0.6, 0.2, None, False, "stance-small-en-example",
    )  # fmt: skip
