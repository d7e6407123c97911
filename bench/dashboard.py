"""The dashboard on a large store: `python bench/dashboard.py [--rows 10000000] [--adapters 200]`.

Makes a store of that many sample rows in a temporary folder (DuckDB writes them from ranges), then draws pages of it in
a process of their own, as a browser would make Streamlit do: the first paint of a page, a filter change, and the memory
of the process. Targets at 10 million rows and 200 adapters: first paint under 2 s, a filter under 0.5 s, under 1 GB;
another baseline, which is new figures for every row, under 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store
from evalsuite.store.connect import writing

ENTRIES = ("facts", "sums", "knowledge", "style", "code")
PAGES = (
    *("leaderboard", "adapter", "compare", "pairwise", "forgetting", "style", "judges"),
    *("gates", "review", "runs"),
)
PAIRS = 300
FIRST_PAINT, FILTER, MEGABYTES = 2.0, 0.5, 1024
# A new baseline pairs all the scores anew, as a first paint does.
LIMITS = {"baseline": FIRST_PAINT}


def make(store: Store, adapters: int, rows: int) -> None:
    """A run of `adapters` specs on one base: scores and replies, results, comparisons, verdicts and trainings."""
    samples = max(rows // ((adapters + 1) * len(ENTRIES)), 1)
    entries = ", ".join(f"('{entry}')" for entry in ENTRIES)
    template = Path(__file__).with_name("large_store.sql").read_text(encoding="utf-8")
    steps = template.format(adapters=adapters, entries=entries, samples=samples, pairs=PAIRS)
    with writing(store) as connection:
        connection.execute(steps)


def page_megabytes() -> float:
    """The most memory that this process ever had."""
    # getrusage would also count what the process that started this one held.
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def drawn(page: str, address: dict[str, str]) -> dict[str, Any]:
    """One page in this process: seconds of the first paint, of the same again, of each change, and megabytes."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(bundled_folder("dashboard") / "app.py"), default_timeout=120)
    for key, value in address.items():
        app.query_params[key] = value
    if page != "leaderboard":
        app.switch_page(f"{page}.py")
    seconds = [_timed(app.run), _timed(app.run)]
    changes: dict[str, Callable[[], Any]] = {}
    if page == "leaderboard":
        box = next(found for found in app.multiselect if found.label == "Method")
        changes["filter"] = lambda: box.select("dpo").run()
        changes["no filter"] = lambda: box.set_value([]).run()
        changes["differences"] = lambda: app.segmented_control[0].set_value("differences").run()
        changes["baseline"] = lambda: app.selectbox(key="baseline").set_value("adapter-007").run()
    elif page == "compare":
        changes["differs"] = lambda: app.segmented_control[0].set_value("differs").run()
        changes["next"] = lambda: next(found for found in app.button if found.label == "Next").click().run()
    elif page == "forgetting":
        changes["next"] = lambda: next(found for found in app.button if found.label == "Next").click().run()
    taken = {name: _timed(act) for name, act in changes.items()}
    assert not app.exception, app.exception
    return {"page": page, "seconds": seconds, "changes": taken, "megabytes": page_megabytes()}


def _timed(act: Any) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def main() -> int:
    """Make the store, draw each page in a fresh process, and hold the figures to the targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--adapters", type=int, default=200)
    parser.add_argument("--draw", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.draw:
        page, address = json.loads(given.draw)
        print(json.dumps(drawn(page, address)))
        return 0
    pages: dict[str, dict[str, str]] = {name: {} for name in PAGES} | {"review": {"by": "anna"}}
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        make(Store(Path(folder)), given.adapters, given.rows)
        size = Store(Path(folder)).results.stat().st_size / 2**20
        print(
            f"{given.rows:,} rows, {given.adapters} adapters: {size:,.0f} MB in {time.perf_counter() - started:.1f} s"
        )
        print(f"{'page':<12} {'first paint':>11} {'again':>8} {'peak MB':>9}  changes")
        for asked in pages.items():
            command = [sys.executable, __file__, "--draw", json.dumps(asked)]
            environment = {**os.environ, "EVALSUITE_STORE": folder}
            said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
            found = json.loads(said.splitlines()[-1])
            first, again = found["seconds"]
            changes = ", ".join(f"{name} {seconds:.2f}s" for name, seconds in found["changes"].items())
            print(
                f"{found['page']:<12} {first:>10.2f}s {again:>7.2f}s {found['megabytes']:>9,.0f}  {changes}", flush=True
            )
            late = first > FIRST_PAINT or any(
                took > LIMITS.get(name, FILTER) for name, took in found["changes"].items()
            )
            missed += late or found["megabytes"] > MEGABYTES
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
