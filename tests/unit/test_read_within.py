"""A character of a text is found in the file, however YAML has the text written."""

import pytest

from reconciler.model.place import Document
from reconciler.stages.read import read_yaml
from reconciler.stages.read_within import locate_within

WRITTEN = {
    "plain": "a:\n  b: Join([x], é ⊗y)\n",
    "single": "a:\n  b: 'Join(''x'', é ⊗y)'\n",
    "double": 'ü: 1\na:\n  b: "Join(\\"x\\",\\u00e9\\x20\\n\\t⊗y)"\n',
    "double over lines": 'a:\n  b: "Join(\\\n     \\"x\\",\n\n    é   ⊗y)"\n',
    "plain over lines": "a:\n  b: Join([x],\n     é\n\n     ⊗y)\n",
    "literal": "a:\n  b: |  # why\n    Join(\n      [x], é\n      ⊗y)\n",
    "folded": "a:\n  b: >-\n\n    Join([x],\n    é ⊗y)\n",
    "windows": "a:\r\n  b: >-\r\n    Join([x],\r\n    é ⊗y)\r\n",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_character_is_found_however_the_text_is_written(text: str) -> None:
    document = Document(path="a.yaml", text=text)
    value, _ = read_yaml(document)
    assert isinstance(value, dict)
    lines = text.split("\n")
    [(line, column)] = [(at, row.index("⊗")) for at, row in enumerate(lines, 1) if "⊗" in row]

    assert locate_within(document, ("a", "b"), value["a"]["b"].index("⊗")) == (line, column + 1)


def test_the_end_of_a_text_is_behind_its_last_character() -> None:
    document = Document(path="a.yaml", text="a: 'x y'\n")

    assert locate_within(document, ("a",), 3) == (1, 8)
    assert locate_within(document, ("a",), 0) == (1, 5)


@pytest.mark.parametrize("text", ["a: &b text\nc: *b\n", "c: [1]\n", "c: ''\n"])
def test_where_the_text_does_not_stand_the_node_is_shown(text: str) -> None:
    assert locate_within(Document(path="a.yaml", text=text), ("c",), 2)[0] == text.count("\n")
