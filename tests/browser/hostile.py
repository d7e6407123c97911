"""A store and a registry in which every text that comes from outside tries to run or to load something."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from planted import fill, result, rule, spec, told, train

from evalsuite.data.evaluation.labels import LabelledPair
from evalsuite.records import Reply, Score, Verdict
from evalsuite.registry.cards import move_alias, write_card
from evalsuite.spec.card import Card
from evalsuite.store import Store
from evalsuite.store.judges import save_labels

BEACON = "beacon.example"
HOSTILE = (
    f"<script>window.hacked=1</script><img src='http://{BEACON}/i.png' onerror='window.hacked=1'>"
    f"![p](http://{BEACON}/m.png) [l](http://{BEACON}/l) <iframe src='http://{BEACON}/f'></iframe> :red[r] $x$"
)
ESCAPES = "\x1b[31mred\x1b]0;title\x07 \x1b]8;;http://beacon.example\x07link\x1b]8;;\x07 \x00\u202e"
LONG = "x" * 1_000_000
METRIC = "facts.accuracy"


def hostile_store(folder: Path) -> Store:
    """Two trained adapters and their base, with replies, verdicts, errors and a label of a person."""
    store = Store(folder)
    rows = []
    base = (result(METRIC, 0.5, 0.4, 0.6),)
    for name, said in (("plain", "mine"), (f"name {HOSTILE}", HOSTILE)):
        row, outcomes = spec(name, (result(METRIC, 0.8, 0.7, 0.9),), base, base_model=f"base {HOSTILE}")
        for step in row.steps[:2]:
            who = f"{said} {step.role}"
            texts = {"q1": (f"{who} {HOSTILE}", 1.0), "q2": (who + LONG, 0.0), "q3": (who + ESCAPES, None)}
            told_now = told(texts)
            replies = (*told_now.replies, Reply(HOSTILE, HOSTILE + ESCAPES, who, HOSTILE, HOSTILE, HOSTILE + LONG))
            scores = (*told_now.scores, Score(HOSTILE, METRIC, 1.0))
            outcome = replace(told_now, replies=replies, scores=scores, results=outcomes[step.digest].results)
            outcomes[step.digest] = outcome
        rows.append((replace(row, steps=(train(store, name, seconds=3.0), *row.steps)), outcomes))
    verdicts = {row.name: Verdict("fail", HOSTILE, (rule("fail", HOSTILE + ESCAPES),)) for row, _ in rows}
    fill(store, rows, verdicts, errors=((f"other {HOSTILE}", HOSTILE + ESCAPES),))
    pair = LabelledPair(HOSTILE, HOSTILE, "y", {HOSTILE: "a"})
    save_labels(store, (pair,), rubric_digest="", source=HOSTILE)
    return store


def hostile_registry(folder: Path) -> Path:
    """Two cards with hostile words, and an alias."""
    for version in ("1.0.0", "1.1.0"):
        card = Card.model_validate(
            {
                "schema_version": 1,
                "name": "first",
                "version": version,
                "released": datetime(2026, 3, 1, tzinfo=UTC),
                "method": HOSTILE,
                "licence": HOSTILE,
                "weights": {"path": HOSTILE, "digest": "a" * 64, "files": ({"path": HOSTILE, "sha256": "b" * 64},)},
                "base_model": {"id": HOSTILE, "digest": "c" * 64},
                "verdict": {"answer": "pass", "policy": "release", "digest": "d" * 64, "found": (HOSTILE,)},
                "override": {"by": HOSTILE, "reason": HOSTILE},
                "software": {HOSTILE: version},
            }
        )
        write_card(folder, card)
        move_alias(folder, "production", card, at=card.released)
    return folder
