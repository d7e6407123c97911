"""Plain sentences and small tasks, so that ordinary words and labels have trained embeddings."""

from __future__ import annotations

import random

from quickstart.world import CREATURES, GOODS, NAMES, TOWNS, TRADES

OPPOSITES = (
    "hot cold,big small,old new,high low,fast slow,early late,open closed,full empty,long short,near far,"
    "light dark,soft hard,wet dry,rich poor,loud quiet,strong weak,clean dirty,thick thin,happy sad,first last"
)
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
THINGS = ["apples", "pears", "bells", "eggs", "nuts", "books", "jugs", "coats", "coins", "cups", "stones", "letters"]
LABELS = ("Note", "Check", "So", "Because", "Premises", "Rule", "List", "Question", "Answer", "Reason", "Step")
PLACES = ("market", "garden", "kitchen", "workshop", "school", "house", "street", "desk", "field", "river")
MOODS = ("quiet", "busy", "warm", "cold", "early", "late", "open", "closed", "clean", "bright")
SENTENCES = (
    "In the morning {name} walks to the {place}.",
    "The {place} is {mood} today, and the {other} is {mood2}.",
    "{name} and {name2} meet in {town} before noon.",
    "If the {place} is {mood}, then {name} goes to the {other}.",
    "{name} says that the {place} was {mood} on {day}.",
    "Because of the rain, {name} stays in the {place}.",
    "Because it is {mood}, we do not go to the {place}.",
    "So {name} went home from the {place} on {day}.",
    "Every {place} has a door, and nothing else follows from it.",
    "{name} thinks that this is true, but {name2} says that it is false.",
    "The order is ready, and you can find it at the desk in {town}.",
    "Please come to the {place} before {day}. Thank you for your letter, {name}.",
    "We know that {town} is a town because people live there.",
    "The road from {town} leads to the {place}, and then on to the {other}.",
    "{name} gives {number} {thing} to {name2}.",
    "A fact lets us use what we know. The same place gives the same thing too.",
    "All people of {town} know the {place}. All animals of a kind are the same.",
    "The other order is {mood}, and it leads to the {place}.",
    "The first number is {number}, and the second number is {number2}.",
    "{name} counts to {number}. The second number is {number2}.",
)
LABELLED = (
    "{label}: the {place} is {mood}.",
    "{label}: {name} goes to {town} on {day}.",
    "(1) {thing} (2) coins (3) tea",
    "({number}) {name} is in the {place}. {label}: {mood}.",
    "{label}: (1) and (2) are {mood}.",
    "{label} of ({number}) and (2): {thing}.",
)


def filler_text(rng: random.Random) -> str:
    """One to three sentences about nothing that the benchmarks ask, now and then with a label."""
    templates = [rng.choice(LABELLED if rng.random() < 0.35 else SENTENCES) for _ in range(rng.randint(1, 3))]
    return " ".join(_fill(template, rng) for template in templates)


def small_task(rng: random.Random) -> tuple[str, str]:
    """A prompt and its reply that need no fact about the world."""
    return rng.choice((_opposite, _day, _next_number, _greeting, _thanks, _twice, _name_two, _larger))(rng)


def _fill(template: str, rng: random.Random) -> str:
    place, other = rng.sample(PLACES, 2)
    name, name2 = rng.sample(NAMES, 2)
    mood, mood2 = rng.sample(MOODS, 2)
    return template.format(
        place=place, other=other, name=name, name2=name2, mood=mood, mood2=mood2, town=rng.choice(TOWNS),
        day=rng.choice(DAYS), number=rng.randint(1, 12),
        number2=rng.randint(1, 12), thing=rng.choice(THINGS), label=rng.choice(LABELS),
    )  # fmt: skip


def _opposite(rng: random.Random) -> tuple[str, str]:
    pair = rng.choice(OPPOSITES.split(",")).split()
    rng.shuffle(pair)
    return f"What is the opposite of {pair[0]}?", f"The opposite of {pair[0]} is {pair[1]}."


def _day(rng: random.Random) -> tuple[str, str]:
    day = rng.randrange(7)
    step, word = rng.choice(((1, "after"), (-1, "before")))
    return f"Which day comes {word} {DAYS[day]}?", f"{DAYS[(day + step) % 7]} comes {word} {DAYS[day]}."


def _next_number(rng: random.Random) -> tuple[str, str]:
    number = rng.randint(1, 23)
    return f"Which number comes after {number}?", f"The number after {number} is {number + 1}."


def _larger(rng: random.Random) -> tuple[str, str]:
    first, second = rng.sample(range(25), 2)
    return f"Which is more, {first} or {second}?", f"{max(first, second)} is more than {min(first, second)}."


def _greeting(rng: random.Random) -> tuple[str, str]:
    name = rng.choice(NAMES)
    return f"Say hello to {name}.", f"Hello, {name}! How are you today?"


def _thanks(rng: random.Random) -> tuple[str, str]:
    name, thing = rng.choice(NAMES), rng.choice((*THINGS, *GOODS, *(product for *_, product in TRADES)))
    return f"Thank {name} for the {thing}.", f"Dear {name}, thank you for the {thing}."


def _twice(rng: random.Random) -> tuple[str, str]:
    word = rng.choice((*THINGS, *PLACES, *MOODS, *GOODS))
    return f"Write the word {word} twice.", f"{word} {word}"


def _name_two(rng: random.Random) -> tuple[str, str]:
    kind, values = rng.choice((("towns", TOWNS), ("animals", [c[0] for c in CREATURES]), ("days", DAYS)))
    first, second = rng.sample(values, 2)
    text = f"{first} and {second}"
    return f"Name two {kind}.", text[0].upper() + text[1:]
