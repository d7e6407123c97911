"""The endpoint backend against a real server on the loopback."""

from __future__ import annotations

import asyncio
import json
import re
import time
from itertools import pairwise

import pytest
from endpoint_server import Behaviour, serving

from evalsuite.errors import BudgetSpent, ModelError
from evalsuite.models.openai.calls import Meter, Pace
from evalsuite.models.openai.endpoint_model import EndpointModel, endpoint_digest
from evalsuite.records import Adapter, Completion, LogLikelihood, Message, Prompt, Sampling, TokenChances
from evalsuite.spec.models import Endpoint


def endpoint(server, **changes):
    return Endpoint.model_validate({"endpoint": server.url, "model": "m", **changes})


def questions(count):
    return [Prompt.user(f"question {number}") for number in range(count)]


def texts(completions):
    return [completion.text for completion in completions]


def gather(batches, arrived):
    for batch in batches:
        arrived.update(batch)


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


def test_the_servers_limit_per_minute_is_never_met():
    # A busy machine may hold a call up on its way; ours leaves twice the server's time.
    minute = 0.4
    with serving(Behaviour(requests_per_minute=10, minute=minute)) as server:
        model = EndpointModel(endpoint(server), pace=Pace(10, minute=2 * minute))
        began = time.monotonic()
        model.generate(questions(13), sampling=Sampling())
        model.generate(questions(12), sampling=Sampling())
    assert server.outcomes() == {"ok": 25}
    assert time.monotonic() - began >= 4 * minute


def test_a_server_that_says_when_to_come_back_is_not_asked_before_and_no_attempt_is_used_up():
    with serving(Behaviour(script=["429", "429"], retry_after="0.3")) as server:
        found = EndpointModel(endpoint(server, max_attempts=1)).generate(questions(1), sampling=Sampling())
    times = [asked.at for asked in server.asked]
    assert texts(found) == ["reply to question 0"]
    assert all(later - earlier >= 0.3 for earlier, later in pairwise(times))


def test_an_attempt_without_an_answer_ends_at_its_timeout_and_may_have_cost_its_worst():
    meter = Meter(limit=1.0)
    with serving(Behaviour(script=["hang"])) as server:
        priced = endpoint(server, timeout=0.2, prompt_price=0, completion_price=1_000)
        found = EndpointModel(priced, meter=meter).generate(questions(1), sampling=Sampling(max_tokens=100))
    assert texts(found) == ["reply to question 0"]
    assert server.outcomes() == {"hang": 1, "ok": 1}
    assert (meter.spent, meter.doubtful) == (pytest.approx(4 / 1000), pytest.approx(100 / 1000))


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("401", {}, r"does not accept the key in MY_KEY; check it"),
        ("404", {}, r"is not there; check `endpoint` \(often it ends with /v1\) and `model`"),
        ("400", {"message": "temperature must be 1"}, r"or `parameters` \(status 400: temperature must be 1\)"),
        ("429", {"code": "insufficient_quota"}, r"the account's quota is used up"),
        ("400", {"message": "bad key secret-123"}, r"bad key \*\*\*"),
    ],
)
def test_what_cannot_heal_is_one_error_that_names_the_endpoint_and_is_not_tried_again(monkeypatch, status, error, said):
    monkeypatch.setenv("MY_KEY", "secret-123")
    with serving(Behaviour(script=[status] * 500, error=error, latency=0.01)) as server:
        model = EndpointModel(endpoint(server, api_key_env="MY_KEY", max_in_flight=4))
        with pytest.raises(ModelError, match=said) as raised:
            model.generate(questions(200), sampling=Sampling())
        assert server.url in str(raised.value)
    assert "secret-123" not in str(raised.value)
    assert len(server.asked) <= 4


def test_the_key_goes_to_the_server_and_to_nobody_else(monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret-123")
    monkeypatch.setenv("OPENAI_API_KEY", "of-another-server")
    monkeypatch.setenv("OPENAI_ORG_ID", "of-another-server")
    with serving(Behaviour(key="secret-123")) as server:
        keyed = endpoint(server, api_key_env="MY_KEY")
        EndpointModel(keyed).generate(questions(1), sampling=Sampling())
        with pytest.raises(ModelError, match="wants a key; name the environment variable"):
            EndpointModel(endpoint(server)).generate(questions(1), sampling=Sampling())
    assert [asked.authorization for asked in server.asked] == ["Bearer secret-123", None]
    assert endpoint_digest(keyed) == endpoint_digest(endpoint(server))


def test_a_server_that_is_not_there_is_said_at_once():
    with serving() as server:
        gone = endpoint(server, max_attempts=2)
    with pytest.raises(ModelError, match=r"no connection.*is the server running, and is the URL right"):
        EndpointModel(gone).generate(questions(100), sampling=Sampling())


def test_a_server_that_breaks_down_is_not_asked_for_all_the_rest():
    with serving(Behaviour(script=["ok"] * 5 + ["500"] * 500)) as server:
        model = EndpointModel(endpoint(server, max_attempts=1, max_in_flight=2))
        arrived = {}
        with pytest.raises(ModelError, match="10 calls in a row failed, the last with: status 500"):
            gather(model.completions(questions(100), sampling=Sampling()), arrived)
    assert [arrived[place].text for place in range(5)] == [f"reply to question {place}" for place in range(5)]
    assert len(server.asked) <= 17


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"refusal": "I cannot."}, Completion("", 4, 2, "refused", reason="I cannot.")),
        (
            {"finish": "content_filter"},
            Completion("reply to question 0", 4, 2, "refused", reason="the server's content filter"),
        ),
        (
            {"script": ["400"], "error": {"code": "content_filter", "message": "filtered"}},
            Completion("", 0, 0, "refused", reason="filtered"),
        ),
        ({"finish": "length"}, Completion("reply to question 0", 4, 2, "length")),
    ],
)
def test_how_a_reply_ended_is_told(behaviour, expected):
    with serving(Behaviour(**behaviour)) as server:
        found = EndpointModel(endpoint(server)).generate(questions(1), sampling=Sampling())
    assert found == [expected]


def test_another_model_than_the_wanted_one_is_refused():
    with serving(Behaviour(model="m-2026-06-01")) as server:
        EndpointModel(endpoint(server, reported_model="m-2026-06-01")).generate(questions(1), sampling=Sampling())
        with pytest.raises(ModelError, match="'m-2026-06-01' has answered, `reported_model` wants 'm-2026-01-01'"):
            EndpointModel(endpoint(server, reported_model="m-2026-01-01")).generate(questions(1), sampling=Sampling())


def test_money_stops_before_the_limit_even_if_every_call_under_way_came_to_its_worst():
    meter = Meter(limit=0.05)
    with serving(Behaviour(latency=0.01)) as server:
        # Four tokens of a reply cost 0.004, but up to ten are allowed.
        priced = endpoint(server, prompt_price=0, completion_price=1_000, max_in_flight=8)
        arrived = {}
        batches = EndpointModel(priced, meter=meter).completions(questions(100), sampling=Sampling(max_tokens=10))
        with pytest.raises(BudgetSpent, match=r"of 100 calls were not made: 1\d calls, .*a higher --max-cost goes on"):
            gather(batches, arrived)
    assert len(arrived) == meter.calls == len(server.asked)
    # Not a call too early either: one more at its worst would have passed the limit.
    assert 0.05 - 0.010 < meter.spent <= 0.05


def test_a_limit_on_money_needs_prices_and_an_adapter_has_no_place():
    with serving() as server:
        model = EndpointModel(endpoint(server), meter=Meter(limit=1.0))
        with pytest.raises(ModelError, match="has no price, so that --max-cost cannot be kept"):
            model.generate(questions(1), sampling=Sampling())
        with pytest.raises(ModelError, match="no adapter can be put on a model behind an endpoint"):
            model.generate(questions(1), sampling=Sampling(), adapter=Adapter("mine", None, "x"))
        with pytest.raises(ModelError, match="ask this benchmark in raw text, or for a generated letter"):
            EndpointModel(endpoint(server)).choices(questions(1), [("a", "b")])
    assert server.asked == []


def test_who_stops_listening_stops_the_asking():
    with serving(Behaviour(latency=0.05)) as server:
        batches = EndpointModel(endpoint(server, max_in_flight=4)).completions(questions(400), sampling=Sampling())
        assert len(next(batches)) < 100
        batches.close()
        asked = len(server.asked)
        time.sleep(0.2)
        assert len(server.asked) == asked < 100


def test_it_works_where_a_loop_is_running_already():
    async def notebook(server):
        return EndpointModel(endpoint(server)).generate(questions(3), sampling=Sampling())

    with serving() as server:
        assert len(asyncio.run(notebook(server))) == 3


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("reset", "the connection broke off"),
        ("malformed", "the reply is no JSON"),
        ("shapeless", "the reply has no choices"),
        ("hang", "no answer within 0.2 s"),
        ("503", r"status 503 \(planned 503\)"),
    ],
)
def test_the_reason_of_a_failed_call_says_what_happened(trouble, reason):
    with serving(Behaviour(script=[trouble])) as server:
        model = EndpointModel(endpoint(server, max_attempts=1, timeout=0.2))
        (found,) = model.generate(questions(1), sampling=Sampling())
    assert (found.finish, found.text) == ("failed", "")
    assert re.search(reason, found.reason)
