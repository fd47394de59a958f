"""API: comments, issues, runs and artifacts of one repository (docs.github.com/rest; research: actions 2.4, 4.3 to 4.5).

The base url is the runner's (`GITHUB_API_URL`), so that GitHub Enterprise Server works as well. What was refused for
haste is sent again as told; what may have been created is never sent twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.model.errors import ReconcilerError
from reconciler.model.neutral import neutral

TRIES = 5
LONGEST_WAIT = 60.0  # seconds; who is told to wait longer fails, and a run can be started again
LARGEST_ARTIFACT = 64 * 1024 * 1024  # bytes; 100,000 atoms are 17 MB of manifest
LARGEST_ANSWER = 32 * 1024 * 1024
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "scim-reconciler",
}
Json = dict[str, Any]


class GitHubError(ReconcilerError):
    """GitHub refused, or never answered; `status` is 0 where no answer came."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class GitHub:
    """One repository's comments, issues, pull requests, runs and artifacts."""

    def __init__(self, client: httpx.Client, repository: str) -> None:
        self._client = client
        self._base = f"/repos/{repository}"

    def repository(self) -> Json:
        """The repository itself; `private` says who can read what is written there."""
        return self._object("GET", self._base)

    def comments(self, number: int) -> Iterator[Json]:
        """The comments of an issue or pull request, oldest first."""
        return self._pages(f"{self._base}/issues/{number}/comments")

    def create_comment(self, number: int, body: str) -> Json:
        """A new comment, of which people are notified."""
        return self._object("POST", f"{self._base}/issues/{number}/comments", {"body": body})

    def update_comment(self, id_: int, body: str) -> Json:
        """Edits a comment; nobody is notified."""
        return self._object("PATCH", f"{self._base}/issues/comments/{id_}", {"body": body})

    def issues(self, label: str) -> Iterator[Json]:
        """Every issue with that label, open or closed, but no pull request."""
        found = self._pages(f"{self._base}/issues", {"state": "all", "labels": label})
        return (issue for issue in found if "pull_request" not in issue)

    def create_issue(self, title: str, body: str, label: str) -> Json:
        """A new issue."""
        return self._object("POST", f"{self._base}/issues", {"title": title, "body": body, "labels": [label]})

    def update_issue(self, number: int, changes: Json) -> Json:
        """Edits an issue: `body`, `state`, `state_reason`."""
        return self._object("PATCH", f"{self._base}/issues/{number}", changes)

    def pulls_of(self, commit: str) -> list[Json]:
        """The pull requests that a commit belongs to."""
        return list(self._pages(f"{self._base}/commits/{commit}/pulls"))

    def runs(self, workflow: str, **filters: str) -> list[Json]:
        """The runs of a workflow's file, newest first."""
        path = f"{self._base}/actions/workflows/{workflow}/runs"
        return list(self._pages(path, filters, key="workflow_runs"))

    def artifacts(self, run: int) -> list[Json]:
        """The artifacts of a run."""
        return list(self._pages(f"{self._base}/actions/runs/{run}/artifacts", key="artifacts"))

    def download(self, artifact: int) -> bytes:
        """An artifact as a zip file. The token stays with GitHub: where it is kept, the address is the permission."""
        response = self._send("GET", f"{self._base}/actions/artifacts/{artifact}/zip")
        if response.status_code in (301, 302, 307, 308):
            response = self._elsewhere(response)
        if len(response.content) > LARGEST_ARTIFACT:
            raise GitHubError(f"artifact {artifact} is larger than {LARGEST_ARTIFACT:,} bytes")
        return response.content

    def _elsewhere(self, response: httpx.Response) -> httpx.Response:
        there = response.headers.get("location", "")
        parts, here = urlsplit(there), urlsplit(str(self._client.base_url))
        if parts.scheme != "https" and (parts.scheme, parts.hostname) != (here.scheme, here.hostname):
            raise GitHubError("an artifact is said to be kept where plain http leads; it was not fetched")
        request = httpx.Request("GET", there, headers={"User-Agent": HEADERS["User-Agent"]})
        try:
            found = self._client.send(request, auth=None)
        except httpx.HTTPError as error:
            raise GitHubError(f"an artifact cannot be fetched: {type(error).__name__}") from None
        if found.status_code != 200:
            raise GitHubError(
                f"an artifact cannot be fetched: status {found.status_code}", status=found.status_code
            )
        return found

    def _pages(self, path: str, params: dict[str, str] | None = None, *, key: str = "") -> Iterator[Json]:
        number = 1
        while True:
            response = self._send(
                "GET", path, params={**(params or {}), "per_page": "100", "page": str(number)}
            )
            found = _json(response)
            rows = found.get(key, []) if key and isinstance(found, dict) else found
            if not isinstance(rows, list):
                raise GitHubError(f"GET {path}: the answer is no list")
            yield from (row for row in rows if isinstance(row, dict))
            if 'rel="next"' not in response.headers.get("link", "") or not rows:
                return
            number += 1

    def _object(self, method: str, path: str, body: Json | None = None) -> Json:
        found = _json(self._send(method, path, body=body))
        if not isinstance(found, dict):
            raise GitHubError(f"{method} {path}: the answer is no JSON object")
        return found

    def _send(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: Json | None = None
    ) -> httpx.Response:
        attempt = 0
        while True:
            answer, wait = self._once(method, path, params, body, attempt)
            attempt += 1
            if isinstance(answer, httpx.Response):
                return answer
            if wait is None or wait > LONGEST_WAIT or attempt == TRIES:
                raise answer
            time.sleep(wait)

    def _once(
        self, method: str, path: str, params: dict[str, str] | None, body: Json | None, attempt: int
    ) -> tuple[httpx.Response | GitHubError, float | None]:
        """The answer; or what went wrong, and in how many seconds it is worth another try (None: never)."""
        try:
            response = self._client.request(method, path, params=params, json=body)
        except httpx.ConnectError as error:
            text = f"{method} {path}: GitHub cannot be reached ({type(error).__name__})"
            return GitHubError(text), 0.5 * 2**attempt
        except httpx.HTTPError as error:
            text = f"{method} {path}: no answer ({type(error).__name__})"
            return GitHubError(text), None if method == "POST" else 0.5 * 2**attempt
        if response.status_code < 400:
            return response, None
        return _refusal(method, path, response), _wait(method, response, attempt)


@contextmanager
def open_github(api: str, repository: str, token: str) -> Iterator[GitHub]:
    """The API of that repository. Raises GitHubError for an address to which no token may go."""
    parts = urlsplit(api)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise GitHubError("GITHUB_API_URL is no https url; the token was sent nowhere")
    if not token:
        raise GitHubError(
            "GITHUB_TOKEN is not set; pass the job's token: env: {GITHUB_TOKEN: ${{ github.token }}}"
        )
    headers = {**HEADERS, "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=api, headers=headers, timeout=30, follow_redirects=False) as client:
        yield GitHub(client, repository)


def _json(response: httpx.Response) -> Any:
    if len(response.content) > LARGEST_ANSWER:
        raise GitHubError(f"GitHub's answer is larger than {LARGEST_ANSWER:,} bytes")
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise GitHubError("GitHub's answer is no JSON") from None


def _wait(method: str, response: httpx.Response, attempt: int) -> float | None:
    """Seconds until it is worth another try; None if it is not (docs: rate limits for the REST API)."""
    status, headers = response.status_code, response.headers
    is_haste = status == 429 or (
        status == 403 and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0")
    )
    if not is_haste and status == 403 and "rate limit" in response.text.lower():
        is_haste = True
    if is_haste:
        return _seconds(headers.get("retry-after"), default=1.0 * 2**attempt)
    if status in (502, 503, 504) or (status == 500 and method == "GET"):
        return None if method == "POST" and status != 503 else 0.5 * 2**attempt
    return None


def _seconds(text: str | None, *, default: float) -> float:
    try:
        return max(0.0, float(text)) if text else default
    except ValueError:
        return default


def _refusal(method: str, path: str, response: httpx.Response) -> GitHubError:
    status = response.status_code
    try:
        found = response.json()
        said = str(found.get("message", "")) if isinstance(found, dict) else ""
    except (ValueError, RecursionError):
        said = ""
    hint = {
        401: "the token is refused or has expired",
        403: "the job's `permissions:` do not allow it",
        404: "it does not exist, or the job's `permissions:` hide it",
        410: "issues are switched off in this repository",
    }.get(status, "refused")  # fmt: skip
    return GitHubError(f"{method} {path}: status {status}: {hint} ({neutral(said[:200])})", status=status)
