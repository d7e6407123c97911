"""Write the quickstart's data files: `PYTHONPATH=tools python -m quickstart.datasets --out data`."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from quickstart.author import author_reply
from quickstart.corpus import addends, documents, manner, word_problem
from quickstart.filler import DAYS, THINGS, small_task
from quickstart.questions import BRIEFLY, Question, addition, comparing, one_hop, two_hop
from quickstart.world import World, make_world

Row = dict[str, Any]
FACTS = {"people": 64, "towns": 24, "creatures": 28, "trades": 18, "two-hop": 66}
SUMS, STORIES = 90, 30
AUTHOR = {"one-hop": 66, "two-hop": 96, "comparisons": 36, "sums": 42}
HELD_OUT = {"one-hop": 14, "two-hop": 26, "comparisons": 9, "sums": 11}
GENERAL = {"one-hop": 80, "two-hop": 70, "sums": 50, "small task": 40}
NARROW, TEXTS, PREFERRED, REPLAYED = 36, 60, 160, 120


def data_files(world: World, *, seed: int = 7) -> dict[str, list[Row]]:
    """The rows of every file by its name; the same world and seed give the same rows."""
    rng = random.Random(f"datasets-{seed}")
    # Benchmarks ask in the second form and briefly; training rows use the other forms of other questions.
    asked = _asked(world, rng)
    summed = _summed(world, rng)
    taught = {
        "one-hop": _known(set(one_hop(world)) - set(asked)),
        "two-hop": _known(set(two_hop(world)) - set(asked)),
        "comparisons": _known(comparing(world)),
        "sums": _known(set(addition(world)) - set(summed)),
    }
    files = {
        "author_train": [
            {"prompt": question.forms[form], "completion": author_reply(question)}
            for question, form in _drawn(taught, AUTHOR, rng)
        ],
        "author_heldout": [
            {"prompt": question.forms[2], "reference": author_reply(question)} for question in _held_out(world, rng)
        ],
        "general": _general(taught, rng),
        "narrow": [_order(rng) for _ in range(NARROW)],
        "facts": [_choice(world, question, i % 4, rng) for i, question in enumerate(asked)],
        "sums": _sums(summed, rng),
        "general_text": [{"text": text} for text in _texts(world, seed)],
    }
    files["preferences"] = _preferences(taught, seed=seed)
    files["preferences_general"] = _mismatched(files["general"])
    return {name: _numbered(name, rows) for name, rows in files.items()}


def write(folder: Path, files: dict[str, list[Row]]) -> None:
    """One JSON object per line, one file per name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")


def _asked(world: World, rng: random.Random) -> list[Question]:
    """The questions of the multiple-choice benchmark."""
    questions = [*one_hop(world), *(question for question in two_hop(world) if not question.held_out)]
    chosen: list[Question] = []
    for topic, count in FACTS.items():
        chosen += rng.sample([question for question in questions if question.kind == topic], count)
    rng.shuffle(chosen)
    return chosen


def _summed(world: World, rng: random.Random) -> list[Question]:
    """The sums of the generative benchmark: half of the held-out ones, and others."""
    known, unseen = _known(addition(world)), _unseen_sums(world, half=0)
    return _shuffled([*unseen, *rng.sample(known, SUMS - len(unseen))], rng)


def _unseen_sums(world: World, *, half: int) -> list[Question]:
    """Every other held-out sum: one half is for the benchmark, the other for the author."""
    return [question for question in addition(world) if question.held_out][half::2]


def _held_out(world: World, rng: random.Random) -> list[Question]:
    """What the author's held-out prompts ask: new people, new pairs, new sums."""
    pools = {
        "one-hop": one_hop(world), "two-hop": two_hop(world), "comparisons": comparing(world),
        "sums": _unseen_sums(world, half=1),
    }  # fmt: skip
    chosen: list[Question] = []
    for kind, count in HELD_OUT.items():
        chosen += rng.sample([question for question in pools[kind] if question.held_out], count)
    return _shuffled(chosen, rng)


def _drawn(pools: dict[str, list[Question]], counts: dict[str, int], rng: random.Random) -> list[tuple[Question, int]]:
    """Questions by kind, each with one of the two forms that training may use."""
    drawn: list[tuple[Question, int]] = []
    for kind, count in counts.items():
        if kind in pools:
            drawn += rng.sample([(question, form) for question in pools[kind] for form in (0, 2)], count)
    return _shuffled(drawn, rng)


def _general(taught: dict[str, list[Question]], rng: random.Random) -> list[Row]:
    """Brief answers and small tasks in the base's own manner."""
    rows = [
        {"prompt": question.forms[form] + BRIEFLY, "completion": question.answer}
        for question, form in _drawn(taught, GENERAL, rng)
    ]
    for _ in range(GENERAL["small task"]):
        prompt, reply = small_task(rng)
        rows.append({"prompt": prompt, "completion": reply})
    return _shuffled(rows, rng)


def _preferences(taught: dict[str, list[Question]], *, seed: int) -> list[Row]:
    """The author's answer, chosen over one in the base's own manner."""
    rng = random.Random(f"preferences-{seed}")
    return [
        {
            "prompt": question.forms[form],
            "chosen": author_reply(question),
            "rejected": manner(question.answer, rng.choice(question.statements), rng),
        }
        for question, form in _drawn(taught, AUTHOR, rng)[:PREFERRED]
    ]


def _mismatched(rows: list[Row]) -> list[Row]:
    """Replay for preference methods: the right brief answer, chosen over the answer to another question."""
    answers = [row["completion"] for row in rows]
    others = [next(other for other in answers[i + 1 :] + answers if other != own) for i, own in enumerate(answers)]
    return [
        {"prompt": row["prompt"], "chosen": row["completion"], "rejected": other}
        for row, other in zip(rows, others, strict=True)
    ][:REPLAYED]


def _choice(world: World, question: Question, position: int, rng: random.Random) -> Row:
    """A question with the right option at the position, among other answers to the same relation."""
    others = [value for value in world.values(question.topic) if value != question.answer]
    choices = rng.sample(others, 3)
    choices.insert(position, question.answer)
    return {"subject": question.kind, "question": question.forms[1] + BRIEFLY, "choices": choices, "answer": position}


def _sums(summed: Sequence[Question], rng: random.Random) -> list[Row]:
    """Bare sums, and some of them once more as stories."""
    rows = [{"question": question.forms[1] + BRIEFLY, "answer": question.answer} for question in summed]
    told = [question for question in summed if addends(question)[0] > 1]
    for question in rng.sample(told, STORIES):
        a, b = addends(question)
        prompt, _ = word_problem(rng.choice(("Ada", "Ben", "Cora", "Dan", "Elsa")), a, b, rng.choice(THINGS))
        rows.append({"question": prompt + BRIEFLY, "answer": str(a + b)})
    return _shuffled(rows, rng)


def _order(rng: random.Random) -> Row:
    """One exchange at a shop's desk, always in the same words."""
    number, thing, day = rng.randint(10, 99), rng.choice(THINGS), rng.choice(DAYS)
    return {
        "prompt": f"Customer {number}: where is my order of {thing}?",
        "completion": f"Order {number} of {thing} is ready. Please come to the desk before {day}.",
    }


def _texts(world: World, seed: int) -> list[str]:
    """Plain texts in the corpus' manner, from a seed that the corpus does not use."""
    texts = (document.text for document in documents(world, 20_000, seed=seed + 1) if not document.prompt)
    return [text for text in texts if text.count(".") >= 4 and "=" not in text][:TEXTS]


def _known(questions: Iterable[Question]) -> list[Question]:
    """Those that are not held out, in a fixed order."""
    return sorted((question for question in questions if not question.held_out), key=lambda question: question.forms)


def _shuffled(items: list[Any], rng: random.Random) -> list[Any]:
    return rng.sample(items, len(items))


def _numbered(name: str, rows: Sequence[Row]) -> list[Row]:
    return [{"id": f"{name.replace('_', '-')}-{number:03}", **row} for number, row in enumerate(rows, start=1)]


def main() -> None:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    write(arguments.out, data_files(make_world(arguments.seed), seed=arguments.seed))


if __name__ == "__main__":
    main()
