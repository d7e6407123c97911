"""Reading the store for a page: each answer is kept until the store's files change."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from evalsuite.errors import StoreError
from evalsuite.report.progress import trouble, version
from evalsuite.store import Store

T = TypeVar("T")


def store() -> Store:
    """The store that this dashboard was opened on."""
    patience = float(os.environ.get("EVALSUITE_PATIENCE", "15"))
    return Store(Path(os.environ.get("EVALSUITE_STORE", ".evalsuite")).resolve(), patience)


def ask(read: Callable[..., T], *given: Any) -> T:
    """What `read(store, *given)` answers; where the store cannot be read, says why and ends the page."""
    here = store()
    try:
        kept: T = _answer(f"{read.__code__.co_filename} {read.__qualname__}", given, version(here), _read=read)
    except StoreError as error:
        headline, reason = trouble(error)
        st.warning(f"{headline}. Press Refresh in a moment.", icon=":material/hourglass_top:")
        st.text(reason)
        st.stop()
    return kept


def forget() -> None:
    """Read everything anew."""
    _answer.clear()


@st.cache_data(show_spinner="Reading the results; if a run is writing, this waits for it …", max_entries=64)
def _answer(name: str, given: tuple[Any, ...], version: tuple[int, ...], _read: Callable[..., Any]) -> Any:
    return _read(store(), *given)
