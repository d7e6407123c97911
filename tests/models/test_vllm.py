"""The vLLM backend: what it asks and reads, which adapters it refuses, and that it says what the hf backend says."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.base import find_base
from evalsuite.models.vllm.own_server import PYTHON
from evalsuite.models.vllm.vllm_model import VllmModel, rank_of
from evalsuite.records import Adapter, Prompt, Sampling

ASKED = [Prompt.user(f"Ada has {n} coats and gets 3 more. How many coats does Ada have now?") for n in range(2, 8)]


class FakeVllm(ThreadingHTTPServer):
    """A server whose tokens are as likely as their ids are small; it remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.loaded: list[str] = []
        self.models: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: FakeVllm

    def log_message(self, *words) -> None:
        """Not said."""

    def do_GET(self) -> None:
        self._say({"data": [{"id": "served"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/load_lora_adapter":
            self.server.loaded.append(asked["lora_name"])
            return self._say({})
        self.server.models.append(asked["model"])
        choice = {"text": "five", "finish_reason": "stop"}
        if "logprob_token_ids" in asked:
            top = {f"token_id:{token}": -token / 100 for token in asked["logprob_token_ids"]}
            choice["logprobs"] = {"top_logprobs": [top | {"token_id:0": 0.0}]}
        if "prompt_logprobs" in asked:
            choice["prompt_logprobs"] = [None, *({str(t): {"logprob": -t / 100}} for t in asked["prompt"][1:])]
        return self._say({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}})

    def _say(self, content) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server():
    server = FakeVllm()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def base():
    return find_base("quickstart", revision=None, dtype="float32")


def lora(folder: Path, **config) -> Adapter:
    """An adapter's configuration on disk."""
    folder.mkdir()
    plain = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "v_proj"], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(plain | config), encoding="utf-8")
    return Adapter("mine", folder, "d" * 64)


def test_an_adapter_is_loaded_once_and_asked_by_its_weights_digest(server, base, tmp_path):
    model, adapter = VllmModel(base, url=server.url), lora(tmp_path / "mine")
    for _ in range(2):
        replies = model.generate(ASKED[:2], sampling=Sampling(), adapter=adapter)
    model.generate(ASKED[:1], sampling=Sampling())
    assert [reply.text for reply in replies] == ["five", "five"]
    assert server.loaded == ["d" * 16]
    assert server.models == ["d" * 16] * 4 + ["served"]


def test_single_tokens_are_asked_at_once_and_longer_options_by_the_prompts_own_tokens(server, base):
    model = VllmModel(base, url=server.url)
    letters, words = model.choices(ASKED[:2], [["1", "2", "3"], ["one of them", "A"]])
    assert server.models == ["served"] * 3
    assert [found.tokens for found in letters] == [1, 1, 1]
    assert letters[0].value > letters[1].value > letters[2].value
    assert words[0].tokens > 1
    assert words[0].value < words[1].value < 0


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "its type is PREFIX_TUNING"),
        ({"use_dora": True}, "it is a DoRA"),
        ({"bias": "all"}, "it has biases"),
        ({"modules_to_save": ["lm_head"]}, "it has modules_to_save"),
        ({"target_modules": ["q_proj", "lm_head"]}, "it changes lm_head, which vLLM would drop"),
        ({"target_modules": "all-linear"}, "its target_modules are 'all-linear'"),
    ],
)
def test_an_adapter_that_would_be_served_in_part_is_refused(tmp_path, config, why):
    with pytest.raises(ModelError, match=why):
        rank_of(lora(tmp_path / "mine", **config))


def test_the_largest_rank_of_any_layer_counts(tmp_path):
    assert rank_of(lora(tmp_path / "mine", rank_pattern={"layers.1.q_proj": 32})) == 32


def test_without_vllm_the_message_says_how_to_get_it(base, monkeypatch):
    if find_spec("vllm") is not None:
        pytest.skip("vLLM is installed here")
    monkeypatch.delenv(PYTHON, raising=False)
    with pytest.raises(ModelError, match=r"vLLM is not installed here.*docs/vllm\.md"):
        VllmModel(base).generate(ASKED[:1], sampling=Sampling())


def test_a_server_ends_with_the_process_that_started_it(tmp_path):
    child = f"import time, os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    guard = [sys.executable, "-m", "evalsuite.models.vllm.guard", sys.executable, "-c", child]
    starter = f"import subprocess, time; subprocess.Popen({guard!r}, stdin=subprocess.PIPE); time.sleep(600)"
    parent = subprocess.Popen([sys.executable, "-c", starter])
    pid = int(eventually(lambda: (tmp_path / "pid").read_text(encoding="utf-8")))
    parent.kill()
    parent.wait()
    eventually(lambda: not alive(pid))


def eventually(look):
    """What `look` finds, once it finds something."""
    for _ in range(300):
        with contextlib.suppress(FileNotFoundError):
            if found := look():
                return found
        time.sleep(0.1)
    raise AssertionError("it did not come about within 30 seconds")


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def real():
    """A real vLLM server with the quickstart's base."""
    if PYTHON not in os.environ and find_spec("vllm") is None:
        pytest.skip(f"no vLLM: `make test-vllm` installs it, or name a Python that has it in {PYTHON}")
    model = VllmModel(find_base("quickstart", revision=None, dtype="float32"))
    yield model
    model.close()


def trained(folder: Path, base, *, seed: int) -> Adapter:
    """A LoRA with random weights large enough to be seen."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "up_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base.folder), config).save_pretrained(folder)
    return Adapter(folder.name, folder, adapter_digest(folder))


@pytest.mark.slow
def test_base_and_adapters_say_what_the_hf_backend_says(real, base, tmp_path):
    from evalsuite.models.hf.hf_model import HfModel

    hf = HfModel(base)
    options = [["8", "9", "the sum is ten"]] * 3 + [["5", "6", "7"]] * 3
    for adapter in (None, *(trained(tmp_path / f"random-{seed}", base, seed=seed) for seed in (1, 2, 3)), None):
        sampling = Sampling(max_tokens=12)
        theirs, ours = (model.generate(ASKED, sampling=sampling, adapter=adapter) for model in (real, hf))
        assert [reply.text for reply in theirs] == [reply.text for reply in ours]
        likely, expected = (model.choices(ASKED, options, adapter=adapter) for model in (real, hf))
        assert [[found.value for found in row] for row in likely] == [
            pytest.approx([found.value for found in row], abs=2e-4) for row in expected
        ]


@pytest.mark.slow
def test_a_reply_is_held_to_a_schema_and_one_that_was_cut_off_says_so(real):
    schema = {
        "type": "object",
        "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
        "required": ["score"],
        "additionalProperties": False,
    }
    asked = [Prompt.user(f"Rate {n} from 1 to 5.") for n in range(8)]
    replies = real.generate(
        asked, sampling=Sampling(max_tokens=48, temperature=0.7, response_schema=json.dumps(schema))
    )
    whole = [reply for reply in replies if reply.finish == "stop"]
    assert whole
    assert all(1 <= json.loads(reply.text)["score"] <= 5 for reply in whole)
    # A small model under a grammar can go on with blanks for ever; that shows in the finish, never as a score.
    assert {reply.finish for reply in replies} <= {"stop", "length"}
