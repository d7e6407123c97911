"""The frame of every page: reads the store once, says how to fill an empty one, then runs the page."""

import os
import shlex
from pathlib import Path

import streamlit as st

from evalsuite.errors import StoreError
from evalsuite.report.snapshot import Snapshot, snapshot, trouble, version
from evalsuite.store import Store

HERE = Path(__file__).parent


@st.cache_data(show_spinner="Reading the results; if a run is writing, this waits for it …", max_entries=4)
def read(folder: str, patience: float, version: tuple[int, ...]) -> Snapshot:
    """The store as it was at that version of its files."""
    return snapshot(Store(Path(folder), patience))


def frame(title: str, store: Store) -> Snapshot:
    """Draw what all pages have on top and return what there is to show; ends the page when that is nothing."""
    head, refresh = st.columns([8, 1], vertical_alignment="bottom")
    head.title(title, anchor=False)
    if refresh.button("Refresh", icon=":material/refresh:", width="stretch"):
        read.clear()
    try:
        found: Snapshot = read(str(store.folder), store.patience, version(store))
    except StoreError as error:
        headline, reason = trouble(error)
        st.warning(f"{headline}. Press Refresh in a moment.", icon=":material/hourglass_top:")
        st.text(reason)
        st.stop()
    with st.container(key="about"):
        newest = found.newest
        when = f"newest run {newest.started_at:%Y-%m-%d %H:%M} UTC, {newest.status}" if newest else "no run yet"
        st.text(f"{store.folder}   ·   {when}")
    if not found.board.rows:
        st.info("Nothing has been evaluated into this store yet. Fill it with a run, then press Refresh:")
        st.code(f"evalsuite run specs/*.yaml --store {shlex.quote(str(store.folder))}", language="bash")
        st.stop()
    return found


# A :material: name or an emoji as the icon of a page would be fetched from another host.
st.set_page_config("evalsuite", page_icon=HERE / "icon.svg", layout="wide")
st.html(HERE / "style.css")
page = st.navigation([st.Page(HERE / "leaderboard.py", title="Leaderboard")])
patience = float(os.environ.get("EVALSUITE_PATIENCE", "15"))
store = Store(Path(os.environ.get("EVALSUITE_STORE", ".evalsuite")).resolve(), patience)
st.session_state.snapshot = frame(page.title, store)
page.run()
