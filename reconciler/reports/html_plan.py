"""HTML: a plan as one page that needs nothing from anywhere: searched, filtered and read in a browser.

What the plan says goes into the page as JSON, and the page's own script makes text of it, never markup. The page forbids
every request, and every script and style but its own (Content Security Policy Level 3, Trusted Types).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.model.plan import Plan
from reconciler.reports.html_document import embedded, page_document
from reconciler.reports.places import Places
from reconciler.reports.sections import parts_of
from reconciler.reports.words import headline


def render(plan: Plan, *, heading: str = "Plan", places: Places | None = None) -> str:
    """The plan as one HTML page. `heading` is what it is called; `places` says how places are shown and linked."""
    environment, style, script = _page()
    intended = [one.change for target in plan.targets for part in parts_of(target) if part.origin != "drift" for one in part.told]  # fmt: skip
    return environment.get_template("page.html").render(
        heading=heading, summary=headline(plan, intended), as_of=plan.as_of, base=str(plan.base) if plan.base else None, digest=plan.digest.removeprefix("sha256:")[:12],
        style=style, style_hash=_hash(style), script=script, script_hash=_hash(script),
        document=embedded(page_document(plan, places or Places(root="desired_state"))),
    )  # fmt: skip


@cache
def _page() -> tuple[Environment, Markup, Markup]:
    """The template, and the page's own style and script, which are as they ship."""
    loader = PackageLoader("reconciler", "reports/page")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    style, script = (Markup(loader.get_source(environment, name)[0]) for name in ("page.css", "page.js"))  # noqa: S704
    return environment, style, script


def _hash(text: str) -> str:
    """A style or script as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
