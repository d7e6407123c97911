"""The real pages in a real browser: nothing fails, nothing runs that a text brought along, no request leaves."""

import ast
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hostile import BEACON, HOSTILE

from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store
from evalsuite.store.judges import human_preferences

pytestmark = pytest.mark.browser


# Everything on the page that loads from, or leads to, the host that hostile texts name.
LOADERS = """beacon => [...document.querySelectorAll("a, img, iframe, script, link, object, embed, video, audio")]
    .map(found => found.href || found.src || found.data || "")
    .filter(url => url && new URL(url, location.href).hostname === beacon)"""


def pages() -> dict[str, str]:
    """File and title of every page in the navigation, as `app.py` lists them."""
    tree = ast.parse((bundled_folder("dashboard") / "app.py").read_text(encoding="utf-8"))
    (found,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PAGES"
    ]
    return {file: title for part in found.values() for file, title in part.items()}


def harmless(tab) -> None:
    assert tab.errors() == []
    assert tab.wrong == []
    assert tab.elsewhere == []
    assert tab.page.evaluate("window.hacked") is None
    assert tab.page.evaluate(LOADERS, BEACON) == []


def test_the_navigation_leads_to_every_page(tab, hostile):
    address, _ = hostile
    tab.open(address)
    assert tab.links == list(pages().values())
    for title in tab.links:
        tab.page.locator('[data-testid="stSidebarNavLink"]', has_text=title).click()
        tab.page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=title)
        tab.drawn()
        harmless(tab)
    assert tab.requests > len(tab.links)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [page for page in pages() if page != "leaderboard"])
def test_a_hostile_text_runs_nothing_and_loads_nothing(tab, hostile, page, scheme):
    address, _ = hostile
    tab.page.emulate_media(color_scheme=scheme)
    tab.open(f"{address}/{page}?by=anna")
    assert tab.title == pages()[page]
    harmless(tab)


def test_a_hostile_baseline_and_what_is_minus_it_run_nothing(tab, hostile):
    address, _ = hostile
    for baseline in (f"name {HOSTILE}", "plain"):
        tab.open(f"{address}/?cells=differences&baseline={quote(baseline, safe='')}")
        assert f"Each cell is the row minus {baseline}" in tab.page.locator("body").inner_text()
        harmless(tab)


@pytest.mark.parametrize("view", ["as they are", "what differs"])
def test_samples_are_read_by_keyboard(tab, hostile, view):
    address, _ = hostile
    tab.open(f"{address}/compare?view={quote(view)}")
    for place in (2, 3, 4):
        tab.page.keyboard.press("ArrowRight")
        tab.page.get_by_text(f"{place} of 4").wait_for()
        tab.drawn()
        harmless(tab)


def test_replies_are_labelled_by_keyboard_and_land_in_the_store(tab, hostile):
    address, folder = hostile
    store = Store(folder, patience=20)
    before = len(human_preferences(store))
    tab.open(f"{address}/review?by=carla&specs=plain")
    for key, labelled in (("ArrowRight", 1), ("t", 2), ("ArrowLeft", 3)):
        tab.page.keyboard.press(key)
        tab.page.get_by_text(f"{labelled} labelled since you came").wait_for()
        tab.drawn()
        harmless(tab)
    mine = [pair.labels["carla"] for pair in human_preferences(store) if "carla" in pair.labels]
    assert len(mine) == 3
    assert mine.count("tie") == 1
    assert len(human_preferences(store)) == before + 3


def test_an_empty_store_says_how_to_fill_it(tab, serve, tmp_path: Path):
    with serve(tmp_path / "store") as address:
        tab.open(address)
        assert "Nothing has been evaluated into this store yet" in tab.page.locator("body").inner_text()
        harmless(tab)


SHOTS = {
    "leaderboard": "",
    "compare": "compare?specs=principles-lora&specs=preferences-simpo&entry=sums&which=differs&view=what%20differs",
    "pairwise": "pairwise",
    "forgetting": "forgetting?spec=harmed-lora",
    "style": "style",
}


@pytest.mark.skipif("EVALSUITE_SCREENSHOTS" not in os.environ, reason="EVALSUITE_SCREENSHOTS names no folder to fill")
def test_screenshots(tab, serve):
    """Takes the pictures of the documentation from the store in EVALSUITE_STORE, as `make screenshots` asks."""
    folder = Path(os.environ["EVALSUITE_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    with serve(Path(os.environ.get("EVALSUITE_STORE", ".evalsuite")), Path("adapters_registry")) as address:
        for name, page in SHOTS.items():
            tab.page.set_viewport_size({"width": 1440, "height": 900})
            tab.open(f"{address}/{page}")
            # A table in a closed part of the page is never drawn.
            if tab.page.locator('[data-testid="stDataFrame"]:visible').count():
                tab.page.locator('[data-testid="stDataFrame"]:visible canvas').first.wait_for()
            harmless(tab)
            inner = "document.querySelector('[data-testid=\"stMainBlockContainer\"]').scrollHeight"
            height = min(int(tab.page.evaluate(inner)) + 40, 1500)
            tab.page.set_viewport_size({"width": 1440, "height": height})
            tab.page.wait_for_timeout(1500)
            tab.page.screenshot(path=folder / f"{name}.png")
