"""A browser window that is watched: requests, sockets, dialogs and errors."""

from typing import Any
from urllib.parse import urlsplit

PATIENCE_MS = 30_000
HERE = {"127.0.0.1", None}
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


class Watched:
    """One window; `elsewhere` are the requests that would leave this machine, `wrong` what should not have happened.

    `expected` windows of the context are ours; one more was opened by a text.
    """

    def __init__(self, context: Any, *, expected: int = 1) -> None:
        self.elsewhere: list[str] = []
        self.wrong: list[str] = []
        self.requests = 0
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        # On the context: windows that a hostile text opens are watched as well.
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", lambda opened: len(context.pages) > expected and self.wrong.append(f"opened {opened.url}"))
        self.page.on("websocket", lambda opened: self._asked(opened.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dialog)

    def _asked(self, url: str) -> None:
        self.requests += 1
        if urlsplit(url).hostname not in HERE:
            self.elsewhere.append(url)

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def open(self, url: str) -> None:
        """Go to a page and wait until it is drawn."""
        self.page.goto(url)
        self.drawn()

    def drawn(self) -> None:
        """Wait until the script has run to its end and what it sent stands on the page."""
        self.page.wait_for_selector(DONE)
        self.page.wait_for_function("document.querySelectorAll('[data-testid=\"stSkeleton\"]').length === 0")
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector(DONE)

    @property
    def title(self) -> str:
        """The heading of the page."""
        found: str = self.page.locator("h1").first.inner_text()
        return found

    @property
    def links(self) -> list[str]:
        """The pages in the navigation."""
        found: list[str] = self.page.locator('[data-testid="stSidebarNavLink"]').all_inner_texts()
        return found

    def errors(self) -> list[str]:
        """What the page shows as an error."""
        found: list[str] = self.page.locator('[data-testid="stException"]').all_inner_texts()
        return found
