"""What is printed of hostile values obeys nobody's terminal and no build log (DESIGN 7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.hostile import NASTY, PLACE, assert_neutral
from tests.fuzz.raw_server import answer, raw_server
from tests.fuzz.small_endpoint import Document, declare, small_endpoint
from tests.fuzz.volume import tried
from tests.tool import Result, Tool

SECRET = {"SCIM_TOKEN": "a-token"}
SOME = tuple(text for text in NASTY if len(text) < 200)


def people(texts: tuple[str, ...]) -> Document:
    """Users who differ from their live selves in every way, with these texts in every place."""
    return {
        f"u{number}": {"userPrincipalName": f"u{number}@example.com{text.strip()}", "displayName": text, "jobTitle": f"new {text}"}
        for number, text in enumerate(texts)
    }  # fmt: skip


def live(texts: tuple[str, ...]) -> tuple[Document, ...]:
    """The same users as the endpoint holds them, some of them others' and some vanished."""
    rows: list[Document] = []
    for number, text in enumerate(texts):
        owned = {"externalId": f"u{number}" if number % 3 else f"gone {text}"}
        rows.append({
            "id": f"{number} {text}", "userName": f"u{number}@example.com{text}", "displayName": f"old {text}", "title": text,
            "active": True, "meta": {"version": text}, **(owned if number % 5 else {}),
        })  # fmt: skip
    return tuple(rows)


def teams(texts: tuple[str, ...]) -> Document:
    return {
        f"g{number}": {"displayName": f"{number}{text}", "members": [f"u{number}"]}
        for number, text in enumerate(texts)
    }


def live_teams(texts: tuple[str, ...]) -> tuple[Document, ...]:
    return tuple(
        {"id": f"g{number}{text}", "externalId": f"g{number}", "displayName": text or "x", "members": [{"value": f"{number + 1} {texts[(number + 1) % len(texts)]}"}]}
        for number, text in enumerate(texts)
    )  # fmt: skip


def check(result: Result, *, is_json: bool = False) -> Result:
    """Neutral, and no traceback; JSON escapes by its own rules."""
    assert "Traceback" not in result.err, str(result)
    assert "internal error" not in result.err, str(result)
    assert_neutral(result.err)
    if not is_json:
        assert_neutral(result.out)
    tried("command with hostile values everywhere")
    return result


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("plan", "--requests"),
        ("drift",),
        ("plan", "--format", "markdown"),
        ("drift", "--format", "html"),
        ("explain", "user:u1"),
        ("explain", "group:g1"),
        ("plan", "--only", "user:u2"),
    ],
    ids=" ".join,
)
def test_what_commands_print_of_hostile_values_is_neutral(
    command: tuple[str, ...], tool: Tool, tmp_path: Path
) -> None:
    with small_endpoint(live(SOME), live_teams(SOME)) as server:
        declare(tmp_path, server.url, people(SOME), teams(SOME))
        result = check(tool.run(tmp_path, command, SECRET))

        assert result.code in (0, 2), str(result)
        assert server.writes == []


@pytest.mark.parametrize("text", SOME, ids=repr)
def test_what_validate_prints_of_hostile_mistakes_is_neutral(text: str, tool: Tool, tmp_path: Path) -> None:
    users = {
        "u1": {
            text or "x": text,
            "manager": text,
            "location": text,
            "employeeHireDate": text,
            "accountEnabled": text,
        },
        f"x{text}": {},
    }
    mapping = {"template": "{{ " + text + " }}"}
    declare(
        tmp_path,
        text,
        users,
        {"g": {"members": [text], "owners": [text], "membershipRule": {"jobTitle": {text or "x": text}}}},
        profile=text,
        auth={"bearer": text},
    )
    (tmp_path / "desired_state" / "mappings.yaml").write_text(
        json.dumps(
            {
                "mappings": {
                    "plain": {
                        "users": {
                            "match": [text],
                            "attributes": {text: text, "title": mapping, f"urn:{text}:a": "mail"},
                        }
                    }
                }
            }
        )
    )
    (tmp_path / "desired_state" / "scopes.yaml").write_text(
        f"scopes: {{s: {{jobTitle: {{matches: '({json.dumps(text)[1:-1]}('}}}}}}"
    )

    result = check(tool.run(tmp_path, ("validate",), {}))

    assert result.code == 1, str(result)
    for line in result.out.splitlines():
        assert PLACE.fullmatch(line), line


@pytest.mark.parametrize(
    "name",
    ["a\n::error::b.yaml", "a\u202eb.yaml", "\x1b[31m.yaml", "::error::.yaml", "##[error].yaml", "a b.yaml"],
    ids=repr,
)
def test_what_validate_prints_of_hostile_file_names_is_neutral(name: str, tool: Tool, tmp_path: Path) -> None:
    declare(tmp_path, "https://scim.example.com")
    folder = tmp_path / "desired_state" / "users"
    folder.mkdir()
    (folder / name).write_text("users: 1")

    result = check(tool.run(tmp_path, ("validate",), {}))

    assert result.code == 1
    assert PLACE.match(result.out)


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 No", "404 No", "302 Go"])
@pytest.mark.parametrize(
    "text", ["\n::error::b\n##[error]c\x1b[31m\u202e", "::error::b"], ids=["everything", "a command"]
)
def test_the_words_of_an_endpoint_that_refuses_to_be_read_are_neutral(
    text: str, status: str, tool: Tool, tmp_path: Path
) -> None:
    headers = [("Location", f"https://x/{text!r}"), ("Content-Type", text.replace("\n", ""))]
    said = answer({"detail": text, "scimType": text}, status, headers)
    with raw_server(lambda method, path: said) as server:
        declare(tmp_path, server.url)

        for command in (("plan",), ("drift",), ("explain", "user:ada"), ("apply", "--yes")):
            result = check(tool.run(tmp_path, command, SECRET))
            assert result.code == 1, str(result)
        assert server.writes == []
