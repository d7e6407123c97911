"""Pairs beside the win rate: equal length, lengths, consistency between the orders, samples without an opponent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from evalsuite.evaluate.pairwise import pairs as pairwise
from evalsuite.records import Choice, Chosen, Item, Judgment, Outcome, Pair, Reply, Result
from evalsuite.spec.suite import Pairing

PAIRING = Pairing(name="duel", of="style", rubric="r", judge="j")


@dataclass
class FakeJudge:
    """Prefers what a function of question and both replies says."""

    choose: Callable[[str, str, str], Choice]

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        return [Judgment(None, "grades nothing") for _ in items]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        return [Chosen(self.choose(pair.question, pair.first, pair.second)) for pair in pairs]


def longer(question: str, first: str, second: str) -> Choice:
    """A judge who sees nothing but length."""
    return "first" if len(first) > len(second) else "second" if len(second) > len(first) else "tie"


def replies(lengths: Sequence[int], group: Callable[[int], str | None] = lambda _: None) -> list[Reply]:
    return [Reply(f"{i:03}", f"question {i}", "x" * n, "", group(i)) for i, n in enumerate(lengths)]


def met(judge: FakeJudge, ours: list[Reply], theirs: list[Reply]) -> Outcome:
    return pairwise.compare(lambda figure: PAIRING.metric(figure, "base"), ours, theirs, judge=judge, seed=5)


def figures(outcome: Outcome) -> dict[str, Result]:
    return {result.metric.removeprefix("duel."): result for result in outcome.results}


def mostly_longer(question: str, first: str, second: str) -> Choice:
    """The longer reply in five of six questions, the shorter one in the sixth."""
    chosen = longer(question, first, second)
    if int(question.split()[1]) % 6:
        return chosen
    return "second" if chosen == "first" else "first"


def test_a_judge_who_sees_only_length_leaves_nothing_at_equal_length() -> None:
    ours, theirs = replies([200 + 7 * (i % 11) for i in range(60)]), replies([140 + 9 * (i % 13) for i in range(60)])
    found = figures(met(FakeJudge(mostly_longer), ours, theirs))
    raw, fair = found["win_rate"], found["length_controlled"]
    assert raw.value is not None
    assert fair.value is not None
    assert fair.low is not None
    assert fair.high is not None
    assert fair.low < 0.5 < fair.high
    assert abs(fair.value - 0.5) < 0.1 < raw.value - 0.5
    assert fair.reason is not None
    assert "% at equal length" in fair.reason
    assert (fair.detail or "").startswith("without instruction difficulties, as none are known; weight of length -")


def test_a_judge_who_does_not_look_at_length_is_believed_at_any_length() -> None:
    ours, theirs = replies([100 + 7 * (i % 11) for i in range(60)]), replies([90 + 9 * (i % 13) for i in range(60)])
    ours_first = {reply.text for reply in ours}

    def seven_of_ten(question: str, first: str, second: str) -> Choice:
        wins = int(question.split()[1]) % 10 < 7
        return "first" if (first in ours_first and first != second) == wins else "second"

    distinct = [Reply(r.sample_id, r.prompt, "y" + r.text, "") for r in theirs]
    found = figures(met(FakeJudge(seven_of_ten), ours, distinct))
    assert found["win_rate"].value == pytest.approx(0.7)
    assert found["length_controlled"].value == pytest.approx(0.7, abs=0.05)
    assert found["length_controlled"].reason is None


def test_where_all_pairs_end_alike_length_explains_nothing() -> None:
    found = figures(met(FakeJudge(longer), replies([9] * 20), replies([5] * 20)))
    fair, raw = found["length_controlled"], found["win_rate"]
    assert (fair.value, fair.low, fair.high, fair.n) == (raw.value, raw.low, raw.high, 20)
    assert fair.detail == "all pairs ended alike, so length explains nothing: as judged"


def test_the_ratio_of_lengths_has_an_interval() -> None:
    found = figures(met(FakeJudge(longer), replies([150, 250] * 10), replies([100] * 20)))["length_ratio"]
    assert found.value == 2.0
    assert found.low is not None
    assert found.high is not None
    assert 1.7 < found.low < 2.0 < found.high < 2.3
    assert found.detail == "200 characters a reply, the opponent's 100"


def test_prompts_of_one_group_are_drawn_together() -> None:
    lengths, other = [150] * 10 + [250] * 10, [100] * 20
    alone = figures(met(FakeJudge(longer), replies(lengths), replies(other)))["length_ratio"]
    grouped = figures(met(FakeJudge(longer), replies(lengths, lambda i: str(i // 5)), replies(other)))["length_ratio"]
    assert alone.value == grouped.value
    assert alone.high is not None
    assert grouped.high is not None
    assert grouped.high > alone.high


def test_an_opponent_who_says_nothing_has_no_length_to_compare_with() -> None:
    found = figures(met(FakeJudge(longer), replies([5] * 4), replies([0] * 4)))["length_ratio"]
    assert (found.value, found.reason) == (None, "the opponent's replies are all empty")


def test_how_often_the_judge_says_the_same_in_both_orders() -> None:
    def first_for_some(question: str, first: str, second: str) -> Choice:
        return "first" if int(question.split()[1]) < 5 else longer(question, first, second)

    outcome = met(FakeJudge(first_for_some), replies([9] * 20), replies([5] * 20))
    found = figures(outcome)["position_consistency"]
    assert (found.value, found.n) == (0.75, 20)
    assert found.low is not None
    assert found.low < 0.75
    assert found.detail == "5 pairs to whoever stood first, 0 to whoever stood second"
    shaky = [s.sample_id for s in outcome.scores if s.metric == "duel.position_consistency" and s.value == 0]
    assert shaky == ["000", "001", "002", "003", "004"]


def test_what_the_opponent_did_not_answer_or_was_asked_otherwise_is_unscored() -> None:
    theirs = replies([5] * 4)
    theirs[1] = Reply("001", "another question", "xxxxx", "")
    outcome = met(FakeJudge(longer), replies([9] * 4), theirs[:3])
    found = figures(outcome)["win_rate"]
    assert (found.value, found.n, found.unscored) == (1.0, 2, 2)
    assert found.reason == "2 samples that the opponent did not answer"
    unscored = {s.sample_id: s.reason for s in outcome.scores if s.value is None}
    assert unscored == dict.fromkeys(("001", "003"), "the opponent has no answer to it")


def test_a_fit_that_finds_nothing_gives_no_rate_rather_than_a_half_that_is_certain() -> None:
    judge = FakeJudge(lambda question, first, second: "first" if int(question.split()[1]) % 2 else "second")
    ours = [Reply(f"{i:03}", f"question {i // 2}", "x" * (50 + i), "") for i in range(20)]
    theirs = [Reply(f"{i:03}", f"question {i // 2}", "y" * (50 + i), "") for i in range(20)]
    sided = FakeJudge(lambda q, first, second: judge.choose(str(q), "", "") if first[0] == "x" else _other(q))
    found = figures(met(sided, ours, theirs))
    assert found["win_rate"].value == 0.5
    assert found["length_controlled"].value is None
    assert found["length_controlled"].reason == "20 pairs are too few to tell the model from the length of its replies"


def _other(question: str) -> Choice:
    return "second" if int(question.split()[1]) % 2 else "first"


def test_a_single_pair_has_no_rate_at_equal_length() -> None:
    found = figures(met(FakeJudge(longer), replies([9]), replies([5])))["length_controlled"]
    assert (found.value, found.reason) == (None, "fewer than two judged pairs")


def test_metrics_name_the_opponent_only_where_there_are_several() -> None:
    several = PAIRING.model_copy(update={"against": ("base", "production")})
    assert PAIRING.metric("win_rate", "base").name == "duel.win_rate"
    assert several.metric("win_rate", "production").name == "duel.win_rate.production"
    assert PAIRING.metric("win_rate", "other-spec").name == "duel.win_rate.other-spec"


@pytest.mark.parametrize(
    ("against", "problem"),
    [
        ([], "at least 1"),
        (["base", "base"], "named twice"),
        (["base", {"answers": "data/Some File.jsonl"}], "add `name:`"),
        ([{"answers": "data/base.jsonl"}], "stands for something else"),
        ([{"answers": "a.jsonl"}, "a"], "named twice"),
        (["No Name"], "lower-case"),
    ],
)
def test_mistakes_in_against_are_told(against: list[object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Pairing.model_validate_json(
            json.dumps({"name": "d", "of": "s", "rubric": "r", "judge": "j", "against": against})
        )
