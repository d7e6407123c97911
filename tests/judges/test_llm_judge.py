"""Language models as judges: replies in JSON or none, asked again once, samples, probabilities, panels."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from evalsuite.judges.kinds.endpoint import EndpointJudge
from evalsuite.judges.kinds.offline import RubricChecks
from evalsuite.judges.kinds.panel import Panel
from evalsuite.judges.kinds.vllm import VllmJudge
from evalsuite.judges.llm_judge import LLMJudge
from evalsuite.judges.reply import PREFERENCE, read_reply, weighed
from evalsuite.records import Chosen, Completion, Item, Judgment, Pair, Prompt, Sampling, TokenChances, Usage, majority
from evalsuite.spec.checks import LengthCheck
from evalsuite.spec.judging import read_prompt
from evalsuite.spec.rubric import Criterion, Rubric

PROMPT = read_prompt(Path(__file__).resolve().parents[2] / "judges" / "prompts" / "default.md")
RUBRIC = Rubric(
    schema_version=1,
    name="r",
    criteria=(
        Criterion(name="form", description="Its form.", anchors={"1": "Bad.", "5": "Good."}),
        Criterion(name="sense", description="Its sense.", anchors={"0": "None.", "10": "Much."}, weight=3),
    ),
)
JUDGE = VllmJudge(schema_version=1, name="j", kind="vllm", model="m")


def verdict(form: Any = 4, sense: Any = 7) -> str:
    return json.dumps({"form": {"reason": "so", "score": form}, "sense": {"reason": "so", "score": sense}})


def said(text: str, **more: Any) -> Completion:
    return Completion(text, **{"tokens": 10, "prompt_tokens": 100, "finish": "stop", **more})


@dataclass
class Fake:
    """A way to a model that answers by a function of the prompt and how it is drawn; it remembers both."""

    answer: Callable[[Prompt, Sampling], Completion]
    asked: list[tuple[Prompt, Sampling]] = field(default_factory=list)

    def __call__(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        self.asked += [(prompt, sampling) for prompt in prompts]
        return [self.answer(prompt, sampling) for prompt in prompts]


def judge(model: Fake, **options: Any) -> LLMJudge:
    return LLMJudge(model, JUDGE.model_copy(update=options), PROMPT, RUBRIC)


ITEM = Item("Why does ice float?", "Because it is lighter.", "the author's own answer")


def test_a_judge_is_asked_with_the_rubric_the_marked_texts_and_the_schema_of_the_reply() -> None:
    model = Fake(lambda prompt, sampling: said(verdict()))
    assert judge(model).grade([ITEM]) == [Judgment({"form": 4.0, "sense": 7.0}, usage=Usage(1, 100, 10, 0.0))]
    ((prompt, sampling),) = model.asked
    for part in ("form (whole score from 1 to 5, weight 1): Its form.", "  10: Much.", ITEM.question, ITEM.reply):
        assert part in prompt.shown
    assert "the author's own answer" not in prompt.shown
    assert json.loads(sampling.response_schema or "") == RUBRIC.reply_schema()
    assert (sampling.temperature, sampling.max_tokens, sampling.top_logprobs) == (0.0, 1024, 0)


def test_the_same_item_is_asked_in_the_same_words_so_that_the_cache_can_answer() -> None:
    first, second = (Fake(lambda prompt, sampling: said(verdict())) for _ in range(2))
    judge(first).grade([ITEM])
    judge(second).grade([ITEM, Item("?", "other")])
    assert first.asked[0] == second.asked[0]


BROKEN = {
    "prose": said("I would say form is 4 and sense is 7."),
    "json after prose": said(f"Sure! {verdict()}"),
    "two verdicts": said(verdict() + verdict(5, 10)),
    "a key twice": said('{"form": {"reason": "", "score": 1, "score": 5}, "sense": {"reason": "", "score": 7}}'),
    "off the scale": said(verdict(sense=11)),
    "a fraction": said(verdict(form=4.5)),
    "a word": said(verdict(form="4")),
    "true": said(verdict(form=True)),
    "no reason": said('{"form": {"score": 4}, "sense": {"reason": "", "score": 7}}'),
    "a missing criterion": said('{"form": {"reason": "", "score": 4}}'),
    "one more": said(verdict()[:-1] + ', "overall": 5}'),
    "not a number": said('{"form": {"reason": "", "score": NaN}, "sense": {"reason": "", "score": 7}}'),
    "nothing": said(""),
    "cut off": said(verdict(), finish="length"),
    "refused": said(verdict(), finish="refused", reason="not with me"),
    "failed": said("", finish="failed", reason="connection lost"),
}


@pytest.mark.parametrize("completion", BROKEN.values(), ids=BROKEN)
def test_a_reply_that_cannot_be_used_is_asked_again_once_and_then_unscored_with_the_reason(
    completion: Completion,
) -> None:
    model = Fake(lambda prompt, sampling: completion)
    (judgment,) = judge(model).grade([ITEM])
    assert judgment.scores is None
    assert (judgment.reason or "").startswith("the judge")
    assert judgment.usage.calls == len(model.asked) == 2


@pytest.mark.parametrize("completion", BROKEN.values(), ids=BROKEN)
def test_the_second_answer_counts_when_it_can_be_used(completion: Completion) -> None:
    model = Fake(lambda prompt, sampling: completion if sampling.seed == 0 else said(verdict(2, 3)))
    other = Item("?", "fine")
    found = judge(model).grade([ITEM, other])
    assert [one.scores for one in found] == [{"form": 2.0, "sense": 3.0}] * 2
    first, again = model.asked[0], model.asked[2]
    assert first[0] != again[0], "a greedy model asked in the same words would answer the same"
    assert (again[1].seed, again[1].max_tokens) == (1_000_000, 2048)


def test_only_what_could_not_be_used_is_asked_again() -> None:
    model = Fake(lambda prompt, sampling: said("hm" if ITEM.reply in prompt.shown and not sampling.seed else verdict()))
    judge(model).grade([Item("?", f"fine {number}") for number in range(9)] + [ITEM])
    assert len(model.asked) == 11


def test_a_fence_around_the_whole_reply_is_no_prose() -> None:
    model = Fake(lambda prompt, sampling: said(f"```json\n{verdict()}\n```"))
    assert judge(model).grade([ITEM])[0].scores == {"form": 4.0, "sense": 7.0}


def test_several_samples_of_one_item_are_averaged_and_those_without_an_answer_left_out() -> None:
    texts = {0: verdict(1, 0), 1: verdict(5, 10), 2: "hm", 1_000_002: "hm"}
    model = Fake(lambda prompt, sampling: said(texts[sampling.seed]))
    (judgment,) = judge(model, samples=3, temperature=1.0).grade([ITEM])
    assert (judgment.scores, judgment.usage.calls) == ({"form": 3.0, "sense": 5.0}, 4)


def test_a_repeat_asks_with_other_seeds() -> None:
    model = Fake(lambda prompt, sampling: said(verdict()))
    for repeat in range(2):
        replace(judge(model), repeat=repeat).grade([ITEM])
    assert [sampling.seed for _, sampling in model.asked] == [0, 1000]


def test_money_is_counted_by_the_judges_prices() -> None:
    paid = EndpointJudge(
        schema_version=1, name="j", kind="endpoint", endpoint="http://x/v1", model="m", prompt_price=2.0,
        completion_price=8.0,
    )  # fmt: skip
    found = LLMJudge(Fake(lambda prompt, sampling: said(verdict())), paid, PROMPT, RUBRIC).grade([ITEM])
    assert found[0].usage.money == pytest.approx((100 * 2 + 10 * 8) / 1e6)


def test_a_preference_is_what_most_samples_choose() -> None:
    words = {0: "first", 1: "second", 2: "first"}
    model = Fake(lambda prompt, sampling: said(json.dumps({"reason": "so", "better": words[sampling.seed]})))
    pair = Pair("?", "Ice floats.", "Ice sinks.")
    assert judge(model, samples=3, temperature=1.0).prefer([pair])[0].choice == "first"
    shown = model.asked[0][0].shown
    assert shown.index("Ice floats.") < shown.index("Ice sinks.")


def test_a_preference_that_is_none_of_the_three_words_is_none() -> None:
    model = Fake(lambda prompt, sampling: said('{"reason": "so", "better": "A"}'))
    (chosen,) = judge(model).prefer([Pair("?", "one", "two")])
    assert chosen.choice is None
    assert "breaks its schema: better" in (chosen.reason or "")


def spelled(text: str, chances: dict[int, dict[str, float]]) -> Completion:
    """The text one character a token, with alternatives at some places."""
    tokens = tuple(
        TokenChances(letter, tuple((word, math.log(p)) for word, p in chances.get(place, {letter: 1.0}).items()))
        for place, letter in enumerate(text)
    )
    return said(text, chances=tokens)


def test_a_score_is_weighed_by_the_probabilities_of_its_alternatives() -> None:
    # Worked by hand: p(1..5) = (.02, .08, .25, .45, .20) gives 3.73.
    text = verdict(4, 7)
    place = text.index("4")
    completion = spelled(text, {place: {"1": 0.02, "2": 0.08, "3": 0.25, "4": 0.45, "5": 0.20}})
    assert weighed(completion, RUBRIC) == {"form": pytest.approx(3.73), "sense": 7.0}


def test_what_stands_beside_the_scale_has_no_weight() -> None:
    text = verdict(4, 7)
    completion = spelled(text, {text.index("4"): {"4": 0.3, "5": 0.1, "9": 0.4, "four": 0.1, '"': 0.1}})
    assert weighed(completion, RUBRIC)["form"] == pytest.approx((4 * 0.3 + 5 * 0.1) / 0.4)


def test_a_score_of_two_tokens_or_the_beginning_of_another_is_taken_as_it_is_written() -> None:
    for sense in (10, 1):
        assert set(weighed(spelled(verdict(4, sense), {}), RUBRIC)) == {"form"}


def test_scores_in_the_reasons_are_no_scores() -> None:
    text = '{"form": {"reason": "\\"score\\": 1 or {5}", "score": 4}, "sense": {"reason": "score: 2", "score": 7}}'
    assert weighed(spelled(text, {}), RUBRIC) == {"form": 4.0, "sense": 7.0}


def test_probabilities_that_do_not_spell_the_reply_are_not_used() -> None:
    completion = spelled(verdict(4, 7), {})
    assert weighed(replace(completion, chances=completion.chances[3:]), RUBRIC) == {}
    assert weighed(replace(completion, chances=()), RUBRIC) == {}


def test_a_judge_gives_the_weighed_score_where_there_are_probabilities() -> None:
    text = verdict(4, 7)
    completion = spelled(text, {text.index("4"): {"4": 0.5, "5": 0.5}})
    assert judge(Fake(lambda prompt, sampling: completion)).grade([ITEM])[0].scores == {"form": 4.5, "sense": 7.0}


@dataclass
class Sure:
    """A judge that always says the same."""

    score: int | None
    choice: Any

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        scores = None if self.score is None else {"form": self.score, "sense": 2 * self.score}
        return [Judgment(scores, "silence", Usage(1)) for _ in items]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        return [Chosen(self.choice, "silence", Usage(1)) for _ in pairs]


def test_a_panel_gives_the_mean_score_and_says_how_far_its_members_are_apart() -> None:
    (judgment,) = Panel((Sure(1, None), Sure(5, None)), RUBRIC).grade([ITEM])
    assert judgment == Judgment({"form": 3.0, "sense": 6.0}, usage=Usage(2), disagreement=pytest.approx(0.85))


@pytest.mark.parametrize(
    ("votes", "choice", "disagreement"),
    [
        (["first", "first", "second"], "first", 1 / 3),
        (["first", "second"], "tie", 1.0),
        (["tie", "tie", "second"], "tie", 1 / 3),
        (["first", None, "first"], "first", 0.0),
        (["second", None], "second", None),
    ],
)
def test_a_panel_prefers_what_most_say(votes: list[Any], choice: str, disagreement: float | None) -> None:
    (chosen,) = Panel(tuple(Sure(1, vote) for vote in votes), RUBRIC).prefer([Pair("?", "a", "b")])
    assert (chosen.choice, chosen.disagreement) == (choice, disagreement)


def test_a_panel_of_silent_judges_is_silent() -> None:
    panel = Panel((Sure(None, None), Sure(None, None)), RUBRIC)
    assert panel.grade([ITEM])[0].reason == panel.prefer([Pair("?", "a", "b")])[0].reason
    assert panel.grade([ITEM])[0].reason == "no judge of the panel: silence"


def test_rules_and_models_can_sit_on_one_panel() -> None:
    checked = RUBRIC.model_copy(
        update={
            "criteria": tuple(
                item.model_copy(update={"check": LengthCheck(kind="length", at_most=3)}) for item in RUBRIC.criteria
            )
        }
    )
    panel = Panel((RubricChecks(checked), Sure(1, "second")), checked)
    assert panel.grade([Item("?", "brief")])[0].scores == {"form": 3.0, "sense": 6.0}


def test_the_majority_needs_more_votes_than_any_other() -> None:
    assert majority(["first", "second", "tie"]) == "tie"


def test_a_reason_of_a_broken_reply_is_short_enough_to_be_stored() -> None:
    read = read_reply(said(json.dumps({"reason": "x", "better": "y" * 10_000})), PREFERENCE)
    assert read.value is None
    assert len(read.reason or "") < 300
