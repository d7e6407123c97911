"""The frame of every page: says which store it is, how to fill an empty one, then runs the page."""

import shlex
from pathlib import Path

import streamlit as st
from reading import ask, forget, store

from evalsuite.report.progress import newest_run

HERE = Path(__file__).parent
PAGES = {
    "Results": {
        "leaderboard": "Leaderboard",
        "adapter": "Adapter",
        "compare": "Compare",
        "pairwise": "Pairwise",
        "forgetting": "Forgetting",
        "style": "Style",
        "judges": "Judges",
    },
    "Work": {"gates": "Gates and registry", "review": "Review", "runs": "Runs"},
}


def frame(title: str) -> None:
    """Draw what all pages have on top; ends the page when there is nothing to show."""
    head, refresh = st.columns([8, 1], vertical_alignment="bottom")
    head.title(title, anchor=False)
    if refresh.button("Refresh", icon=":material/refresh:", width="stretch"):
        forget()
    here, newest = store(), ask(newest_run)
    with st.container(key="about"):
        when = f"newest run {newest.started_at:%Y-%m-%d %H:%M} UTC, {newest.status}" if newest else "no run yet"
        st.text(f"{here.folder}   ·   {when}")
    if newest is None:
        st.info("Nothing has been evaluated into this store yet. Fill it with a run, then press Refresh:")
        st.code(f"evalsuite run specs/*.yaml --store {shlex.quote(str(here.folder))}", language="bash")
        st.stop()


# A :material: name or an emoji as the icon of a page would be fetched from another host.
st.set_page_config("evalsuite", page_icon=HERE / "icon.svg", layout="wide", initial_sidebar_state=220)
st.html(HERE / "style.css")
pages = {
    part: [st.Page(HERE / f"{file}.py", title=title, default=file == "leaderboard") for file, title in found.items()]
    for part, found in PAGES.items()
}
page = st.navigation(pages)
frame(page.title)
page.run()
