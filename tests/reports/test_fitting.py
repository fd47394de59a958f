"""Fitting: within the limit, whole versions only, and the least important shortened first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.fitting import Block, fit
from tests.fuzz.volume import tries

LETTERS = st.text(alphabet="aä田😀", max_size=40)


def block(weight: int, name: str, *texts: str) -> Block:
    return Block(weight=weight, name=name, versions=tuple(lambda text=text: text for text in texts))  # type: ignore[misc]


blocks = st.lists(
    st.builds(lambda weight, texts: block(weight, f"{weight}", *texts), st.integers(0, 3), st.lists(LETTERS, min_size=1, max_size=4)),
    max_size=8,
)  # fmt: skip


def test_what_fits_is_left_whole() -> None:
    fitted = fit([block(0, "names", "abc", "a"), block(9, "head", "x")], 4, 4)

    assert fitted is not None
    assert (fitted.texts, fitted.shortened) == (("abc", "x"), ())


def test_what_matters_least_goes_first_and_of_that_the_longest() -> None:
    rows = [
        block(5, "lost", "12345", "1"),
        block(1, "short", "123", "1"),
        block(1, "long", "123456789", "12", "1"),
    ]

    fitted = fit(rows, 10, 100)

    assert fitted is not None
    assert fitted.texts == ("12345", "123", "12")
    assert fitted.shortened == ("long",)


def test_bytes_count_as_well_as_characters() -> None:
    fitted = fit([block(0, "names", "田田田", "田")], 3, 8)

    assert fitted is not None
    assert fitted.texts == ("田",)


def test_nothing_is_said_where_even_the_least_is_too_long() -> None:
    assert fit([block(0, "names", "abc", "ab")], 1, 100) is None


@tries(200)
@given(blocks, st.integers(0, 120), st.integers(0, 300))
def test_no_limit_is_ever_broken_and_no_version_is_made_up(
    given_blocks: list[Block], characters: int, octets: int
) -> None:
    fitted = fit(given_blocks, characters, octets)

    if fitted is None:
        least = "".join(one.versions[-1]() for one in given_blocks)
        assert len(least) > characters or len(least.encode()) > octets
        return
    text = "".join(fitted.texts)
    assert len(text) <= characters
    assert len(text.encode()) <= octets
    assert all(
        text in [version() for version in one.versions]
        for text, one in zip(fitted.texts, given_blocks, strict=True)
    )
