"""Ratings over all adapters of a store: from runs to a table with the base at 1000."""

from __future__ import annotations

import pytest
from planted import declare

from evalsuite.records import Outcome, Reply, Score
from evalsuite.report.judging.ratings import flat, ratings
from evalsuite.store import Store, write
from evalsuite.store.write import SpecRow, StepRow

JUDGING = ("offline", "digest of judge", "sober", "digest of rubric")


@pytest.fixture
def store(tmp_path) -> Store:
    """A store with one run, in which nobody was planned yet."""
    found = Store(tmp_path / "store")
    write.start_run(found, "run", {})
    return found


def spec(store, name, weights, met, *, base="quickstart", judging=JUDGING, run="run"):
    """A spec whose candidate met others: for each, its weights and the outcome on every question."""
    steps = []
    for opponent, (theirs, outcomes) in met.items():
        metric = f"duel.win_rate.{opponent}"
        step = StepRow(
            f"{name} {opponent} {judging[1]} {theirs}", "pair", "duel", "candidate",
            judging, (metric, "style", opponent, theirs),
        )  # fmt: skip
        scores = [
            Score(f"{i:03}", metric, value, None if value is not None else "?") for i, value in enumerate(outcomes)
        ]
        replies = [Reply(f"{i:03}", "why", "so", "") for i in range(len(outcomes))]
        write.save_outcome(store, step, declare(Outcome(tuple(replies), tuple(scores))), seconds=0.0, seed=0)
        steps.append(step)
    row = SpecRow(name, f"plan of {name}", {}, base, "base", weights, "sft", "lora", tuple(steps))
    write.save_plan(store, run, [row])


def elos(rated):
    return {player.name: round(player.elo, 3) for player in rated.ratings.players}


def test_the_worked_example_of_three_players(store):
    """A beats B 3-1, B beats C 3-1, A beats C 3-1; here B is the base and anchored at 1000."""
    three_to_one = [1.0, 1.0, 1.0, 0.0]
    spec(store, "a", "wa", {"(quickstart)": ("b", three_to_one), "c": ("wc", three_to_one)})
    spec(store, "c", "wc", {"(quickstart)": ("b", [0.0, 0.0, 0.0, 1.0])})
    [rated] = ratings(store)
    assert elos(rated) == {"a": 1131.384, "(quickstart)": 1000.0, "c": 868.616}
    assert (rated.anchor, rated.prior, rated.ratings.games, rated.ratings.questions) == ("(quickstart)", 0.0, 12, 4)
    assert rated.head() == "ratings of duel on style, judged by offline by sober"
    assert len(rated.notes()) == 1


def test_whoever_won_everything_is_rated_with_a_tied_game_and_told_so(store):
    spec(store, "best", "w", {"(quickstart)": ("b", [1.0] * 20)})
    [rated] = ratings(store)
    best = rated.ratings.of("best")
    assert rated.prior == 1.0
    # 20.5 to 0.5.
    assert best.elo == pytest.approx(1000 + 400 * 1.6127838567)
    assert best.interval is not None
    # 20 of 20 is at least 0.8389 by Wilson; nothing bounds it from above.
    assert best.interval.low == pytest.approx(1286.6, abs=0.1)
    assert best.interval.high == float("inf")
    assert rated.table().rows[0] == ("best", "1645", "1287 to ∞", 20)
    assert flat([rated]).rows[0][7] is None
    assert rated.notes()[1].startswith("some won or lost every pair, so their distance has no finite estimate: 1 tied")


def test_a_base_keeps_its_rating_in_every_resample_and_others_have_an_interval(store):
    spec(store, "mine", "w", {"(quickstart)": ("b", [1.0, 0.5, 0.0, 1.0, 1.0] * 8)})
    [rated] = ratings(store)
    base, mine = rated.ratings.of("(quickstart)"), rated.ratings.of("mine")
    assert (base.interval.low, base.interval.high) == (1000.0, 1000.0)
    assert mine.interval.low < mine.elo < mine.interval.high
    assert [row[0] for row in rated.table().rows] == ["mine", "(quickstart)"]


def test_pairs_of_different_judges_are_not_mixed(store):
    spec(store, "mine", "w", {"(quickstart)": ("b", [1.0, 0.0])})
    other = ("offline", "digest of another judge", *JUDGING[2:])
    spec(store, "yours", "v", {"(quickstart)": ("b", [1.0, 0.0])}, judging=other)
    assert [sorted(elos(rated)) for rated in ratings(store)] == [["(quickstart)", "yours"], ["(quickstart)", "mine"]]


def test_those_who_never_met_stand_apart(store):
    spec(store, "mine", "w", {"(small)": ("b", [1.0, 0.0])}, base="small")
    spec(store, "yours", "v", {"(large)": ("c", [1.0, 0.0])}, base="large")
    assert [(rated.anchor, len(rated.ratings.players)) for rated in ratings(store)] == [("(small)", 2), ("(large)", 2)]


def test_without_a_base_the_mean_is_fixed(store):
    spec(store, "mine", "w", {"rival": (None, [1.0, 0.0, 1.0])})
    [rated] = ratings(store)
    assert rated.anchor is None
    assert sum(player.elo for player in rated.ratings.players) / 2 == pytest.approx(1000)
    assert "the mean of all is 1000" in rated.notes()[0]


def test_an_opponent_that_was_trained_again_is_another_player(store):
    spec(store, "other", "new weights", {"(quickstart)": ("b", [0.0, 1.0])})
    spec(store, "mine", "w", {"(quickstart)": ("b", [1.0, 0.0]), "other": ("old weights", [1.0, 0.0])})
    [rated] = ratings(store)
    assert sorted(elos(rated)) == ["(quickstart)", "mine", "other", "other (earlier)"]


def test_unscored_pairs_are_no_games(store):
    spec(store, "mine", "w", {"(quickstart)": ("b", [1.0, None, 0.0])})
    assert ratings(store)[0].ratings.games == 2


def test_without_pairs_or_a_store_there_are_no_ratings(store, tmp_path):
    assert ratings(store) == ratings(Store(tmp_path / "nowhere")) == []


def test_a_run_leaves_ratings_that_other_programs_can_read(project):
    project.run()
    [rated] = ratings(project.store)
    assert rated.anchor == "(./base)"
    table = flat([rated])
    first = dict(zip(table.heads, table.rows[0], strict=True))
    assert (first["player"], first["pairing"], first["pairs"], first["prior"]) == ("elsewhere", "duel", 60, 1.0)
    assert first["low"] <= first["rating"]
    assert first["high"] is None


def test_whoever_tied_every_pair_may_still_be_better_or_worse(store):
    spec(store, "same", "w", {"(quickstart)": ("b", [0.5] * 60)})
    [rated] = ratings(store)
    same = rated.ratings.of("same")
    assert same.elo == pytest.approx(1000)
    # Half of 60 lies between 0.3774 and 0.6226.
    assert (same.interval.low, same.interval.high) == pytest.approx((913.1, 1086.9), abs=0.1)
