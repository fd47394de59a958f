"""A real browser that looks at a page of ours, and keeps what the page would rather not be seen doing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from reconciler.model.plan import Plan
from reconciler.reports.html_plan import render
from reconciler.reports.places import Places
from tests.servers.install import install_chromium


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        # As root it does not start with its sandbox; it reads pages of ours only.
        browser = playwright.chromium.launch(executable_path=install_chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(kw_only=True)
class Look:
    """A page of a plan, open in the browser, and whatever it said, asked for or popped up."""

    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def close(self, dialog: Dialog) -> None:
        """Keeps what a dialog said, and closes it."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def names(self) -> list[str]:
        """The names of the changes that the page shows, from the top."""
        found: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('.row .name')].map(name => name.firstChild.textContent)"
        )
        return found

    def count(self) -> str:
        """What it says of how many are shown."""
        return self.page.inner_text("#count")

    def focused(self) -> str:
        """The text of what has the focus."""
        found: str = self.page.evaluate(
            "(document.activeElement.querySelector('.name') || document.activeElement).innerText"
        )
        return found

    def search(self, text: str) -> None:
        """Types into the search, as a person does, and waits for the page to have followed."""
        self.page.fill("#search", text)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.settle()

    def settle(self) -> None:
        """Waits until all that is to be shown is there."""
        self.page.wait_for_selector("#list[aria-busy=false]", state="attached")


@contextmanager
def looking(
    browser: Browser, plan: Plan, folder: Path, *, width: int = 1280, scheme: str = "light", script: bool = True,
    places: Places | None = None,
) -> Iterator[Look]:  # fmt: skip
    """Opens the page of a plan from a file, as people do; afterwards it must have said and asked for nothing."""
    file = folder / "plan.html"
    file.write_text(render(plan, places=places), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    look = Look(page=page)
    page.on("console", lambda message: look.said.append(message.text))
    page.on("pageerror", lambda error: look.said.append(str(error)))
    page.on("request", lambda request: look.requests.append(request.url))
    page.on("dialog", look.close)
    page.goto(file.as_uri())
    try:
        yield look
        assert look.said == []
        assert look.requests == [file.as_uri()]
        assert look.dialogs == []
    finally:
        context.close()
