"""Questions about the world: what they ask, what they rest on, and which stay out of training."""

from __future__ import annotations

from dataclasses import dataclass

from quickstart.world import World, comparisons, sums

BRIEFLY = " Answer briefly."


@dataclass(frozen=True)
class Wording:
    """How one relation is stated and asked; {s} is the subject, {a} the answer."""

    topic: str
    statements: tuple[str, ...]
    questions: tuple[str, str, str]
    why: str


@dataclass(frozen=True)
class Question:
    """A thing that can be asked in three forms, its answer, and the premises it follows from."""

    kind: str
    topic: str
    subject: str
    forms: tuple[str, str, str]
    answer: str
    statements: tuple[str, ...]
    premises: tuple[str, ...]
    check: str
    held_out: bool = False


def _w(topic: str, statements: str, questions: str, why: str) -> Wording:
    first, second, third = questions.split("|")
    return Wording(topic, tuple(statements.split("|")), (first, second, third), why)


ONE_HOP: dict[str, Wording] = {
    "home": _w("people", "{s} lives in {a}.|The home of {s} is {a}.|{s} has a house in {a}.",
               "Where does {s} live?|What is the home of {s}?|Which town does {s} live in?",
               "A home is the town where a person lives."),
    "trade": _w("people", "{s} works as {a}.|The trade of {s} is that of {a}.|{s} is {a}.",
                "What does {s} work as?|What is the trade of {s}?|What does {s} do for a living?",
                "A trade is what a person works as."),
    "pet": _w("people", "{s} keeps {a}.|The pet of {s} is {a}.|{s} looks after {a}.",
              "What animal does {s} keep?|What is the pet of {s}?|Which pet does {s} look after?",
              "A pet is the animal that a person keeps."),
    "landmark": _w("towns", "{s} has {a}.|The landmark of {s} is {a}.|In {s} there stands {a}.",
                   "What stands in {s}?|What is the landmark of {s}?|What can visitors see in {s}?",
                   "A landmark is what visitors see in a town."),
    "goods": _w("towns", "{s} sells {a}.|{s} is known for {a}.|People come to {s} for {a}.",
                "What does {s} sell?|What is {s} known for?|What do people buy in {s}?",
                "A town is known for what it sells."),
    "side": _w("towns", "{s} lies in {a}.|The town of {s} is in {a}.|To reach {s}, go to {a}.",
               "Where does {s} lie?|Where is the town of {s}?|In which part of the land is {s}?",
               "A town is found where it lies."),
    "legs": _w("creatures", "{s} has {a} legs.|The number of legs of {s} is {a}.|{s} stands on {a} legs.",
               "How many legs does {s} have?|What is the number of legs of {s}?|On how many legs does {s} stand?",
               "All animals of a kind have the same number of legs."),
    "food": _w("creatures", "{s} eats {a}.|The food of {s} is {a}.|{s} is fed with {a}.",
               "What does {s} eat?|What is the food of {s}?|What do you feed to {s}?",
               "All animals of a kind eat the same food."),
    "bed": _w("creatures", "{s} sleeps in {a}.|The bed of {s} is {a}.|{s} goes to rest in {a}.",
              "What does {s} sleep in?|What is the bed of {s}?|What does {s} rest in?",
              "All animals of a kind sleep in the same place."),
    "tool": _w("trades", "{s} works with {a}.|The tool of {s} is {a}.|{s} needs {a}.",
               "What does {s} work with?|What is the tool of {s}?|Which tool does {s} need?",
               "All people of a trade work with the same tool."),
    "product": _w("trades", "{s} makes {a}.|The work of {s} is to make {a}.|{s} gives us {a}.",
                  "What does {s} make?|What is made by {s}?|What do we get from {s}?",
                  "All people of a trade make the same things."),
}  # fmt: skip

# second relation -> (first relation, wording)
TWO_HOP: dict[str, tuple[str, Wording]] = {
    "tool": ("trade", _w("two-hop", "{s} works with {a}.|The tool of {s} is {a}.",
                         "What does {s} work with?|What is the tool of {s}?|Which tool does {s} need at work?",
                         "{s} works with {a}")),
    "product": ("trade", _w("two-hop", "{s} makes {a}.|The workshop of {s} makes {a}.",
                            "What does {s} make?|What comes from the workshop of {s}?|What does {s} make at work?",
                            "{s} makes {a}")),
    "food": ("pet", _w("two-hop", "The pet of {s} eats {a}.|{s} feeds the pet with {a}.",
                       "What does the pet of {s} eat?|What food does {s} need?|What does {s} feed to the pet?",
                       "the pet of {s} eats {a}")),
    "bed": ("pet", _w("two-hop", "The pet of {s} sleeps in {a}.|{s} has {a} for the pet.",
                      "What does the pet of {s} sleep in?|What does {s} have for the pet?|"
                      "What does the pet of {s} rest in?",
                      "the pet of {s} sleeps in {a}")),
    "legs": ("pet", _w("two-hop", "The pet of {s} has {a} legs.|The pet of {s} stands on {a} legs.",
                       "How many legs does the pet of {s} have?|On how many legs does the pet of {s} stand?|"
                       "What is the number of legs of the pet of {s}?",
                       "the pet of {s} has {a} legs")),
    "landmark": ("home", _w("two-hop", "The home town of {s} has {a}.|{s} lives near {a}.",
                            "What stands in the home town of {s}?|What does {s} live near?|"
                            "What is the landmark of the home town of {s}?",
                            "the home town of {s} has {a}")),
    "goods": ("home", _w("two-hop", "The home town of {s} sells {a}.|The home town of {s} is known for {a}.",
                         "What does the home town of {s} sell?|What is the home town of {s} known for?|"
                         "What do people buy in the home town of {s}?",
                         "the home town of {s} sells {a}")),
}  # fmt: skip


def say(template: str, subject: str, answer: str = "") -> str:
    """The template filled in, with a capital at its start."""
    text = template.format(s=subject, a=answer)
    return text[0].upper() + text[1:]


def inside(sentence: str) -> str:
    """The sentence as it reads after a comma; names keep their capital."""
    return sentence.removesuffix(".").replace("The ", "the ", 1)


def one_hop(world: World) -> list[Question]:
    """One question for every fact; those about held-out people are marked."""
    return [_one_hop(world, fact.relation, fact.subject) for fact in world.facts]


def two_hop(world: World) -> list[Question]:
    """For every person, what follows from the trade, the pet and the home town."""
    return [_two_hop(world, relation, person) for person in world.people for relation in TWO_HOP]


def addition(world: World) -> list[Question]:
    """Every sum of the table; held-out pairs are marked."""
    return [_sum(a, b, (a, b) in world.held_out_sums) for a, b in sums()]


def comparing(world: World) -> list[Question]:
    """Which of two creatures has more legs, for every uneven pair in both orders."""
    return [_comparison(world, first, second) for first, second in comparisons()]


def _one_hop(world: World, relation: str, subject: str) -> Question:
    wording, answer = ONE_HOP[relation], world.answer(relation, subject)
    statements = tuple(say(text, subject, answer) for text in wording.statements)
    forms = [say(text, subject) for text in wording.questions]
    return Question(
        wording.topic, relation, subject, (forms[0], forms[1], forms[2]), answer, statements,
        premises=(statements[0], wording.why, inside(wording.statements[1].format(s=subject, a=answer))),
        check="(1) gives the fact, and (2) lets us use it",
        held_out=subject in world.held_out_people,
    )  # fmt: skip


def _two_hop(world: World, relation: str, person: str) -> Question:
    first, wording = TWO_HOP[relation]
    middle = world.answer(first, person)
    answer = world.answer(relation, middle)
    forms = [say(text, person) for text in wording.questions]
    return Question(
        "two-hop", relation, person, (forms[0], forms[1], forms[2]), answer,
        tuple(say(text, person, answer) for text in wording.statements),
        premises=(say(ONE_HOP[first].statements[0], person, middle),
                  say(ONE_HOP[relation].statements[0], middle, answer), wording.why.format(s=person, a=answer)),
        check=f"(1) leads to {middle}, and (2) leads on to {answer}",
        held_out=person in world.held_out_people,
    )  # fmt: skip


def _sum(a: int, b: int, held_out: bool) -> Question:
    return Question(
        "sums", "sum", f"{a} + {b}",
        (f"What is {a} + {b}?", f"How much is {a} + {b}?", f"What is the sum of {a} and {b}?"), str(a + b),
        (f"{a} + {b} = {a + b}.", f"The sum of {a} and {b} is {a + b}.", f"{a} and {b} make {a + b}."),
        premises=(f"The first number is {a}.", f"The second number is {b}.", f"{a} + {b} = {a + b}"),
        check=f"the other order, {b} + {a}, gives {a + b} too", held_out=held_out,
    )  # fmt: skip


def _comparison(world: World, first: str, second: str) -> Question:
    legs = {name: int(world.answer("legs", name)) for name in (first, second)}
    more, fewer = (first, second) if legs[first] > legs[second] else (second, first)
    return Question(
        "comparisons", "more legs", f"{first} and {second}",
        (f"Which has more legs, {first} or {second}?", f"Who stands on more legs, {first} or {second}?",
         f"Between {first} and {second}, which has more legs?"), more,
        (say("{s} has more legs than {a}.", more, fewer), say("{s} has fewer legs than {a}.", fewer, more)),
        premises=(say("{s} has {a} legs.", first, str(legs[first])),
                  say("{s} has {a} legs.", second, str(legs[second])),
                  f"{more} has more legs than {fewer}"),
        check=f"{legs[more]} is more than {legs[fewer]}",
        held_out=(first, second) in world.held_out_comparisons,
    )  # fmt: skip
