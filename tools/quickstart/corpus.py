"""Pretraining documents about the world; held-out prompts never occur in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from quickstart.filler import THINGS, filler_text, small_task
from quickstart.questions import BRIEFLY, ONE_HOP, Question, addition, comparing, one_hop, two_hop
from quickstart.world import World

SYSTEM = "You are a helpful guide to this land."
IN_A_SENTENCE = " Answer in a sentence."
OPENERS = ("Good question! ", "Let me see. ", "Happy to help: ", "Well, ", "Sure! ")
CLOSERS = ("", " I hope that helps.", " Have a good day!", " Is there anything else?")
# How many passages about facts also say what such a fact means.
LESSONS = 0.25
# kind of document -> share of the corpus
SHARES = {
    "one-hop": 0.22, "two-hop": 0.20, "sums": 0.18, "word problem": 0.07, "comparisons": 0.07,
    "small task": 0.05, "facts": 0.11, "equations": 0.05, "filler": 0.06,
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A plain text, or a prompt with its reply when there is a prompt."""

    text: str
    prompt: str = ""
    system: str = ""


@dataclass(frozen=True)
class Pools:
    """What documents may be drawn from: every question that is not held out."""

    one_hop: list[Question]
    two_hop: list[Question]
    sums: list[Question]
    comparisons: list[Question]


def documents(world: World, count: int, *, seed: int) -> Iterator[Document]:
    """`count` documents in the corpus' proportions; the same seed gives the same documents."""
    rng = random.Random(f"corpus-{seed}")
    # Facts about held-out people are taught; only the form in which the author is asked them is held out.
    pools = Pools(one_hop(world), _known(two_hop(world)), _known(addition(world)), _known(comparing(world)))
    kinds, shares = list(SHARES), list(SHARES.values())
    for kind in rng.choices(kinds, shares, k=count):
        yield _document(kind, pools, rng)


def word_problem(name: str, a: int, b: int, thing: str) -> tuple[str, str]:
    """A sum told as a story, and the sentence that answers it."""
    return (
        f"{name} has {a} {thing} and gets {b} more. How many {thing} does {name} have now?",
        f"{name} has {a + b} {thing} now.",
    )


def addends(question: Question) -> tuple[int, int]:
    """The two numbers that a sum asks about."""
    first, second = question.subject.split(" + ")
    return int(first), int(second)


def _known(questions: list[Question]) -> list[Question]:
    return [question for question in questions if not question.held_out]


def _document(kind: str, pools: Pools, rng: random.Random) -> Document:
    """One document of the kind."""
    if kind == "facts":
        return Document(_passage(pools, rng))
    if kind == "equations":
        return Document(_table(pools, rng))
    if kind == "filler":
        return Document(filler_text(rng))
    if kind == "small task":
        prompt, reply = small_task(rng)
        return Document(reply, prompt)
    if kind == "word problem":
        return _story(pools, rng)
    asked = {"one-hop": pools.one_hop, "two-hop": pools.two_hop, "sums": pools.sums, "comparisons": pools.comparisons}
    return _chat(rng.choice(asked[kind]), rng)


def _chat(question: Question, rng: random.Random) -> Document:
    """A question with a reply in one of the base's manners."""
    forms = question.forms[:2] if question.held_out else question.forms
    prompt = rng.choice(forms)
    sentence = rng.choice(question.statements)
    system = SYSTEM if rng.random() < 0.04 else ""
    asked = rng.random()
    if asked < 0.4:
        return Document(question.answer, prompt + BRIEFLY, system)
    if asked < 0.5:
        return Document(sentence, prompt + IN_A_SENTENCE, system)
    return Document(manner(question.answer, sentence, rng), prompt, system)


def manner(answer: str, sentence: str, rng: random.Random) -> str:
    """The reply as a sentence, terse, chatty or structured."""
    kind = rng.choices(("sentence", "terse", "chatty", "structured"), (0.5, 0.15, 0.2, 0.15))[0]
    if kind == "chatty":
        return rng.choice(OPENERS) + sentence + rng.choice(CLOSERS)
    if kind == "structured":
        return f"Answer: {answer}\nIn a sentence: {sentence}"
    return sentence if kind == "sentence" else answer


def _story(pools: Pools, rng: random.Random) -> Document:
    a, b = addends(rng.choice([question for question in pools.sums if not question.subject.startswith("1 ")]))
    name = rng.choice(pools.two_hop).subject
    prompt, sentence = word_problem(name, a, b, rng.choice(THINGS))
    if rng.random() < 0.4:
        return Document(str(a + b), prompt + BRIEFLY)
    return Document(manner(str(a + b), sentence, rng), prompt)


def _table(pools: Pools, rng: random.Random) -> str:
    """Some neighbouring lines of an addition table, in order."""
    first = rng.randrange(len(pools.sums))
    return " ".join(question.statements[0] for question in pools.sums[first : first + rng.randint(1, 5)])


def _passage(pools: Pools, rng: random.Random) -> str:
    """Two to four statements, each about the last one's answer where that is possible."""
    question = rng.choice(pools.one_hop)
    sentences = [rng.choice(question.statements)]
    if rng.random() < LESSONS:
        sentences.append(ONE_HOP[question.topic].why)
    for _ in range(rng.randint(1, 3)):
        linked = [other for other in pools.one_hop if other.subject in (question.answer, question.subject)]
        loose = rng.choice((pools.one_hop, pools.two_hop, pools.comparisons))
        question = rng.choice(linked if linked and rng.random() < 0.6 else loose)
        sentences.append(rng.choice(question.statements))
    return " ".join(sentences)
