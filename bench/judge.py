"""The judge pipeline under load: `python bench/judge.py [--rounds 3]`.

A server in a process of its own answers after 200 ms; 2,000 judgments go out, at most 64 at a time, so that nobody can
be done before 6.25 s. Ours go through the endpoint backend and the reply cache as in a run; the peer is the openai
client written straight: a semaphore, no cache, no tries of our own, no limits, no meter. Imports count for nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evalsuite.execute.cached import CachedModel
from evalsuite.models.openai.calls import Meter
from evalsuite.models.openai.endpoint_model import EndpointModel
from evalsuite.records import Completion, Prompt, Sampling
from evalsuite.spec.models import Endpoint
from evalsuite.store.replies import ReplyCache

JUDGMENTS, LATENCY, IN_FLIGHT = 2_000, 0.2, 64
LIMIT = JUDGMENTS * LATENCY / IN_FLIGHT
FAULTS = {"429": 0.10, "500": 0.05, "malformed": 0.02, "reset": 0.01}
SERVER = Path(__file__).resolve().parents[1] / "tests" / "endpoint_server.py"
ANSWER = json.dumps({"reason": "Says what it rests on, then concludes.", "premises": 4, "conclusion": 5})
SAMPLING = Sampling(max_tokens=256)


@contextmanager
def server(faults: dict[str, float]) -> Iterator[str]:
    """A fresh server in its own process; yields its base URL."""
    shares = [f"--share-{trouble}={share}" for trouble, share in faults.items()]
    command = [sys.executable, str(SERVER), f"--latency={LATENCY}", f"--answer={ANSWER}", *shares]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def prompts() -> list[Prompt]:
    """As long as a judge's prompts are: a rubric, a question, a reply."""
    rubric = "Grade the reply by each criterion of the rubric, 1 to 5, with a reason first. " * 20
    return [Prompt.user(f"{rubric}\n\nReply {number}: so it follows.") for number in range(JUDGMENTS)]


def ours(url: str, file: Path) -> tuple[float, list[Completion], Meter]:
    """Seconds, the judgments, and what the meter saw."""
    endpoint = Endpoint(endpoint=url, model="judge", prompt_price=0.15, completion_price=0.6, max_in_flight=IN_FLIGHT)
    meter, asked = Meter(limit=100.0), prompts()
    began = time.perf_counter()
    with closing(ReplyCache(file)) as cache:
        model = EndpointModel(endpoint, meter=meter)
        cached = CachedModel(model.digest, lambda: model, cache=cache, progress=lambda done, total: None)
        found = cached.generate(asked, sampling=SAMPLING)
    return time.perf_counter() - began, found, meter


def peer(url: str, *, aiohttp: bool) -> float:
    """Seconds of the openai client written straight."""
    import openai

    async def ask() -> list[str | None]:
        transport = openai.DefaultAioHttpClient() if aiohttp else None
        gate = asyncio.Semaphore(IN_FLIGHT)
        async with openai.AsyncOpenAI(base_url=url, api_key="none", http_client=transport) as client:

            async def one(prompt: Prompt) -> str | None:
                async with gate:
                    reply = await client.chat.completions.create(
                        model="judge",
                        messages=[{"role": "user", "content": prompt.shown}],
                        max_tokens=SAMPLING.max_tokens,
                        temperature=0.0,
                    )
                    return reply.choices[0].message.content

            return await asyncio.gather(*(one(prompt) for prompt in prompts()))

    began = time.perf_counter()
    assert asyncio.run(ask()) == [ANSWER] * JUDGMENTS
    return time.perf_counter() - began


def imports() -> float:
    """Seconds to import the openai client in a fresh process."""
    code = "import time; a = time.perf_counter(); import openai, aiohttp; openai.AsyncOpenAI; b = time.perf_counter()"
    code += "; print(b - a)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def under_faults(folder: Path) -> None:
    """One pass with troubles: what was lost, and what was asked for more often than needed."""
    with server(FAULTS) as url:
        seconds, found, meter = ours(url, folder / "faults.sqlite")
        log = json.loads(urllib.request.urlopen(url.removesuffix("/v1") + "/log").read())  # noqa: S310
    lost = sum(completion.finish == "failed" or completion.text != ANSWER for completion in found)
    said = ", ".join(f"{share:.0%} {trouble}" for trouble, share in FAULTS.items())
    print(f"\nwith {said}: {seconds:.1f} s")
    print(f"  lost: {lost} of {JUDGMENTS}; answered more than once: {log['outcomes']['ok'] - log['prompts']}")
    print(f"  what the server did: {log['outcomes']}; most in flight {log['most_in_flight']}; {meter}")


def main() -> None:
    """Time all contestants in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"import of the client: {imports():.2f} s (counts for nobody)")
    import openai  # noqa: F401

    names = ("evalsuite", "evalsuite, again from the cache", "openai client", "openai client, aiohttp")
    times: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            with server({}) as url:
                file = Path(folder) / f"{turn}.sqlite"
                times[names[0]].append(ours(url, file)[0])
                times[names[1]].append(ours(url, file)[0])
                times[names[2]].append(peer(url, aiohttp=False))
                times[names[3]].append(peer(url, aiohttp=True))
        print(f"{'':34}{'seconds':>9}{'to the limit':>14}{'spread':>16}")
        for name, found in times.items():
            middle = statistics.median(found)
            print(f"{name:34}{middle:9.2f}{middle / LIMIT:14.2f}{min(found):9.2f}–{max(found):.2f}")
        straight = statistics.median(times[names[3]])
        print(f"evalsuite to the client written straight: {statistics.median(times[names[0]]) / straight:.2f}")
        print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        under_faults(Path(folder))


if __name__ == "__main__":
    main()
