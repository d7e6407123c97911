"""Judging: rubric checks, the offline judge, pairs in both orders."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.evaluate.pairwise import pairs as pairwise
from evalsuite.evaluate.pairwise.pairs import preference
from evalsuite.evaluate.scoring import judged
from evalsuite.judges.kinds.offline import RubricChecks
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Choice, Chosen, Item, Judgment, Pair, Prompt, Reply, Sample, Sampling, Score
from evalsuite.spec.rubric import (
    Criterion,
    JsonSchemaCheck,
    LengthCheck,
    NumericCheck,
    PatternCheck,
    Rubric,
    SectionsCheck,
)
from evalsuite.spec.suite import JudgedSet, Pairing

BRIEF = LengthCheck(kind="length", at_most=3)
HEADED = SectionsCheck(kind="sections", in_order=("Because", "So:"))


def criterion(name: str, check: Any, *, weight: float = 1.0, anchors: tuple[int, int] = (1, 5)) -> Criterion:
    low, high = anchors
    return Criterion(name=name, description="d", weight=weight, anchors={str(low): "a", str(high): "b"}, check=check)


def rubric(*criteria: Criterion) -> Rubric:
    return Rubric(schema_version=1, name="r", criteria=criteria)


RUBRIC = rubric(criterion("form", HEADED, weight=3), criterion("brief", BRIEF, anchors=(0, 1)))


def reply(number: int, text: str, group: str | None = None) -> Reply:
    return Reply(str(number), f"question {number}", text, "", group)


def grade(judge: RubricChecks, text: str, question: str = "?") -> Judgment:
    (judgment,) = judge.grade([Item(question, text)])
    return judgment


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Because x.\nSo: y", 1.0),
        ("  Because x.\n\tSo: y", 1.0),
        ("So: y\nBecause x.", 0.5),
        ("So: y", 0.5),
        ("I say Because\nand So: too", 0.0),
        ("", 0.0),
        ("Because\n\n\nSo: y\nSo: z", 1.0),
        ("Because So:", 0.5),
    ],
)
def test_sections_count_in_order_each_at_the_start_of_a_line(text: str, share: float) -> None:
    assert HEADED.share(text) == share


def test_a_heading_is_taken_literally() -> None:
    assert SectionsCheck(kind="sections", in_order=("(1) [a]*",)).share("(1) [a]* b") == 1.0


@pytest.mark.parametrize(
    ("text", "share"), [("", 0.0), ("one", 0.0), ("one two", 1.0), ("a b\n\tc", 1.0), ("a b c d", 0.0)]
)
def test_length_is_counted_in_words(text: str, share: float) -> None:
    assert LengthCheck(kind="length", at_least=2, at_most=3).share(text) == share


@pytest.mark.parametrize(
    ("text", "share"),
    [("Because x\nSo: y", 1.0), ("Because x", 0.0), ("Because x\nSo: y, as an AI", 0.0), ("so: y", 0.0)],
)
def test_a_pattern_wants_every_must_and_no_must_not(text: str, share: float) -> None:
    check = PatternCheck(kind="pattern", must=("^Because", "^So: "), must_not=("(?i)as an ai",))
    assert check.share(text) == share


def test_an_expression_that_finds_no_end_leaves_the_reply_unscored_with_the_reason() -> None:
    judge = RubricChecks(rubric(criterion("c", PatternCheck(kind="pattern", must=("(a|aa)+$",)))))
    started = time.process_time()
    judgment = grade(judge, "a" * 60 + "!")
    assert time.process_time() - started < 5
    assert judgment == Judgment(None, "the expression '(a|aa)+$' took more than 1 s on one reply")


@pytest.mark.slow
def test_a_pair_with_such_a_reply_has_no_preference() -> None:
    judge = RubricChecks(rubric(criterion("c", PatternCheck(kind="pattern", must=("(a|aa)+$",)))))
    assert judge.prefer([Pair("?", "a", "a" * 60 + "!")])[0].choice is None


@pytest.mark.parametrize("text", ["\n" * 50_000, " " * 50_000, "Because" * 20_000, "\n \n" * 20_000])
def test_checks_of_a_very_long_reply_end_soon(text: str) -> None:
    started = time.process_time()
    for check in (HEADED, BRIEF, PatternCheck(kind="pattern", must=("^So: ",), must_not=("x$",))):
        check.share(text)
    assert time.process_time() - started < 2


@given(st.text())
def test_every_check_of_any_reply_is_a_share(text: str) -> None:
    checks = (HEADED, BRIEF, PatternCheck(kind="pattern", must=(r"\w+",)))
    assert all(0 <= check.share(text) <= 1 for check in checks)


def test_shares_become_scores_between_the_anchors_and_scores_become_one_number() -> None:
    judge = RubricChecks(RUBRIC)
    assert grade(judge, "Because x.\nSo: y") == Judgment({"form": 5, "brief": 0})
    assert grade(judge, "So: y") == Judgment({"form": 3, "brief": 1})
    assert RUBRIC.normalised({"form": 3, "brief": 1}) == {"form": 0.5, "brief": 1.0}
    assert RUBRIC.overall({"form": 3, "brief": 1}) == (3 * 0.5 + 1 * 1.0) / 4
    assert RUBRIC.overall({"form": 5, "brief": 1}) == 1.0
    assert RUBRIC.overall({"form": 1, "brief": 0}) == 0.0


def test_the_question_plays_no_part_for_the_offline_judge() -> None:
    assert grade(RubricChecks(RUBRIC), "So: y", "a") == grade(RubricChecks(RUBRIC), "So: y", "b")


def test_the_offline_judge_prefers_the_higher_score_whichever_comes_first() -> None:
    judge, good, bad = RubricChecks(RUBRIC), "Because x\nSo: y", "nothing"
    chosen = judge.prefer([Pair("?", good, bad), Pair("?", bad, good), Pair("?", good, good)])
    assert [one.choice for one in chosen] == ["first", "second", "tie"]


def test_a_reply_schema_wants_a_score_on_the_scale_and_a_reason_for_each_criterion() -> None:
    from jsonschema import Draft202012Validator

    check = Draft202012Validator(RUBRIC.reply_schema())
    good = {"form": {"reason": "x", "score": 5}, "brief": {"reason": "y", "score": 0}}
    assert check.is_valid(good)
    for wrong in (
        {"score": 6, "reason": "x"},
        {"score": 5},
        {"score": "5", "reason": "x"},
        {"score": 1.5, "reason": ""},
    ):
        assert not check.is_valid({**good, "form": wrong})
    assert not check.is_valid({"form": good["form"]})
    assert not check.is_valid({**good, "other": good["form"]})


def test_a_judged_set_is_scored_overall_and_by_criterion() -> None:
    entry = JudgedSet(name="style", data="x", rubric="r", judge="offline")
    samples = [Sample(str(number), Prompt.user(f"question {number}"), "So: own") for number in range(2)]
    model = ScriptedModel(lambda prompt, adapter: "Because x\nSo: y" if prompt.shown.endswith("0") else "no")
    given = judged.replies(samples, Sampling(), model=model, adapter=None)
    outcome = judged.score(entry, samples, given, rubric=RUBRIC, judge=RubricChecks(RUBRIC))
    assert outcome.scores == (
        Score("0", "style.score", 0.75),
        Score("0", "style.score.form", 1.0),
        Score("0", "style.score.brief", 0.0),
        Score("1", "style.score", 0.25),
        Score("1", "style.score.form", 0.0),
        Score("1", "style.score.brief", 1.0),
    )
    assert [(found.metric, found.value, found.n) for found in outcome.results] == [
        ("style.score", 0.5, 2),
        ("style.score.form", 0.5, 2),
        ("style.score.brief", 0.5, 2),
    ]


PERSON = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ('{"name": "Ada"}', 1.0),
        ('```json\n{"name": "Ada"}\n```', 1.0),
        ('{"name": 1}', 0.0),
        ('{"name": "Ada"} and more', 0.0),
        ("Ada", 0.0),
        ("[" * 100_000, 0.0),
    ],
)
def test_a_json_schema_check_wants_json_alone(text: str, share: float) -> None:
    assert JsonSchemaCheck(kind="json_schema", schema=PERSON).share(text) == share


@pytest.mark.parametrize("schema", [{"type": "person"}, {"$ref": "https://example.org/x"}, {"items": [{"$ref": "x"}]}])
def test_a_schema_that_is_none_or_leads_elsewhere_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not a JSON Schema|refers to another"):
        JsonSchemaCheck(kind="json_schema", schema=schema)


@pytest.mark.parametrize(
    ("text", "reference", "share"),
    [
        ("First 3, then 1,234.5.", "so 1234.5", 1.0),
        ("It is -7", "-7", 1.0),
        ("It is 7", "-7", 0.0),
        ("no number", "7", 0.0),
        ("7", "", 0.0),
        ("v2 has 7 parts in 2nd place", "7", 1.0),
    ],
)
def test_a_numeric_check_compares_the_last_numbers(text: str, reference: str, share: float) -> None:
    assert NumericCheck(kind="numeric").share(text, reference) == share


def test_a_numeric_check_can_name_its_number_and_allow_a_tolerance() -> None:
    check = NumericCheck(kind="numeric", equals=3.14, tolerance=0.01)
    assert [check.share(text, "9") for text in ("3.145", "3.2")] == [1.0, 0.0]


def test_the_authors_own_answers_are_replies_like_any_other() -> None:
    sample = Sample("0", Prompt.user("why?"), "So: own", group="g")
    assert judged.author_replies([sample]) == (Reply("0", "why?", "So: own", "So: own", "g"),)


@pytest.mark.parametrize(
    ("forward", "backward", "outcome"),
    [
        ("first", "second", 1.0), ("second", "first", 0.0), ("tie", "tie", 0.5),
        ("first", "first", 0.5), ("second", "second", 0.5), ("first", "tie", 0.5),
        ("tie", "first", 0.5), ("second", "tie", 0.5), ("tie", "second", 0.5),
    ],
)  # fmt: skip
def test_a_preference_needs_both_orders(forward: Choice, backward: Choice, outcome: float) -> None:
    assert preference(forward, backward) == outcome


@dataclass
class FakeJudge:
    """Prefers what a function says; grades nothing."""

    choose: Callable[[str, str], Choice | None]

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        return [Judgment(None, "grades nothing") for _ in items]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        return [Chosen(self.choose(pair.first, pair.second), "silence") for pair in pairs]


PAIRING = Pairing(name="duel", of="style", rubric="r", judge="offline")


def duel(judge: Any, ours: list[Reply], theirs: list[Reply]) -> Any:
    """The outcome with the scores and the result of the win rate only; the other figures have tests of their own."""
    found = pairwise.compare(lambda figure: PAIRING.metric(figure, "base"), ours, theirs, judge=judge, seed=0)
    kept = [of for of in found.scores if of.metric == "duel.win_rate"]
    return replace(found, scores=tuple(kept), results=tuple(r for r in found.results if r.metric == "duel.win_rate"))


@pytest.mark.parametrize("position", ["first", "second"])
def test_a_judge_that_favours_a_position_gives_ties_only(position: Choice) -> None:
    ours, theirs = ([reply(number, text) for number in range(12)] for text in ("a", "b"))
    outcome = duel(FakeJudge(lambda first, second: position), ours, theirs)
    assert {score.value for score in outcome.scores} == {0.5}
    (result,) = outcome.results
    assert (result.metric, result.value, result.n) == ("duel.win_rate", 0.5, 12)
    assert result.detail == "0 won, 12 tied, 0 lost; 12 pairs changed with the order"


def test_a_judge_that_looks_at_the_replies_gives_wins_and_losses() -> None:
    ours = [reply(number, "long reply" if number < 9 else "") for number in range(12)]
    theirs = [reply(number, "reply") for number in range(12)]

    def longer(first: str, second: str) -> Choice:
        return "first" if len(first) > len(second) else "second"

    outcome = duel(FakeJudge(longer), ours, theirs)
    (result,) = outcome.results
    assert (result.value, result.detail) == (0.75, "9 won, 0 tied, 3 lost; 0 pairs changed with the order")
    assert result.low < 0.75 < result.high
    assert outcome.replies[0] == Reply("0", "question 0", "long reply", "reply")


def test_a_pair_without_a_usable_preference_is_unscored_not_a_tie() -> None:
    ours, theirs = ([reply(number, text) for number in range(4)] for text in ("a", "b"))
    answers = iter(["first", None, "first", "first", "second", "first", None, "second"])
    outcome = duel(FakeJudge(lambda first, second: next(answers)), ours, theirs)  # type: ignore[arg-type]
    assert [score.value for score in outcome.scores] == [1.0, None, None, 1.0]
    (result,) = outcome.results
    assert (result.n, result.unscored, result.reason) == (2, 2, "2 pairs without a usable preference")


def test_no_usable_preference_at_all_is_no_value() -> None:
    outcome = duel(FakeJudge(lambda first, second: None), [reply(0, "a")], [reply(0, "b")])
    assert (outcome.results[0].value, outcome.results[0].n, outcome.results[0].unscored) == (None, 0, 1)


def test_several_prompts_of_one_question_are_one_question() -> None:
    ours = [reply(number, "a" if number < 6 else "", group="ab"[number // 6]) for number in range(12)]
    alone = [reply(number, "a" if number < 6 else "") for number in range(12)]
    theirs = [reply(number, "b") for number in range(12)]
    judge = FakeJudge(lambda first, second: "first" if (first == "a") or (second == "") else "second")
    grouped, single = duel(judge, ours, theirs).results[0], duel(judge, alone, theirs).results[0]
    assert grouped.value == single.value == 0.5
    assert grouped.high - grouped.low > single.high - single.low


def test_the_offline_judge_is_consistent_between_the_orders() -> None:
    ours, theirs = [reply(0, "Because x\nSo: y"), reply(1, "same")], [reply(0, "nothing"), reply(1, "same")]
    outcome = duel(RubricChecks(RUBRIC), ours, theirs)
    assert [score.value for score in outcome.scores] == [1.0, 0.5]
    assert outcome.results[0].detail == "1 won, 1 tied, 0 lost; 0 pairs changed with the order"
