"""The reply cache: what was paid for once is never asked again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from evalsuite.errors import ModelError, StoreError
from evalsuite.execute.cached import CachedModel
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Sampling, TokenChances
from evalsuite.store.replies import ReplyCache


@pytest.fixture
def cache(tmp_path):
    cache = ReplyCache(tmp_path / "kept" / "replies.sqlite")
    yield cache
    cache.close()


def echo(prompt, adapter):
    return f"{adapter.name if adapter else 'base'} says {prompt.shown}"


def cached(cache, model, progress=lambda done, total: None):
    return CachedModel("base-digest", lambda: model, cache=cache, progress=progress)


PROMPTS = [Prompt.user(word) for word in ("one", "two", "three")]
ADAPTER = Adapter("mine", None, "weights")


def test_a_reply_is_asked_once_and_comes_back_equal(cache):
    model = ScriptedModel(echo)
    first = cached(cache, model).generate(PROMPTS, sampling=Sampling(), adapter=ADAPTER)
    again = cached(cache, ScriptedModel(echo)).generate(PROMPTS, sampling=Sampling(), adapter=ADAPTER)
    assert [reply.text for reply in first] == ["mine says one", "mine says two", "mine says three"]
    assert again == first
    assert model.asked == 3


def test_base_adapter_sampling_and_options_have_replies_of_their_own(cache):
    model = ScriptedModel(echo)
    asking = cached(cache, model)
    asking.generate(PROMPTS, sampling=Sampling())
    asking.generate(PROMPTS, sampling=Sampling(), adapter=ADAPTER)
    asking.generate(PROMPTS, sampling=Sampling(max_tokens=7))
    asking.choices(PROMPTS, [("a", "b")] * 3)
    asking.choices(PROMPTS, [("a", "c")] * 3)
    assert model.asked == 15


def test_an_adapter_with_other_weights_is_asked_anew_whatever_its_name(cache):
    model = ScriptedModel(echo)
    cached(cache, model).generate(PROMPTS, sampling=Sampling(), adapter=ADAPTER)
    cached(cache, model).generate(PROMPTS, sampling=Sampling(), adapter=Adapter("mine", None, "other weights"))
    assert model.asked == 6


def test_equal_prompts_in_one_request_are_asked_once(cache):
    model = ScriptedModel(echo)
    replies = cached(cache, model).generate([PROMPTS[0]] * 5, sampling=Sampling())
    assert (len(replies), model.asked) == (5, 1)


def test_the_model_is_not_made_when_every_reply_is_known(cache):
    cached(cache, ScriptedModel(echo)).generate(PROMPTS, sampling=Sampling())

    def never():
        raise AssertionError("the model was made")

    CachedModel("base-digest", never, cache=cache, progress=lambda *_: None).generate(PROMPTS, sampling=Sampling())


def test_progress_counts_known_replies_first_and_ends_with_all(cache):
    seen = []
    cached(cache, ScriptedModel(echo)).generate(PROMPTS[:1], sampling=Sampling())
    cached(cache, ScriptedModel(echo), lambda done, total: seen.append((done, total))).generate(
        PROMPTS, sampling=Sampling()
    )
    assert seen == [(1, 3), (3, 3)]


def test_replies_survive_a_process_that_is_killed_right_after_it_kept_them(tmp_path):
    file = tmp_path / "replies.sqlite"
    child = f"""
import os, signal
from pathlib import Path
from evalsuite.store.replies import ReplyCache
ReplyCache(Path({str(file)!r})).put({{"key": "paid for"}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", child], check=False).returncode == -9
    cache = ReplyCache(file)
    assert cache.get(["key", "other"]) == {"key": "paid for"}
    cache.close()


def test_more_keys_than_a_statement_takes_are_found(cache):
    cache.put({f"k{number}": str(number) for number in range(1200)})
    assert len(cache.get([f"k{number}" for number in range(1300)])) == 1200


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another folder with --store"):
        ReplyCache(tmp_path / "file" / "replies.sqlite")


class Answering:
    """A model that gives out the completions it was made with, one by one."""

    def __init__(self, *completions):
        self.waiting = list(completions)

    def generate(self, prompts, *, sampling, adapter=None):
        return [self.waiting.pop(0) for _ in prompts]


def test_a_failed_request_is_asked_again_and_an_answer_with_chances_comes_back_whole(cache):
    failed = Completion("", 0, 0, "failed", reason="the server did not answer")
    answered = Completion("4", 1, 9, "stop", chances=(TokenChances("4", (("4", -0.1), ("5", -2.5))),))
    model = Answering(failed, answered)
    seen = [cached(cache, model).generate(PROMPTS[:1], sampling=Sampling(top_logprobs=2)) for _ in range(3)]
    assert seen[0] == [failed]
    assert seen[1] == seen[2]
    assert replace(seen[1][0], seconds=None) == answered
    assert seen[1][0].seconds is not None


class Breaking:
    """A model whose replies arrive one by one, until it breaks."""

    def __init__(self, cache, breaks_after):
        self.cache, self.breaks_after, self.kept = cache, breaks_after, []

    def completions(self, prompts, *, sampling, adapter=None):
        for place in reversed(range(len(prompts))):
            if len(self.kept) == self.breaks_after:
                raise ModelError("the server is gone")
            yield {place: Completion(f"to {prompts[place].shown}", 1, 1, "stop")}
            self.kept.append(self.cache._connection.execute("SELECT count(*) FROM replies").fetchone()[0])

    def likelihoods(self, prompts, options, *, adapter=None):
        for place, texts in enumerate(options):
            yield {place: tuple(LogLikelihood(-float(len(text)), 1) for text in texts)}


def test_replies_that_arrive_one_by_one_are_kept_at_once_and_only_the_rest_is_asked_again(cache):
    seen = []
    model = Breaking(cache, breaks_after=2)
    with pytest.raises(ModelError, match="the server is gone"):
        cached(cache, model, lambda done, total: seen.append(done)).generate(PROMPTS, sampling=Sampling())
    assert (model.kept, seen) == ([1, 2], [0, 1, 2])
    again = Breaking(cache, breaks_after=9)
    found = cached(cache, again).generate(PROMPTS, sampling=Sampling())
    assert [reply.text for reply in found] == ["to one", "to two", "to three"]
    assert len(again.kept) == 1


def test_likelihoods_that_arrive_one_by_one_are_kept_too(cache):
    asked = [("a", "bb"), ("c", "ddd"), ("e", "f")]
    found = cached(cache, Breaking(cache, 0)).choices(PROMPTS, asked)
    assert found[1] == (LogLikelihood(-1.0, 1), LogLikelihood(-3.0, 1))
    assert cached(cache, None).choices(PROMPTS, asked) == found
