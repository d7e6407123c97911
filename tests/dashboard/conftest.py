import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Puts back the main module, in whose place Streamlit puts each page; processes spawned later would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def open_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Runs the dashboard on the store as a browser would and gives what it drew."""
    monkeypatch.setenv("EVALSUITE_STORE", str(store.folder))

    def open_page(page: str | None = None, **address: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(bundled_folder("dashboard") / "app.py"), default_timeout=30)
        for key, value in address.items():
            app.query_params[key] = value
        if page is not None:
            app.switch_page(f"{page}.py")
        return app.run()

    return open_page
