"""The endpoint backend against a real server on the loopback."""

from __future__ import annotations

import json

import pytest
from endpoint_server import Behaviour, serving

from evalsuite.errors import ModelError
from evalsuite.models.endpoint import EndpointModel
from evalsuite.records import Completion, LogLikelihood, Message, Prompt, Sampling, TokenChances
from evalsuite.spec.endpoint import Endpoint


def endpoint(server, **changes):
    return Endpoint.model_validate({"endpoint": server.url, "model": "m", **changes})


def questions(count):
    return [Prompt.user(f"question {number}") for number in range(count)]


def texts(completions):
    return [completion.text for completion in completions]


def test_replies_come_in_the_order_of_their_prompts_many_at_a_time():
    with serving(Behaviour(latency=0.05)) as server:
        found = EndpointModel(endpoint(server, max_in_flight=8)).generate(questions(40), sampling=Sampling())
    assert texts(found) == [f"reply to question {number}" for number in range(40)]
    assert found[0] == Completion("reply to question 0", 4, 2, "stop")
    assert server.most_in_flight == 8


def test_messages_go_to_chat_with_all_that_sampling_says():
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}}
    sampling = Sampling(9, 0.5, seed=4, stop=("\n",), response_schema=json.dumps(schema), top_logprobs=2)
    prompt = Prompt((Message("system", "Be brief."), Message("user", "Why?")))
    with serving() as server:
        found = EndpointModel(endpoint(server)).generate([prompt], sampling=sampling)
    assert [asked.path for asked in server.asked] == ["/v1/chat/completions"]
    assert server.asked[0].body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 4,
        "stop": ["\n"],
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}},
    }
    assert found[0].chances == (TokenChances("reply to Why?", (("1", -1.0), ("2", -2.0))),)


def test_raw_text_goes_to_completions_and_the_documents_own_parameters_win():
    own = {"temperature": None, "reasoning_effort": "low"}
    with serving() as server:
        model = EndpointModel(endpoint(server, limit_field="max_completion_tokens", parameters=own))
        found = model.generate([Prompt.raw("Once upon")], sampling=Sampling(max_tokens=5))
    assert texts(found) == ["reply to Once upon"]
    assert [asked.path for asked in server.asked] == ["/v1/completions"]
    assert server.asked[0].body == {
        "model": "m", "prompt": "Once upon", "max_completion_tokens": 5, "reasoning_effort": "low",
    }  # fmt: skip


def test_every_trouble_that_may_heal_heals_and_no_answer_is_asked_for_twice():
    script = ["429", "500", "malformed", "reset", "shapeless", "500", "reset"]
    with serving(Behaviour(script=list(script))) as server:
        found = EndpointModel(endpoint(server)).generate(questions(20), sampling=Sampling())
    assert texts(found) == [f"reply to question {number}" for number in range(20)]
    assert server.outcomes() == {"ok": 20, "429": 1, "500": 2, "malformed": 1, "reset": 2, "shapeless": 1}
    assert set(server.answered().values()) == {1}


def test_a_call_that_fails_each_time_is_a_failed_completion_with_the_last_reason():
    with serving(Behaviour(script=["500", "500", "ok"])) as server:
        model = EndpointModel(endpoint(server, max_attempts=2, max_in_flight=1))
        found = model.generate(questions(2), sampling=Sampling())
    assert found == [
        Completion("", 0, 0, "failed", reason="status 500 (planned 500), after 2 attempts"),
        Completion("reply to question 1", 4, 2, "stop"),
    ]


def test_likelihoods_are_those_of_the_options_own_tokens():
    with serving() as server:
        found = EndpointModel(endpoint(server)).choices([Prompt.raw("The cat sat on")], [(" a mat", " the red roof")])
    assert found == [(LogLikelihood(-6.0, 2), LogLikelihood(-13.0, 3))]
    assert {asked.body["prompt"] for asked in server.asked} == {"The cat sat on a mat", "The cat sat on the red roof"}
    assert server.asked[0].body["echo"] is True


def test_a_key_that_is_not_there_is_one_named_error_before_anything_is_asked(monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    with serving() as server, pytest.raises(ModelError, match="environment variable MY_KEY with its key is not set"):
        EndpointModel(endpoint(server, api_key_env="MY_KEY")).generate(questions(3), sampling=Sampling())
    assert server.asked == []
