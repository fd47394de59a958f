"""What people see: the comment, the drift issue and the HTML plan, in a browser; `make pictures` keeps them for docs/."""

from __future__ import annotations

import os
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

from tests.github.world import TOKEN, USERS_FILE, Edit, World, add, edits, retitle
from tests.reports.browsing import chromium
from tests.tool import shared_tool

KEPT = os.environ.get("RECONCILE_PICTURES")
# As GitHub shows Markdown, near enough.
STYLE = """
body { font: 14px/1.5 "Liberation Sans", "DejaVu Sans", sans-serif; color: #1f2328; background: #fff; margin: 24px; width: 900px }
table { border-collapse: collapse; margin: 0 0 16px } td, th { border: 1px solid #d1d9e0; padding: 5px 12px }
code { background: #818b981f; border-radius: 6px; padding: 2px 5px; font: 12px "Liberation Mono", "DejaVu Sans Mono", monospace }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px } pre code { background: none; padding: 0 }
h3 { font-size: 18px } h4, h5 { font-size: 14px; margin: 16px 0 8px } sub { font-size: 11px; color: #59636e }
blockquote { border-left: 4px solid #d1242f; margin: 0 0 16px; padding: 4px 14px } a { color: #0969da; text-decoration: none }
"""


def test_pictures_of_what_people_see(applied: World, tmp_path: Path) -> None:
    world = applied
    leave: Edit = lambda w: w.replace(USERS_FILE, "cid: {", "cid: {accountEnabled: false, ")  # noqa: E731
    assert world.deliver(add("dan")).conclusion == "success"
    pull = world.open_pull(edits(add("eve", "fay"), retitle("Salesman", "Head of Sales"), leave))
    world.change("ada@example.com", title="Chief of Nothing")
    planned = world.plan(pull)
    assert planned.conclusion == "success", planned.log
    world.git("checkout", "--quiet", "--detach", pull.merge)
    page = tmp_path / "plan.html"
    told = shared_tool().run(
        world.repository, ("plan", "--base", "main", "--format", f"html={page}"), {"LIVE_TOKEN": TOKEN}
    )
    assert told.code == 0, str(told)
    world.git("checkout", "--quiet", "main")
    world.schedule("drift.yml")

    folder = Path(KEPT) if KEPT else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 980, "height": 700})
        for name, text in (("comment", world.hub.comment()), ("issue", world.hub.issue()["body"])):
            html = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
            html = html.replace("[!CAUTION]\n", "<b>Caution</b><br>").replace(
                "[!WARNING]\n", "<b>Warning</b><br>"
            )
            tab.set_content(f"<style>{STYLE}</style>{html}")
            shown = tab.inner_text("body")
            assert "What this edit does" in shown if name == "comment" else "not as main declares" in shown
            tab.screenshot(path=folder / f"{name}.png", full_page=True)
        tab.goto(page.as_uri())
        tab.wait_for_selector("#list[aria-busy=false]", state="attached")
        tab.screenshot(path=folder / "plan.png")
        assert "cid@example.com" in tab.inner_text("body")
