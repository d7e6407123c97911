"""Runs: how far each is, which steps are done, what went wrong, and the end of the log."""

import streamlit as st
from drawing import table
from reading import ask

from evalsuite.report.progress import progress
from evalsuite.report.tables import usage
from evalsuite.store import read

SHOWN = 200

ids = [run.run_id for run in ask(read.runs)][:SHOWN]
chosen = st.selectbox("Run", ids, key="run", bind="query-params", width=320)
running = ask(progress, chosen).run.status == "running"


@st.fragment(run_every=2 if running else None)
def live() -> None:
    """The run as it stands; drawn again every two seconds while it goes on."""
    found = ask(progress, chosen)
    if running and found.run.status != "running":
        st.rerun()
    ended = f", ended {found.run.finished_at:%H:%M:%S}" if found.run.finished_at else ""
    st.text(f"{found.run.status}: began {found.run.started_at:%Y-%m-%d %H:%M:%S} UTC{ended}")
    if found.paid:
        st.text(f"paid to endpoints so far: {usage(found.paid)}")
    if found.steps:
        st.progress(found.done / len(found.steps), text=f"{found.done:,} of {len(found.steps):,} steps are done")
    for index, (spec, error) in enumerate(found.errors):
        with st.container(border=True, key=f"error-{index}"):
            st.badge("could not be carried through", color="red")
            st.text(f"{spec}\n{error}")
    if found.log:
        with st.expander(f"log, the last {len(found.log)} lines", expanded=running):
            # The newest line stands first, so that nobody has to scroll while a run goes on.
            st.text("\n".join(reversed(found.log)))
    table(found.steps_table())


live()
