"""Every mistake is told with its place and its remedy; the example company has none."""

from pathlib import Path

import pytest
import yaml

from reconciler.edge.documents import read_documents
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.pipeline import built_in_profiles
from reconciler.stages.parse import parse
from reconciler.stages.read import read_yaml

ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests" / "broken").glob("*.yaml"))


@pytest.mark.parametrize("case", BROKEN, ids=lambda path: path.stem)
def test_a_broken_desired_state_is_told_exactly(case: Path) -> None:
    story = yaml.safe_load(case.read_text(encoding="utf-8"))
    documents = [Document(path=path, text=text) for path, text in story["files"].items()]

    with pytest.raises(DesiredStateError) as raised:
        parse(documents, built_in_profiles())

    assert [str(mistake) for mistake in raised.value.mistakes] == story["expect"]


def test_a_literal_secret_is_never_echoed() -> None:
    story = yaml.safe_load((ROOT / "tests" / "broken" / "literal_secret.yaml").read_text(encoding="utf-8"))
    assert not any("hunter2" in line for line in story["expect"])


def test_the_example_company_is_valid() -> None:
    documents, unreadable = read_documents(ROOT, "desired_state")
    state = parse(documents, built_in_profiles())

    assert unreadable == ()
    assert len(state.users) == 30
    assert state.users["ada"].attributes["mail"] == "ada@example.com"
    assert state.users["ada"].attributes["city"] == "London"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("2027-01-01", "2027-01-01"),
        ("12:30", "12:30"),
        ("0x1F", 31),
        ("'5'", "5"),
    ],
)
def test_scalars_are_read_by_yaml_1_2(text: str, expected: object) -> None:
    value, mistakes = read_yaml(Document(path="a.yaml", text=f"key: {text}\n"))

    assert (value, mistakes) == ({"key": expected}, ())


def test_a_number_keeps_how_it_was_written_in_a_text_attribute() -> None:
    text = "users:\n  ada: {employeeId: 010, postalCode: 1.10, department: 42}\n"
    state = parse([Document(path="desired_state/users.yaml", text=text)], built_in_profiles())

    attributes = state.users["ada"].attributes
    assert (attributes["employeeId"], attributes["postalCode"], attributes["department"]) == (
        "010",
        "1.10",
        "42",
    )


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    _, mistakes = read_yaml(Document(path="bomb.yaml", text="\n".join(lines)))

    assert "aliases expand to too much" in mistakes[0].text
