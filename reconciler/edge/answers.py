"""Answers: the body of an answer, bounded; what it says where it is a refusal (RFC 7644 section 3.12)."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from reconciler.edge.trust import host
from reconciler.model.codes import SCIM, code_of_answer
from reconciler.model.errors import Refused, TransportError
from reconciler.model.neutral import neutral

# A whole directory in one page, as endpoints that ignore `count` give it: 100,000 users of 2.5 kB.
LARGEST_BODY = 256 * 1024 * 1024
CODINGS = ("identity", "gzip", "x-gzip", "deflate")
# Of the body as it came, not as it is read.
FRAMING = (b"content-encoding", b"content-length", b"transfer-encoding")
NO_SCIM = f"{SCIM}ServiceIncompatible"


async def exchange(
    connection: httpx.AsyncClient, request: httpx.Request, *, largest: int = LARGEST_BODY
) -> httpx.Response:
    """The answer with its body, which is read as far as `largest` bytes after decompression.

    Raises TransportError for a larger one, or one that is compressed in a way that nobody asked for.
    """
    response = await connection.send(request, stream=True)
    try:
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in CODINGS:  # several at once multiply, and one chunk may become anything
            raise TransportError(
                f"{_asked(request)}: the answer is compressed as {neutral(coding[:50])}, which nobody asked for",
                code=NO_SCIM,
            )
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > largest:
                raise TransportError(
                    f"{_asked(request)}: the answer is larger than {largest:,} bytes; it was not read to its end",
                    code=NO_SCIM,
                )
            parts.append(part)
    finally:
        await response.aclose()
    plain = [(name, value) for name, value in response.headers.raw if name.lower() not in FRAMING]
    return httpx.Response(response.status_code, headers=plain, content=b"".join(parts), request=request)


def _asked(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def decoded(response: httpx.Response) -> dict[str, Any] | None:
    """The JSON object of an answer, or None where there is none."""
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def refusal(method: str, path: str, response: httpx.Response, token: str | None) -> Refused | TransportError:
    """What a refusal says, in words that help; the token is taken out of what the endpoint repeats."""
    status = response.status_code
    if status < 400:
        where = host(response.headers.get("location", "")) or "nowhere"
        return TransportError(
            f"{method} {path}: redirected (status {status}) to {where}; the token is not carried elsewhere: correct the url"
        )
    body = decoded(response) or {}
    said = str(body.get("detail") or "")
    detail = neutral((said.replace(token, "[token]") if token else said)[:500])
    words = {
        401: "the token is refused: renew it", 403: f"the token may not do this ({detail})" if detail else "the token may not do this",
        429: "too many requests, for too long",
    }.get(status, detail or "refused")  # fmt: skip
    named = neutral(str(body.get("scimType") or "")[:100])
    return Refused(
        f"{method} {path}: status {status}: {words}",
        status=status,
        scim_type=named or None,
        detail=detail,
        code=code_of_answer(status, named, detail, is_creation=method == "POST"),
    )


def no_answer_code(error: Exception) -> str:
    """The code of a request that nobody answered."""
    is_slow = isinstance(error, httpx.TimeoutException | TimeoutError)
    return "Timeout" if is_slow else "WebExceptionProtocolError"
