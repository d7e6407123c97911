"""Sequential rules: the same answer as the samples come, never a wrong one more often than promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalsuite.data.digest import shuffle
from evalsuite.evaluate.pairwise.pairs import REASON, in_batches
from evalsuite.gate.rules.fidelity import Fidelity
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.gate.rules.win_rate import WinRate
from evalsuite.gate.sequential import bet
from evalsuite.records import Evidence, Metric, Outcome, Reply, Result, Results, Score, Terms
from evalsuite.stats.intervals.mean import wilson

TERMS = Terms()
IDS = [f"{number:03}" for number in range(200)]


def test_a_bet_stops_at_the_first_number_that_settles_it() -> None:
    found = bet([1.0] * 100, 0.5, alpha=(0.025, 0.025))
    assert found.answer == "pass"
    assert 5 <= found.n <= 20
    assert bet([1.0] * (found.n - 1), 0.5, alpha=(0.025, 0.025)).answer == "undecided"
    assert bet([0.0] * 100, 0.5, alpha=(0.025, 0.025)).answer == "fail"


@pytest.mark.parametrize("truth", [0.5])
def test_looking_after_every_sample_is_wrong_no_more_often_than_alpha(truth: float) -> None:
    generator = np.random.default_rng(3)
    wrong = sum(
        bet((generator.random(150) < truth).astype(float).tolist(), 0.5, alpha=(0.05, 0.05)).answer == "pass"
        for _ in range(600)
    )
    assert wrong <= 42  # Binomial(600, 0.05) is at most 42 with probability 0.99


def pairing(rate: float, seed: int = 5) -> Evidence:
    generator = np.random.default_rng(seed)
    wins = {key: float(generator.random() < rate) for key in IDS}
    low, high = (
        wilson(sum(wins.values()) / len(wins), len(wins)).low,
        wilson(sum(wins.values()) / len(wins), len(wins)).high,
    )
    result = Result("duel.win_rate", sum(wins.values()) / len(wins), low, high, len(wins))
    return Evidence(Results("mine", {"duel.win_rate": result}, {"duel.win_rate": wins}), Results("base"), seed=7)


def test_a_sequential_win_rate_passes_fails_or_stays_open() -> None:
    rule = WinRate(rule="win_rate", metric="duel.win_rate", sequential=True)
    assert rule.check(pairing(0.85), TERMS).answer == "pass"
    assert rule.check(pairing(0.15), TERMS).answer == "fail"
    open_ = rule.check(pairing(0.5), TERMS)
    assert open_.answer == "undecided"
    assert "over 200 samples; at least 0.5 is wanted; about " in open_.sentence
    failed = rule.check(pairing(0.15), TERMS)
    assert failed.p_value is not None
    assert failed.p_value <= 0.05


def test_what_bets_leave_open_the_fixed_test_decides_at_the_end_and_only_then() -> None:
    rule = WinRate(rule="win_rate", metric="duel.win_rate", sequential=True)
    drawn = [pairing(0.6, seed) for seed in range(20)]
    left = [found for found in drawn if rule.check(replace(found, partial=True), TERMS).answer == "undecided"]
    assert 5 <= len(left) <= 19
    assert [rule.check(found, TERMS).answer for found in left].count("pass") >= 5


def test_both_ways_to_pass_together_are_wrong_no_more_often_than_alpha() -> None:
    rule = WinRate(rule="win_rate", metric="duel.win_rate", sequential=True)
    answers = [rule.check(pairing(0.5, seed), TERMS).answer for seed in range(600)]
    # Each side has alpha 0.025; Binomial(600, 0.025) is at most 24 with probability 0.99.
    assert answers.count("pass") <= 24
    assert answers.count("fail") <= 24


def test_sequential_fidelity_agrees_with_the_ratio() -> None:
    generator = np.random.default_rng(1)

    def evidence(way: float) -> Evidence:
        base = {key: float(generator.uniform(0.0, 0.2)) for key in IDS}
        author = {key: float(generator.uniform(0.8, 1.0)) for key in IDS}
        ours = {key: base[key] + way * (author[key] - base[key]) for key in IDS}
        metrics = {name: Metric(name, "style") for name in ("style.fidelity", "style.score")}
        subjects = [Results(name, scores={"style.score": scores}, metrics=metrics) for name, scores in
                    (("mine", ours), ("base", base), ("author", author))]  # fmt: skip
        return Evidence(subjects[0], subjects[1], subjects[1], subjects[2])

    rule = Fidelity(rule="fidelity", metric="style.fidelity", at_least=0.7, sequential=True)
    for way, answer in ((0.95, "pass"), (0.3, "fail"), (0.7, "undecided")):
        found = rule.check(evidence(way), TERMS)
        # What bets leave open needs the ratio's own interval, which this evidence lacks.
        assert (found.answer, f"{way:.3f}" in found.sentence) == (answer, answer != "undecided")


def test_sequential_non_inferiority_over_judged_scores() -> None:
    generator = np.random.default_rng(2)

    def evidence(shift: float) -> Evidence:
        base = {key: float(generator.uniform(0.3, 0.7)) for key in IDS}
        ours = {key: value + shift for key, value in base.items()}
        metrics = {"s.score": Metric("s.score")}
        subjects = (Results(name, scores={"s.score": its}, metrics=metrics) for name, its in
                    (("mine", ours), ("base", base)))  # fmt: skip
        return Evidence(*subjects)

    rule = NonInferior(rule="non_inferior", metric="s.score", margin=0.1, sequential=True)
    assert rule.check(evidence(0.05), TERMS).answer == "pass"
    assert rule.check(evidence(-0.3), TERMS).answer == "fail"


def test_the_order_is_the_seeds_and_keeps_questions_together() -> None:
    assert shuffle(IDS, seed=1) == shuffle(reversed(IDS), seed=1) != shuffle(IDS, seed=2)
    groups = {key: key[:2] for key in IDS}
    order = [groups[key] for key in shuffle(IDS, seed=1, groups=groups)]
    assert [group for i, group in enumerate(order) if i == 0 or order[i - 1] != group] == list(dict.fromkeys(order))


REPLIES = tuple(Reply(key, "?", "!", "") for key in IDS)


def judged(places: object) -> Outcome:
    """A judge that gives 0.75 to every reply it is shown."""
    shown = [IDS[place] for place in places]  # type: ignore[attr-defined]
    scores = tuple(Score(key, "style.score", 0.75) for key in shown)
    return Outcome(scores=scores, results=(Result("style.score", 0.75, 0.74, 0.76, len(shown)),))


def test_judging_ends_with_the_batch_that_settles_it_and_says_what_was_left() -> None:
    looks: list[int] = []

    def settled(outcome: Outcome) -> bool:
        looks.append(len(outcome.scores))
        return len(outcome.scores) >= 40

    found = in_batches(REPLIES, judged, settled=settled, batch=10, seed=3)
    assert looks == [10, 20, 30, 40]
    left = [score for score in found.scores if score.value is None]
    assert (len(left), {score.reason for score in left}) == (160, {REASON})
    assert {score.sample_id for score in found.scores if score.value is not None} == set(shuffle(IDS, seed=3)[:40])
    [result] = found.results
    assert (result.n, result.unscored, result.reason) == (40, 160, f"160 {REASON}")
    assert result.low is not None
    assert result.high is not None
    # Wider than the interval of a size fixed beforehand, for one has looked four times.
    assert result.low < 0.74 < 0.76 < result.high
    assert found.replies == REPLIES


def test_what_is_never_settled_is_judged_whole_as_if_nobody_had_looked() -> None:
    assert in_batches(REPLIES, judged, settled=lambda outcome: False, batch=30, seed=3) == judged(range(200))
