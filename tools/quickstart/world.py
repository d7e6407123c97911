"""The generated small world: people, towns, creatures and trades, all drawn from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

NAMES = [
    "Ada", "Ben", "Cora", "Dan", "Elsa", "Finn", "Greta", "Hugo", "Ida",
    "Jonas", "Kira", "Leo", "Mira", "Nils", "Olga", "Paul", "Rosa", "Sven",
    "Tilda", "Uwe", "Vera", "Willem", "Yara", "Zeno", "Anton", "Bella", "Clara",
    "Doris", "Emil", "Flora", "Gustav", "Hanna", "Ivo", "Jana", "Karl", "Lotte",
]  # fmt: skip
TOWNS = ["Arlen", "Brook", "Calder", "Dunmore", "Elmstead", "Farrow", "Glenby", "Harwick", "Ivydale", "Kelby"]
LANDMARKS = [
    "a bridge",
    "a lighthouse",
    "a tower",
    "a castle",
    "a harbour",
    "a windmill",
    "a fountain",
    "a library",
    "a theatre",
    "a chapel",
]
GOODS = ["apples", "pears", "salt", "wool", "cheese", "glass", "paper", "bells", "tea", "roses"]
SIDES = ("the north", "the south", "the east", "the west")
# trade, tool, product
TRADES = (
    ("a baker", "an oven", "bread"),
    ("a weaver", "a loom", "cloth"),
    ("a smith", "a hammer", "nails"),
    ("a potter", "a wheel", "jugs"),
    ("a miller", "a millstone", "flour"),
    ("a carpenter", "a saw", "tables"),
    ("a tailor", "a needle", "coats"),
    ("a cobbler", "an awl", "shoes"),
    ("a printer", "a press", "books"),
    ("a painter", "a brush", "pictures"),
    ("a beekeeper", "a smoker", "honey"),
    ("a cook", "a ladle", "soup"),
)
# creature, legs, food, bed
CREATURES = (
    ("a hen", "2", "seeds", "a coop"),
    ("a cat", "4", "fish", "a basket"),
    ("a spider", "8", "flies", "a web"),
    ("a beetle", "6", "leaves", "a log"),
    ("a snake", "0", "eggs", "a pit"),
    ("a goat", "4", "grass", "a shed"),
    ("an owl", "2", "mice", "a barn"),
    ("a rabbit", "4", "carrots", "a hutch"),
    ("a dog", "4", "bones", "a kennel"),
    ("a parrot", "2", "nuts", "a cage"),
    ("an ant", "6", "crumbs", "a nest"),
    ("a tortoise", "4", "lettuce", "a box"),
)
LARGEST_ADDEND = 12
HELD_OUT_PEOPLE = 8
HELD_OUT_SUMS = 24
HELD_OUT_COMPARISONS = 10


@dataclass(frozen=True)
class Fact:
    """One relation of one subject, and the answer that holds in this world."""

    relation: str
    subject: str
    answer: str


@dataclass(frozen=True)
class World:
    """All facts, and which people, sums and comparisons are kept out of training."""

    facts: tuple[Fact, ...]
    people: tuple[str, ...]
    held_out_people: frozenset[str]
    held_out_sums: frozenset[tuple[int, int]]
    held_out_comparisons: frozenset[tuple[str, str]]

    def answer(self, relation: str, subject: str) -> str:
        """The answer to one relation of one subject."""
        return next(f.answer for f in self.facts if (f.relation, f.subject) == (relation, subject))

    def values(self, relation: str) -> list[str]:
        """Every answer that the relation takes in this world, sorted."""
        return sorted({f.answer for f in self.facts if f.relation == relation})


def make_world(seed: int = 7) -> World:
    """The world of a seed; the same seed gives the same world."""
    rng = random.Random(f"world-{seed}")
    facts = [*_people(rng), *_towns(rng)]
    for trade, tool, product in TRADES:
        facts += [Fact("tool", trade, tool), Fact("product", trade, product)]
    for creature, legs, food, bed in CREATURES:
        facts += [Fact("legs", creature, legs), Fact("food", creature, food), Fact("bed", creature, bed)]
    return World(
        facts=tuple(facts),
        people=tuple(NAMES),
        held_out_people=frozenset(rng.sample(NAMES, HELD_OUT_PEOPLE)),
        held_out_sums=_one_order(rng.sample(_unordered_sums(), HELD_OUT_SUMS), rng),
        held_out_comparisons=_both_orders(rng.sample(_uneven_creatures(), HELD_OUT_COMPARISONS)),
    )


def sums() -> list[tuple[int, int]]:
    """Every ordered pair of addends."""
    numbers = range(1, LARGEST_ADDEND + 1)
    return [(a, b) for a in numbers for b in numbers]


def comparisons() -> list[tuple[str, str]]:
    """Every ordered pair of creatures that differ in their number of legs."""
    return sorted(_both_orders(_uneven_creatures()))


def _people(rng: random.Random) -> list[Fact]:
    """A home, a trade and a pet for every person, each value used about equally often."""
    homes = _spread(rng, TOWNS, len(NAMES))
    trades = _spread(rng, [trade for trade, *_ in TRADES], len(NAMES))
    pets = _spread(rng, [creature for creature, *_ in CREATURES], len(NAMES))
    facts: list[Fact] = []
    for name, home, trade, pet in zip(NAMES, homes, trades, pets, strict=True):
        facts += [Fact("home", name, home), Fact("trade", name, trade), Fact("pet", name, pet)]
    return facts


def _towns(rng: random.Random) -> list[Fact]:
    """A landmark, a ware and a side of the land for every town."""
    landmarks, goods = rng.sample(LANDMARKS, len(TOWNS)), rng.sample(GOODS, len(TOWNS))
    sides = _spread(rng, SIDES, len(TOWNS))
    facts: list[Fact] = []
    for town, landmark, ware, side in zip(TOWNS, landmarks, goods, sides, strict=True):
        facts += [Fact("landmark", town, landmark), Fact("goods", town, ware), Fact("side", town, side)]
    return facts


def _spread(rng: random.Random, values: Sequence[str], count: int) -> list[str]:
    """`count` values in random order, none used much more often than another."""
    repeated = [values[i % len(values)] for i in range(count)]
    rng.shuffle(repeated)
    return repeated


def _unordered_sums() -> list[tuple[int, int]]:
    """Pairs of different addends, smaller first, inside the table so that neighbours stay in training."""
    return [(a, b) for a, b in sums() if 2 <= a < b <= LARGEST_ADDEND - 1]


def _uneven_creatures() -> list[tuple[str, str]]:
    """Unordered pairs of creatures with different numbers of legs."""
    return [(a[0], b[0]) for i, a in enumerate(CREATURES) for b in CREATURES[i + 1 :] if a[1] != b[1]]


def _one_order(pairs: Sequence[tuple[int, int]], rng: random.Random) -> frozenset[tuple[int, int]]:
    """Each pair in one of its orders; the other stays in training, so that there is something to reason from."""
    return frozenset(pair if rng.random() < 0.5 else pair[::-1] for pair in pairs)


def _both_orders(pairs: Sequence[tuple[Item, Item]]) -> frozenset[tuple[Item, Item]]:
    """The pairs and their mirror images."""
    return frozenset([*pairs, *((b, a) for a, b in pairs)])
