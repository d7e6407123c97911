"""MMLU against lm-evaluation-harness: `python bench/benchmarks.py [--rounds 3] [--data DIR] [--plot FILE]`.

Four subjects, five examples each, a random Llama of 20 M parameters, one LoRA adapter and eight. The harness lives in
an environment of its own, which the first call makes in the user's cache. Both sides run as processes of their own
with one thread, in turn; CPU seconds (user and system) are counted, for a busy machine changes them little.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "mmlu"
sys.path.insert(0, str(HERE))

import material  # noqa: E402
import plot  # noqa: E402
import rate  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "evalsuite"
PEER = "lm-eval==0.4.13"
BATCHES = (1, 4, 8, 16)


@dataclass(frozen=True)
class Side:
    """One contestant's command up to its numbers, and where its results go."""

    command: tuple[str, ...]
    names: str
    work: Path

    def run(self, number: int, adapters: list[str]) -> dict[str, Any]:
        """What one process needed and found; `number` is its last argument before the output: a limit of questions."""
        out = self.work / "out.json"
        env = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        given = [*self.command, str(number), str(out), self.names, *adapters]
        ended = subprocess.run(given, cwd=HERE, env=env, capture_output=True, text=True, check=False)
        if ended.returncode:
            sys.exit(f"{' '.join(given)} failed:\n{ended.stderr[-2000:]}")
        return json.loads(out.read_text(encoding="utf-8"))


def peer_python() -> Path:
    """The Python of the harness's environment, which is made where it is missing."""
    home = CACHE / f"bench-{PEER.replace('==', '-')}"
    python = home / "bin" / "python"
    if not (home / ".ready").is_file():
        print(f"installing {PEER} into {home}", flush=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        same = [
            f"{name}=={version(name).partition('+')[0]}"
            for name in ("torch", "transformers", "peft", "accelerate", "datasets")
        ]
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([*pip, same[0]], check=True)
        subprocess.run([*pip, PEER, *same], check=True)
        (home / ".ready").touch()
    return python


def best_batch(python: Path, folder: Path, work: Path, names: list[str]) -> int:
    """The harness's batch size that takes the least CPU time on a part of the questions."""
    took = {}
    for batch in BATCHES:
        side = Side((str(python), "peer.py", str(folder), str(batch)), ",".join(names), work)
        took[batch] = side.run(12, [""])["seconds"]["score"]
        print(f"lm-eval, batches of {batch}: {took[batch]:.1f} CPU s for 12 questions a subject", flush=True)
    return min(took, key=took.__getitem__)


def compare(ours: Side, peer: Side, adapters: list[str], *, rounds: int, limit: int) -> dict[str, Any]:
    """Both sides in turn; medians, ratios by round, and whether they agree."""
    pairs, speeds = [], []
    for _ in range(rounds):
        mine = ours.run(limit, adapters)
        # Measured right after, while the machine is as busy as it was.
        speeds.append(rate.rates())
        pairs.append((mine, peer.run(limit, adapters)))
        print(f"  evalsuite {_phases(pairs[-1][0])}; lm-eval {_phases(pairs[-1][1])}", flush=True)
    mine, theirs = pairs[0]
    gaps = [
        abs(one - other)
        for adapter in adapters
        for task, rows in mine["values"][adapter].items()
        for row, others in zip(rows, theirs["values"][adapter][task], strict=True)
        for one, other in zip(row, others, strict=True)
    ]
    return {
        "pairs": pairs,
        "speeds": speeds,
        "score": statistics.median(t["seconds"]["score"] / m["seconds"]["score"] for m, t in pairs),
        "with load": statistics.median(_without_import(t) / _without_import(m) for m, t in pairs),
        "all": statistics.median(sum(t["seconds"].values()) / sum(m["seconds"].values()) for m, t in pairs),
        "gap": max(gaps),
        "items": len(gaps),
        "same accuracy": mine["accuracy"] == theirs["accuracy"],
    }


def _without_import(found: dict[str, Any]) -> float:
    return found["seconds"]["load"] + found["seconds"]["score"]


def _phases(found: dict[str, Any]) -> str:
    phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in found["seconds"].items())
    return f"{phases} CPU s, peak {found['peak_mb']:.0f} MB"


def report(title: str, found: dict[str, Any]) -> None:
    """Print what a comparison found."""
    print(
        f"{title}: scoring {found['score']:.1f}x less CPU, with loading {found['with load']:.1f}x, "
        f"whole process {found['all']:.1f}x"
    )
    print(
        f"  largest difference of {found['items']} log-likelihoods {found['gap']:.1e}; "
        f"same accuracies: {found['same accuracy']}"
    )
    peaks = [statistics.median(run[side]["peak_mb"] for run in found["pairs"]) for side in (0, 1)]
    print(f"  peak memory {peaks[0]:.0f} MB against {peaks[1]:.0f} MB", flush=True)


def share(found: dict[str, Any], folder: Path, data: Path, names: list[str]) -> None:
    """Print which part of the machine's rate, measured in the same round, the scoring of one adapter reached."""
    flops = rate.needed(folder / "model", [material.prompts(data, name) for name in names])
    reached = [flops / mine["seconds"]["score"] for mine, _ in found["pairs"]]
    print(f"needed: {flops / 1e12:.2f} TFLOP; reached: {statistics.median(reached) / 1e9:.0f} GFLOP per CPU second")
    for name in found["speeds"][0]:
        speeds = [of[name] for of in found["speeds"]]
        part = statistics.median(mine / speed for mine, speed in zip(reached, speeds, strict=True))
        of = f"{statistics.median(speeds) / 1e9:.0f} GFLOP per CPU second"
        print(f"  {name} on the model's shapes: {of}; reached {part:.0%}")


def growth(ours: Side, adapters: list[str], file: Path) -> None:
    """Measure and draw how CPU time grows with questions and with adapters."""
    by_questions, by_adapters, loads = [], [], []
    for limit in (10, 20, 40, 60, 80, 100):
        found = ours.run(limit, adapters[:1])
        by_questions.append((limit * (ours.names.count(",") + 1), found["seconds"]["score"]))
        loads.append(found["seconds"]["import"] + found["seconds"]["load"])
    for count in (1, 2, 4, 6, 8):
        by_adapters.append((count, ours.run(40, adapters[:count])["seconds"]["score"]))
    load = statistics.median(loads)
    for what, points in (("question", by_questions), ("adapter", by_adapters)):
        constant, slope = plot.fit(points)
        print(f"by {what}: {constant:.2f} + {slope:.3f} n CPU s; one load of the model takes {load:.2f}")
    draw = [("questions, one adapter", by_questions, load), ("adapters, 160 questions each", by_adapters, load)]
    plot.draw(file, draw, level="start and one load of the model")


def main() -> None:
    """Make the material, run both sides, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data")) / "mmlu"
    )
    parser.add_argument("--plot", type=Path, help="also measure how cost grows, and draw it into this SVG file")
    parser.add_argument("--batch", type=int, help="the harness's batch size, if it is known to be the best")
    parser.add_argument("--limit", type=int, default=0, help="so many questions a subject, for a quick look")
    given = parser.parse_args()
    if not given.data.is_dir():
        sys.exit(f"{given.data}  is no folder; give the MMLU files with --data")
    data, folder = given.data.resolve(), CACHE / "bench-mmlu"
    python = peer_python()
    names = material.make(folder, data, count=4, adapters=8)
    adapters = [f"adapter-{number}" for number in range(1, 9)]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        batch = given.batch or best_batch(python, folder, work, names)
        ours = Side((sys.executable, "ours.py", str(folder), str(data)), ",".join(names), work)
        peer = Side((str(python), "peer.py", str(folder), str(batch)), ",".join(names), work)
        print(f"subjects {', '.join(names)}; lm-eval with batches of {batch}", flush=True)
        one = compare(ours, peer, adapters[:1], rounds=given.rounds, limit=given.limit)
        report("one adapter", one)
        if not given.limit:
            share(one, folder, data, names)
        eight = compare(ours, peer, adapters, rounds=max(1, given.rounds - 2), limit=given.limit)
        report("eight adapters", eight)
        if given.plot:
            growth(ours, adapters, given.plot)


if __name__ == "__main__":
    main()
