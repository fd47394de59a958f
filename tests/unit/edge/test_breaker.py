"""When a run is stopped: Entra's worked cases (research: entra 6), and what small tenants need beside them."""

from __future__ import annotations

import pytest

from reconciler.edge.breaker import Breaker
from reconciler.model.codes import SCIM
from reconciler.model.request import Outcome
from tests.unit.stages.words import change

CHANGE = change("update", "ada")
DONE = Outcome(change=CHANGE, id="1", status="success", http_status=200)
REFERENCE = Outcome(
    change=CHANGE, id="1", status="failure", code="UnableToResolveReferenceAttributeValue", requests=0
)
WITHHELD = Outcome(change=CHANGE, id="1", status="skipped", code="Interrupted", requests=0)
PROPORTION, BASE, TOTAL, AT_ONCE = (
    "EncounteredEscrowProportionThreshold", "EncounteredBaseEscrowThreshold", "EncounteredTotalEscrowThreshold",
    "EncounteredQuarantineException",
)  # fmt: skip


def failure(http: int = 429, code: str = "TooManyRequests") -> Outcome:
    return Outcome(change=CHANGE, id="1", status="failure", http_status=http, code=code, text="no")


def run(*counts: tuple[Outcome, int]) -> Breaker:
    """A run in which these outcomes come as evenly mixed as they can be."""
    breaker, total = Breaker(), sum(count for _, count in counts)
    due = [0.0] * len(counts)
    for _ in range(total):
        for at, (_, count) in enumerate(counts):
            due[at] += count / total
        at = due.index(max(due))
        due[at] -= 1
        breaker.count(counts[at][0])
        if breaker.is_open:
            break
    return breaker


@pytest.mark.parametrize(
    ("failed", "references", "done", "expected"),
    [
        # Entra's own cases
        (45_000, 0, 100_000, BASE),
        (30_000, 0, 5_000, PROPORTION),
        (20_000, 0, 100_000, None),
        (40_000, 21_000, 100_000, TOTAL),
        (4_000, 0, 100_000, None),
        # Entra lets 4,000 failures of 4,000 pass, and so a small tenant fails for ever: we do not
        (4_000, 0, 0, PROPORTION),
        # as small as it gets
        (20, 0, 0, PROPORTION),
        (19, 0, 0, None),
        (8, 0, 12, None),
        (9, 0, 11, PROPORTION),
        (41, 0, 59, PROPORTION),
        # who waits for somebody else counts for nothing but the total
        (0, 1_000, 10, None),
        (5, 1_000, 20, None),
        (0, 60_001, 0, TOTAL),
        (40_000, 0, 100_000, None),
    ],
)  # fmt: skip
def test_the_thresholds_are_entras_from_twenty_events_on(
    failed: int, references: int, done: int, expected: str | None
) -> None:
    breaker = run((failure(), failed), (REFERENCE, references), (DONE, done))

    assert breaker.code == expected
    assert breaker.is_open is (expected is not None)
    assert bool(breaker.reason) is (expected is not None)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([failure(401, "Unauthorized")], "refuses the credentials"),
        ([DONE] * 50 + [failure(401, "Unauthorized")], "refuses the credentials"),
        ([failure(0, f"{SCIM}InvalidCredentials")], "refuses the credentials"),
        ([failure(0, "Timeout")] * 4, "does not answer any more"),
        ([failure(0, f"{SCIM}ServiceIncompatible")] * 4, "is no SCIM endpoint"),
        ([failure(403, "InsufficientRights")] * 10, "may read and not write"),
    ],
)
def test_credentials_and_silence_stop_a_run_however_little_failed(
    outcomes: list[Outcome], expected: str
) -> None:
    breaker = Breaker()
    for outcome in outcomes:
        assert not breaker.is_open
        breaker.count(outcome)

    assert breaker.code == AT_ONCE
    assert expected in breaker.reason


@pytest.mark.parametrize(
    "outcomes",
    [
        [failure(0, "Timeout")] * 3,
        [failure(0, "Timeout"), DONE] * 9,
        [failure(403, "InsufficientRights")] * 9,
        [DONE, *[failure(403, "InsufficientRights")] * 12],
        [failure(409, "EntryConflict")] * 100,
        [WITHHELD] * 100,
    ],
)
def test_less_than_that_stops_nothing(outcomes: list[Outcome]) -> None:
    breaker = Breaker()
    for outcome in outcomes:
        breaker.count(outcome)

    assert not breaker.is_open
    assert breaker.code is None


def test_it_stays_open_for_its_first_reason() -> None:
    breaker = run((failure(), 20))
    first = breaker.reason
    breaker.count(failure(401, "Unauthorized"))

    assert (breaker.code, breaker.reason) == (PROPORTION, first)
