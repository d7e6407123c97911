"""A run that writes as fast as it can, three open pages that read all the while, and a person who labels."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from planted import fill, result, spec, told
from watched import Watched

from evalsuite.records import Verdict
from evalsuite.store import Store
from evalsuite.store.judges import human_preferences

pytestmark = pytest.mark.browser

SECONDS = float(os.environ.get("EVALSUITE_STRESS_SECONDS", "15"))
SAMPLES = 300
# Writes steps without a pause until told to end; says how many it wrote. An error ends it with another exit code.
WRITER = """
import sys
from pathlib import Path
from evalsuite.records import Metric, Outcome, Reply, Score
from evalsuite.store import Store
from evalsuite.store.write import StepRow, save_outcome, save_plan, start_run, SpecRow, finish_run
store, end, count = Store(Path(sys.argv[1])), Path(sys.argv[2]), 0
start_run(store, "run-2", {})
while not end.exists():
    step = StepRow(f"step-{count}", "score", "facts", "candidate")
    save_plan(store, "run-2", [SpecRow(f"s{count % 20}", "p", {}, "tiny", "b", "a", "sft", "lora", (step,))])
    replies = tuple(Reply(f"q{i}", "What?", "that", "this") for i in range(200))
    scores = tuple(Score(f"q{i}", "facts.accuracy", i % 2) for i in range(200))
    told = Outcome(replies=replies, scores=scores, metrics=(Metric("facts.accuracy", "facts"),))
    save_outcome(store, step, told, seconds=1.0, seed=7)
    count += 1
finish_run(store, "run-2", "finished")
print(count)
"""


def two_adapters(store: Store) -> None:
    rows = []
    for name in ("first", "second"):
        row, outcomes = spec(name, (result("facts.accuracy", 0.8, 0.7, 0.9),), (result("facts.accuracy", 0.5),))
        for step in row.steps[:2]:
            answers = {f"q{i}": (f"{step.role} {i}", float(i % 2)) for i in range(SAMPLES)}
            scored = told(answers)
            outcomes[step.digest] = type(scored)(scored.replies, scored.scores, outcomes[step.digest].results)
        rows.append((row, outcomes))
    fill(store, rows, {row.name: Verdict("pass", "release", ()) for row, _ in rows})


def test_no_page_shows_an_error_and_no_write_fails(chromium, serve, tmp_path: Path):
    store, end = Store(tmp_path / "store"), tmp_path / "end"
    two_adapters(store)
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    shown: list[str] = []
    looks = labels = 0
    with serve(store.folder) as address:
        command = [sys.executable, "-c", WRITER, str(store.folder), str(end)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            try:
                tabs = {name: Watched(context, expected=3) for name in ("", "runs", "review?by=anna&specs=first")}
                for page, tab in tabs.items():
                    tab.open(f"{address}/{page}")
                deadline = time.monotonic() + SECONDS
                while time.monotonic() < deadline:
                    for page, tab in tabs.items():
                        if page.startswith("review"):
                            tab.page.keyboard.press("ArrowLeft")
                            labels += 1
                            tab.page.get_by_text(f"{labels} labelled since you came").wait_for()
                        else:
                            tab.page.get_by_role("button", name="Refresh").click()
                        tab.drawn()
                        looks += 1
                        shown += tab.errors() + tab.page.locator('[data-testid="stAlert"]').all_inner_texts()
            finally:
                end.touch()
            assert writer.stdout is not None
            written = int(writer.stdout.read())
        assert writer.returncode == 0
    context.close()
    assert shown == []
    assert [wrong for tab in tabs.values() for wrong in tab.wrong] == []
    assert len(human_preferences(store)) == labels > 0
    assert looks >= 6
    assert written > SECONDS
