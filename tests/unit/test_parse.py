"""Every mistake is told with its place and its remedy; the example company has none."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reconciler.edge.documents import read_documents
from reconciler.edge.shipped import read_shipped
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.pipeline import built_in_profiles
from reconciler.stages.parse import build_shapes, named_profiles, parse

ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests" / "broken").glob("*.yaml"))
SHAPES = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))


def parsed(files: Mapping[str, str]) -> DesiredState:
    """The desired state of files; those outside of desired_state/ are profiles, and absent where nobody wrote them."""
    documents = [
        Document(path=path, text=text) for path, text in files.items() if path.startswith("desired_state/")
    ]
    named = named_profiles(documents)
    profiles = {
        path: Document(path=path, text=files[path])
        if path in files
        else "is no file; write a path from the top of the checkout"
        for path in named
    }
    return parse(documents, built_in_profiles(), shapes=SHAPES, profile_files=profiles)


def told(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(DesiredStateError) as raised:
        parsed(files)
    return [str(mistake) for mistake in raised.value.mistakes]


@pytest.mark.parametrize("case", BROKEN, ids=lambda path: path.stem)
def test_a_broken_desired_state_is_told_exactly(case: Path) -> None:
    story = yaml.safe_load(case.read_text(encoding="utf-8"))

    assert told(story["files"]) == story["expect"]


def test_no_message_echoes_a_secret() -> None:
    lines = [line for case in BROKEN for line in yaml.safe_load(case.read_text(encoding="utf-8"))["expect"]]

    assert not any("hunter2" in line for line in lines)


def test_the_example_company_is_valid() -> None:
    documents, unreadable = read_documents(ROOT, "desired_state")
    state = parse(documents, built_in_profiles(), shapes=SHAPES)

    assert unreadable == ()
    assert len(state.users) == 30
    assert state.users["ada"].attributes["mail"] == "ada@example.com"
    assert state.users["ada"].attributes["city"] == "London"


def test_a_number_keeps_how_it_was_written_in_a_text_attribute() -> None:
    text = "users:\n  ada: {employeeId: 010, postalCode: 1.10, department: 42}\n"
    state = parsed({"desired_state/users.yaml": text})

    attributes = state.users["ada"].attributes
    assert (attributes["employeeId"], attributes["postalCode"], attributes["department"]) == (
        "010",
        "1.10",
        "42",
    )
