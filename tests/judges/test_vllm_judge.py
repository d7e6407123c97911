"""A real OpenAI-style server judges: vLLM with the quickstart's base, held to the rubric's schema."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

from evalsuite.judges.kinds.vllm import VllmJudge
from evalsuite.judges.llm_judge import LLMJudge
from evalsuite.models.checkpoints.base import find_base
from evalsuite.models.openai.endpoint_model import EndpointModel
from evalsuite.models.protocol import way_to
from evalsuite.models.vllm.own_server import PYTHON, ServerProcess
from evalsuite.records import Item, Pair
from evalsuite.spec.judging import JudgePrompt
from evalsuite.spec.rubric import Criterion, Rubric

# Short, for the quickstart's base has room for 512 tokens only.
PROMPT = JudgePrompt(
    grade="$rubric\nQ: $question\nA: $reply\n$form", prefer="$rubric\nQ: $question\nA: $first\nB: $second\n$form"
)
RUBRIC = Rubric(
    schema_version=1,
    name="short",
    criteria=(Criterion(name="form", description="Form.", anchors={"1": "Bad.", "5": "Good."}),),
)


@pytest.fixture(scope="module")
def judge():
    """A judge behind a vLLM server that runs for these tests."""
    if PYTHON not in os.environ and find_spec("vllm") is None:
        pytest.skip(f"no vLLM: `make test-vllm` installs it, or name a Python that has it in {PYTHON}")
    server = ServerProcess(find_base("quickstart", revision=None, dtype="float32"), rank=8)
    document = VllmJudge(
        schema_version=1,
        name="local",
        kind="vllm",
        endpoint=f"{server.url}/v1",
        model="base",
        temperature=0.9,
        max_tokens=160,
        # Several seeded draws at once end vLLM's engine on a processor ("CPU Generator does not use offset").
        max_in_flight=1,
    )
    yield LLMJudge(way_to(EndpointModel(document)), document, PROMPT, RUBRIC)
    server.stop()


@pytest.mark.slow
def test_a_real_server_grades_on_the_scale_or_says_why_not(judge):
    judgments = judge.grade([Item(f"What is {n} and 2?", f"{n + 2}") for n in range(12)])
    scored = [found.scores["form"] for found in judgments if found.scores is not None]
    assert scored
    assert all(1 <= score <= 5 for score in scored)
    # A model this small can lose itself in the reason; what it then says is no score, and the reason is told.
    assert all(found.reason for found in judgments if found.scores is None)


@pytest.mark.slow
def test_a_real_server_prefers_one_of_three(judge):
    chosen = judge.prefer([Pair(f"What is {n} and 2?", f"{n + 2}", "I do not know.") for n in range(12)])
    choices = [found.choice for found in chosen]
    assert set(choices) <= {"first", "second", "tie", None}
    assert set(choices) - {None}
