"""Ratings from pairs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.intervals.bootstrap import Resampling, Undefined
from evalsuite.stats.ratings.bradley_terry import Anchor, Game, Ratings, bradley_terry


def expected_score(elo: float, other: float) -> float:
    """The chance to win on the Elo scale."""
    return 1 / (1 + 10 ** ((other - elo) / 400))


def series(first: str, second: str, wins: int, losses: int) -> list[Game]:
    return [Game(first, second, 1)] * wins + [Game(first, second, 0)] * losses


THREE = series("a", "b", 3, 1) + series("b", "c", 3, 1) + series("a", "c", 3, 1)


def rated(games: list[Game], **options: object) -> Ratings:
    ratings = bradley_terry(games, **options)
    assert isinstance(ratings, Ratings)
    return ratings


def test_three_wins_to_one_are_191_elo():
    ratings = rated(series("a", "b", 3, 1))
    assert ratings.of("a").elo - ratings.of("b").elo == pytest.approx(190.8485, abs=5e-5)
    assert expected_score(1100, 1000) == pytest.approx(0.6400650, abs=5e-8)


def test_three_players():
    ratings = rated(THREE)
    assert [(player.name, player.elo) for player in ratings.players] == [
        ("a", pytest.approx(1131.384, abs=5e-4)),
        ("b", pytest.approx(1000)),
        ("c", pytest.approx(868.616, abs=5e-4)),
    ]
    assert (ratings.of("a").elo - 1000) / 400 * math.log(10) == pytest.approx(0.7563076, abs=5e-8)
    assert expected_score(ratings.of("a").elo, ratings.of("c").elo) == pytest.approx(0.8194485, abs=5e-8)
    assert (ratings.games, ratings.questions, ratings.of("a").games) == (12, 12, 8)


def test_an_anchor_moves_all_ratings_alike():
    free, held = rated(THREE), rated(THREE, anchor=Anchor("b", 1114))
    assert held.of("b").elo == 1114
    assert held.of("a").elo - held.of("c").elo == pytest.approx(free.of("a").elo - free.of("c").elo)
    with pytest.raises(ValueError, match="played no game"):
        bradley_terry(THREE, anchor=Anchor("z"))


def test_a_tie_is_half_a_win_for_each():
    ties = [Game("a", "b", 0.5)] * 2 + series("a", "b", 2, 0)
    assert rated(ties).of("a").elo == pytest.approx(rated(series("a", "b", 3, 1)).of("a").elo)


def test_a_clear_verdict_counts_several_times():
    assert rated([Game("a", "b", 1, weight=3), Game("a", "b", 0)]).of("a").elo == pytest.approx(
        rated(series("a", "b", 3, 1)).of("a").elo
    )


def test_a_player_that_won_everything_has_no_finite_rating():
    undefeated = [*THREE, *series("d", "a", 5, 0)]
    found = bradley_terry(undefeated)
    assert isinstance(found, Undefined)
    assert "won or lost every game" in found.reason
    assert rated(undefeated, prior=1).players[0].name == "d"


def test_games_of_one_question_stand_and_fall_together():
    votes = [Game("a", "b", float(q % 4 != 0), question=str(q)) for q in range(40) for _ in range(5)]
    alone = [Game("a", "b", game.score) for game in votes]
    resampling = Resampling(seed=1, resamples=500)
    together, apart = (rated(games, resampling=resampling).of("a").interval for games in (votes, alone))
    assert together is not None
    assert apart is not None
    # Five equal votes per question carry the information of one: the interval is √5 times as wide.
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(math.sqrt(5), rel=0.2)


def test_a_bound_that_resampling_does_not_find_is_infinite():
    interval = rated(series("a", "b", 3, 1), resampling=Resampling(seed=1, resamples=500)).of("a").interval
    assert interval is not None
    assert interval.high == math.inf


@pytest.mark.parametrize(
    ("games", "message"),
    [
        ([], "no games"),
        ([Game("a", "a", 1)], "paired with itself"),
        ([Game("a", "b", 2)], "wanted 0 to 1"),
        ([Game("a", "b", 1, weight=0)], "above 0"),
    ],
)
def test_what_is_no_game_is_refused(games, message):
    with pytest.raises(ValueError, match=message):
        bradley_terry(games)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_each_player_wins_as_often_as_its_rating_expects(players, seed):
    generator = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(players) for b in range(players) if a != b]
    games = [Game(str(a), str(b), float(generator.choice([0, 0.5, 1]))) for a, b in pairs for _ in range(6)]
    found = bradley_terry(games)
    if isinstance(found, Undefined):
        return
    assert np.mean([player.elo for player in found.players]) == pytest.approx(1000)
    for player in found.players:
        mine = [game for game in games if player.name in (game.first, game.second)]
        won = sum(game.score if game.first == player.name else 1 - game.score for game in mine)
        others = [game.second if game.first == player.name else game.first for game in mine]
        assert won == pytest.approx(sum(expected_score(player.elo, found.of(name).elo) for name in others), abs=1e-6)
