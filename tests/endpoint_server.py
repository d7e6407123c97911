"""An OpenAI-style server on the loopback, with planned troubles: for tests in a thread, for benches in a process.

with serving(Behaviour(latency=0.01, script=["429", "reset"])) as server:
    ... server.url, server.asked
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
TROUBLES = ("429", "500", "malformed", "reset")


def last_words(body: dict[str, Any]) -> str:
    """What is asked: the last message, or the raw prompt."""
    return body["prompt"] if "prompt" in body else body["messages"][-1]["content"]


@dataclass
class Behaviour:
    """How the server behaves; `script` says what happens to the first calls, `shares` how often to all others."""

    latency: float = 0.0
    script: list[str] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    retry_after: str | None = "0.05"
    key: str | None = None
    requests_per_minute: int | None = None
    minute: float = 60.0
    model: str = "served-model"
    answer: Callable[[dict[str, Any]], str] = lambda body: f"reply to {last_words(body)}"
    likelihood: Callable[[str], float] = lambda token: -float(len(token))
    finish: str = "stop"
    refusal: str | None = None
    error: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request as it came in, and what was done with it."""

    at: float
    path: str
    body: dict[str, Any]
    authorization: str | None
    outcome: str


class EndpointServer:
    """The server; `asked` has every request in order of arrival, `most_in_flight` how many waited at once."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.asked: list[Asked] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._draw = random.Random(behaviour.seed)
        self._recent: deque[float] = deque()
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def outcomes(self) -> Counter[str]:
        """How often what was done."""
        return Counter(asked.outcome for asked in self.asked)

    def answered(self) -> Counter[str]:
        """How often each prompt was answered in full."""
        return Counter(last_words(asked.body) for asked in self.asked if asked.outcome == "ok")

    async def serve(self, started: Callable[[], None]) -> None:
        """Answer until cancelled."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            started()
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        path = head[0].split(" ")[1]
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        if path == "/log":
            return await self._send(writer, 200, self._log())
        body = json.loads(content)
        outcome = self._outcome(headers)
        self.asked.append(Asked(time.monotonic(), path, body, headers.get("authorization"), outcome))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            return await self._respond(writer, path, body, outcome)
        finally:
            self._in_flight -= 1

    def _outcome(self, headers: dict[str, str]) -> str:
        plan = self.behaviour
        if plan.key is not None and headers.get("authorization") != f"Bearer {plan.key}":
            return "401"
        if plan.requests_per_minute is not None:
            now = time.monotonic()
            while self._recent and now - self._recent[0] >= plan.minute:
                self._recent.popleft()
            if len(self._recent) >= plan.requests_per_minute:
                return "429"
            self._recent.append(now)
        if plan.script:
            return plan.script.pop(0)
        drawn = self._draw.random()
        for trouble, share in plan.shares.items():
            if drawn < share:
                return trouble
            drawn -= share
        return "ok"

    async def _respond(self, writer: asyncio.StreamWriter, path: str, body: dict[str, Any], outcome: str) -> bool:
        if outcome in ("ok", "malformed", "shapeless", "hang"):
            await asyncio.sleep(3600 if outcome == "hang" else self.behaviour.latency)
        if outcome == "reset":
            await asyncio.sleep(self.behaviour.latency / 2)
            writer.transport.abort()
            return False
        if outcome == "malformed":
            return await self._send(writer, 200, '{"choices": [{"message": {"content": "cut o')
        if outcome == "shapeless":
            return await self._send(writer, 200, '{"choices": []}')
        if outcome == "ok":
            reply = self._chat(body) if path.endswith("/chat/completions") else self._text(body)
            return await self._send(writer, 200, json.dumps(reply))
        error = {"message": f"planned {outcome}", "code": None, **self.behaviour.error}
        after = self.behaviour.retry_after if outcome == "429" else None
        return await self._send(writer, int(outcome), json.dumps({"error": error}), retry_after=after)

    async def _send(
        self, writer: asyncio.StreamWriter, status: int, text: str, *, retry_after: str | None = None
    ) -> bool:
        content = text.encode()
        more = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}\r\nContent-Type: application/json\r\n{more}"
        writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        return True

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        text = self.behaviour.answer(body)
        refusal = self.behaviour.refusal
        message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": self.behaviour.finish}
        if body.get("logprobs"):
            others = [{"token": str(n), "logprob": -float(n)} for n in range(1, body["top_logprobs"] + 1)]
            choice["logprobs"] = {"content": [{"token": text, "logprob": -1.0, "top_logprobs": others}]}
        said = " ".join(message["content"] for message in body["messages"])
        return self._reply(choice, said, text)

    def _text(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["prompt"]
        if not body.get("echo"):
            text = self.behaviour.answer(body)
            return self._reply({"index": 0, "text": text, "finish_reason": self.behaviour.finish}, prompt, text)
        # A start token first, as vLLM has it, then one token per word with the space before it.
        tokens, places = ["<s>"], [0]
        for word in prompt.split(" "):
            places.append(places[-1] + len(tokens[-1]))
            tokens.append(word if len(tokens) == 1 else f" {word}")
        values = [None, *(self.behaviour.likelihood(token) for token in tokens[1:])]
        found = {"tokens": tokens, "token_logprobs": values, "text_offset": places, "top_logprobs": None}
        return self._reply({"index": 0, "text": prompt, "finish_reason": "length", "logprobs": found}, prompt, "")

    def _reply(self, choice: dict[str, Any], prompt: str, text: str) -> dict[str, Any]:
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(text.split())}
        return {"id": "1", "object": "x", "created": 0, "model": self.behaviour.model,
                "choices": [choice], "usage": usage}  # fmt: skip

    def _log(self) -> str:
        answered = self.answered()
        return json.dumps({
            "outcomes": self.outcomes(), "prompts": len(answered), "most_answers": max(answered.values(), default=0),
            "most_in_flight": self.most_in_flight,
        })  # fmt: skip


@contextmanager
def serving(behaviour: Behaviour | None = None) -> Iterator[EndpointServer]:
    """The server in a thread of this process, for as long as the block lasts."""
    server = EndpointServer(behaviour or Behaviour())
    loop, started = asyncio.new_event_loop(), threading.Event()
    task: list[asyncio.Task[None]] = []

    async def serve() -> None:
        task.append(asyncio.current_task())
        await server.serve(started.set)

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())
        except asyncio.CancelledError:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(task[0].cancel)
        thread.join(10)


def main() -> None:
    """Serve from the command line; prints the port, ends when its input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--answer", default="fine")
    for trouble in TROUBLES:
        parser.add_argument(f"--share-{trouble}", type=float, default=0.0)
    given = parser.parse_args()
    shares = {trouble: vars(given)[f"share_{trouble}"] for trouble in TROUBLES}
    server = EndpointServer(Behaviour(given.latency, shares=shares, retry_after="1", answer=lambda body: given.answer))

    async def serve() -> None:
        await server.serve(lambda: print(server.port, flush=True))

    asyncio.run(serve())


if __name__ == "__main__":
    main()
