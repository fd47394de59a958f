"""A document is read by YAML 1.2's core rules, and by the fast way with exactly the answer of the careful one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.place import Document
from reconciler.stages.read import _read, locate, read_yaml, text_of
from reconciler.stages.read_fast import UNSURE, read_plain

NUMBERS = """0 5 -5 -0 +5 010 00 01.5 0x1F 0X1F -0x1F 0b11 0o17 1_000 .5 5. -.5 +.5 1e3 1E5 1e+5 12e03 1e400 .inf -.INF .NaN inf
123456789012345678 12345678901234567890 123456789012345678901234567890 1.0 1.10 2027-01-04 10.0.0.1 1:30 12:30:45 +44 -- + - .
5- 1e 0x 0o8 0_1""".split()
WORDS = (
    "null Null NULL ~ true True TRUE false False FALSE yes No on NO nULL tRUE y a~ text x:y a#b é 𝔘".split()
)
QUOTED = [
    '"010"',
    "'5'",
    '"a\\tb"',
    "'it''s'",
    '"+44 20 7946 0001"',
    "'{{ mail }}'",
    '"\\u00e9"',
    "'*@example.com'",
    "''",
]
MARKED = [
    "&a x",
    "*a",
    "!tag x",
    "! x",
    "!!str 5",
    "R & D",
    "a * b",
    "Hello !",
    "&",
    "<<",
    "? x",
    "%x",
    "@x",
    "`x",
    "{a: 1}",
    "[1, b]",
]
SCALARS = [*NUMBERS, *WORDS, *QUOTED, *MARKED]
FRAMES = ["a: %s\n", "a: %s", "a: %s # c\n", "a: %s \n", "a: %s\r\n", "%s: x\n", "b: c\n%s: x\n", "a: [x, %s]\n", "a: [%s]\n",
          "{a: %s}", "a: {%s: x}\n", '{"a":%s}', "a:\n- %s\n- b\n", "a:\n  %s\n", "a: text\n  %s\n", "a: |\n  %s\n", "a: >-\n  x\n\n  %s\n",
          "a: '%s'\n", "# %s\na: b\n", "---\na: %s\n", "# c\n---\na: %s\n", "a: %s\n---\n", "a: %s\n...\n", "%%YAML 1.2\n---\na: %s\n",
          "a: b\na: %s\n", "x: {a: 1, a: %s}\n", "a: &k b\nc: %s\n", "\ufeffa: %s\n", "a:\t%s\n", "a: %s\u2028b\n", "a: %s\x85b: c\n", "a: %s\rb: c\n",
          "%s\n", "- %s\n", "a: - %s\n", "a: %s\n b: c\n", "a: {x, %s}\n", "a: [%s,]\n", "a: x%s\n", "? a\n: %s\n", "a : %s\n", "a:\n  - %s\n  -\n", '"1": a\n1: %s\n']  # fmt: skip


def assert_same(text: str) -> bool:
    """The fast way, where it is sure, gives what the careful one gives; says whether it was sure."""
    fast = read_plain(text)
    if fast is UNSURE:
        return False
    careful, _, mistakes = _read(Document(path="a.yaml", text=text))

    assert mistakes == ()
    assert described(fast) == described(careful)
    return True


def described(value: object) -> object:
    """A value with every type, and with the order of keys."""
    if isinstance(value, dict):
        return [(type(key), key, described(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [described(entry) for entry in value]
    return (type(value), text_of(value))


@pytest.mark.parametrize("frame", FRAMES)
def test_an_awkward_document_is_read_alike_by_both_ways(frame: str) -> None:
    for scalar in SCALARS:
        assert_same(frame % scalar)


def test_the_fast_way_takes_what_is_common() -> None:
    texts = [
        "users:\n  ada: {displayName: Ada Lovelace, accountEnabled: false, manager: ~}\n",
        '# people\n---\nusers:\n  1001:\n    employeeHireDate: 2027-01-04\n    mobile: "+44 20 7946 0001"\n    count: 5\n',
        "users:\r\n  ada:\r\n    mail: ada@example.com\r\n    department: R & D\r\n",
        "defaults: {mail: '{{ userPrincipalName }}'}\nusers: {}\n",
    ]

    assert [assert_same(text) for text in texts] == [True] * len(texts)


lines = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["", "- ", "- - ", "a: ", "b: ", "c: - ", '"d": ', "{", "[", "? ", ": ", "# "]),
        st.sampled_from(SCALARS),
        st.sampled_from(["", ":", ",", "}", "]", ": x", " # c", ", a: 1}", ", 010]"]),
    ).map(lambda parts: " " * parts[0] + "".join(parts[1:])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=600, deadline=None)
@given(lines, st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"]))
def test_any_document_is_read_alike_by_both_ways(parts: list[str], end: str) -> None:
    assert_same(end.join(parts) + end)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab01:-+.,[]{}&*!?|>'\"# \n\r\t\x85\u2028~%<", max_size=40))
def test_any_text_is_read_alike_by_both_ways(text: str) -> None:
    assert_same(text)
    assert_same(f"a:\n  {text}\n")


@pytest.mark.parametrize("depth", [49, 50, 51, 52, 130])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_both_ways_stop_at_the_same_depth(left: str, right: str, depth: int) -> None:
    text = f"a: {left * depth}x{right * depth}\n" if right else f"a:\n{left * depth}x\n"
    careful = _read(Document(path="a.yaml", text=text))[2]

    assert assert_same(text) is (not careful)
    assert bool(careful) is (depth > 50)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"), ("on", "on"), ("true", True), ("~", None), ("2027-01-01", "2027-01-01"), ("12:30", "12:30"),
        ("0x1F", 31), ("0o17", 15), ("'5'", "5"), ("5", 5), ("1e400", "1e400"), (".inf", ".inf"), ("010", 10), ("1.5", 1.5),
    ],
)  # fmt: skip
def test_scalars_are_read_by_yaml_1_2(text: str, expected: object) -> None:
    value, mistakes = read_yaml(Document(path="a.yaml", text=f"key: {text}\n"))

    assert (value, mistakes) == ({"key": expected}, ())


def test_keys_are_text() -> None:
    value, _ = read_yaml(Document(path="a.yaml", text="1001: a\ntrue: b\n~: c\n010: d\n"))

    assert value == {"1001": "a", "true": "b", "~": "c", "010": "d"}


def test_a_number_keeps_how_it_was_written() -> None:
    value, _ = read_yaml(Document(path="a.yaml", text="[010, 1.10, 0x1F, +5]"))

    assert isinstance(value, list)
    assert [text_of(entry) for entry in value] == ["010", "1.10", "0x1F", "+5"]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    _, mistakes = read_yaml(Document(path="bomb.yaml", text="\n".join(lines)))

    assert "aliases expand to too much" in mistakes[0].text


def test_an_alias_stands_for_its_anchor() -> None:
    value, mistakes = read_yaml(Document(path="a.yaml", text="a: &x [1]\nb: *x\n"))

    assert (value, mistakes) == ({"a": [1], "b": [1]}, ())


def test_a_place_is_that_of_a_key_or_of_the_nearest_parent() -> None:
    document = Document(path="a.yaml", text="# c\n  \n  users:\n    ada: {mail: x,\n      tags: [a, b]}\n")
    paths = [
        ("users",),
        ("users", "ada"),
        ("users", "ada", "tags"),
        ("users", "ada", "tags", 1),
        ("users", "bob"),
    ]

    assert [locate(document, path) for path in paths] == [(3, 3), (4, 5), (5, 7), (5, 17), (3, 3)]
