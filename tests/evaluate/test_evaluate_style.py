"""Beside fidelity: likelihood of the author's text, words, classifier, another author as a control."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalsuite.evaluate import style
from evalsuite.evaluate.offline import OfflineJudge
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Prompt, Reply, Result, Sample
from evalsuite.spec.rubric import Rubric

ADAPTER = Adapter("mine", Path("mine"), "digest")
RUBRIC = Rubric.model_validate_json(
    """{"schema_version": 1, "name": "r", "criteria": [{"name": "so", "description": "ends",
    "anchors": {"1": "no", "5": "yes"}, "check": {"kind": "pattern", "must": ["^So: "]}}]}"""
)
SAMPLES = tuple(Sample(f"{i:03}", Prompt.user(f"Why {i}?"), "one two three four", group=None) for i in range(20))


def said(*texts: str, count: int = 40) -> tuple[Reply, ...]:
    """Replies to forty prompts, the texts in turn."""
    return tuple(Reply(f"{i:03}", f"Why {i}?", texts[i % len(texts)], "") for i in range(count))


def likelihood(prompt: Prompt, text: str, adapter: Adapter | None) -> float:
    """The author's text is likelier to the adapter, by half a nat a token, give or take."""
    number = int(prompt.shown.split()[1].rstrip("?"))
    return -(4.0 if adapter else 6.0) - 0.4 * (number % 5) * (1 if adapter else 1.5)


def figures(found: style.Outcome) -> dict[str, Result]:
    return {result.metric: result for result in found.results}


def test_the_authors_text_is_likelier_to_the_candidate() -> None:
    model = ScriptedModel(lambda prompt, adapter: "", likelihood)
    found = style.author_nll("style", SAMPLES, (model, ADAPTER), (model, None))
    [result], [change] = found.results, found.comparisons
    # Four tokens each: (4 + 0.4 k) / 4 and (6 + 0.6 k) / 4 with k = 0 ... 4.
    assert result.value == pytest.approx(1.2)
    assert result.low is not None
    assert result.high is not None
    assert result.low < 1.2 < result.high
    assert (change.metric, change.baseline, change.n) == ("style.author_nll", "base", 20)
    assert change.difference == pytest.approx(-0.6)
    assert change.low < -0.6 < change.high < 0
    assert result.detail == "nats a token, mean over answers; perplexity 3.32 over 80 tokens, the base's 6.05"
    assert found.scores[1].value == pytest.approx(1.1)


def test_an_author_who_says_nothing_has_no_likelihood() -> None:
    silent = tuple(Sample(s.id, s.prompt, "") for s in SAMPLES)
    model = ScriptedModel(lambda prompt, adapter: "", likelihood)
    [result] = style.author_nll("style", silent, (model, ADAPTER), (model, None)).results
    assert (result.value, result.reason) == (None, "no answer of the author's has a token")


def test_a_candidate_who_says_what_the_author_says_cannot_be_told_apart() -> None:
    author = said("because premise therefore so", "premise premise hence so")
    voices = style.Voices(author, said("maybe then", "perhaps then it is"), author)
    found = figures(style.words("style", voices, seed=1))
    delta, told = found["style.delta"], found["style.classifier_accuracy"]
    assert delta.value == 0.0
    assert (told.value, told.n) == (0.5, 40)
    assert told.low is not None
    assert told.low < 0.5
    assert told.detail is not None
    assert "base 1.00, guessing 0.50" in told.detail
    assert "few for Delta, which wants 2,000 and more" in (delta.detail or "")


def test_a_candidate_who_says_what_the_base_says_is_as_far_as_the_base() -> None:
    base = said("maybe then", "perhaps then it is")
    voices = style.Voices(base, base, said("because premise therefore so", "premise premise hence so"))
    outcome = style.words("style", voices, seed=1)
    found = figures(outcome)
    assert found["style.classifier_accuracy"].value == 1.0
    assert found["style.delta"].detail is not None
    assert f"base {found['style.delta'].value:.3f};" in found["style.delta"].detail
    # Nothing differs, so there is no interval to give.
    assert outcome.comparisons == ()


def test_prompts_in_one_group_cannot_be_split() -> None:
    replies = tuple(Reply(r.sample_id, r.prompt, r.text, "", "one group") for r in said("a few words"))
    found = figures(style.words("style", style.Voices(replies, replies, replies), seed=1))
    told = found["style.classifier_accuracy"]
    assert (told.value, told.reason) == (None, "1 documents; a split by document needs two or more in each set")
    assert found["style.delta"].reason == "1 prompts; the spread between answers needs two or more"


def test_another_author_is_graded_by_the_same_rubric() -> None:
    other = [Sample(f"{i}", Prompt.user("Why?"), "So: yes" if i < 5 else "I think") for i in range(20)]
    [result] = style.control("style", other, rubric=RUBRIC, judge=OfflineJudge(RUBRIC)).results
    assert (result.metric, result.value, result.n) == ("style.control", 0.25, 20)
    assert result.low is not None
    assert result.low < 0.25
