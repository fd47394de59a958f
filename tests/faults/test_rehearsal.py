"""Without faults everything is as declared after one apply; otherwise no other test here would mean anything."""

import json
from copy import deepcopy

from tests.faults.bench import Bench, rehearse
from tests.faults.company import Document, Live, losses
from tests.faults.logs import read_logs, untruths


def test_an_apply_without_faults_leaves_nothing_to_do(bench: Bench) -> None:
    assert len(bench.plan()["targets"][0]["changes"]) == bench.company.size
    boundaries = rehearse(bench)
    writes = [boundary for boundary in boundaries if boundary.counting == "writes"]

    bench.assert_rest(bench.apply())
    assert len(writes) == bench.company.size, "one write for each changed resource"


def _off(live: Live) -> None:
    _of(live.users, "stay0")["active"] = False


def _twice(live: Live) -> None:
    live.groups["another"] = dict(_of(live.groups, "fresh0"))


def _orphan(live: Live) -> None:
    live.users["another"] = {"userName": "stranger@example.com"}


def _gone(live: Live) -> None:
    del live.users[_of(live.users, "stay1")["id"]]


def _member(live: Live) -> None:
    _of(live.groups, "fresh0")["members"].pop()


def _guest(live: Live) -> None:
    next(row for row in live.users.values() if "externalId" not in row)["title"] = "Director"


def _of(rows: dict[str, Document], key: str) -> Document:
    return next(row for row in rows.values() if row.get("externalId") == key)


def test_the_oracle_sees_what_is_lost(bench: Bench) -> None:
    assert bench.apply().code == 0
    after = bench.live()
    assert losses(bench.company, bench.first, after, is_finished=True) == []

    for tamper in (_off, _twice, _orphan, _gone, _member, _guest):
        tampered = deepcopy(after)
        tamper(tampered)
        assert losses(bench.company, bench.first, tampered, is_finished=True) != [], tamper.__name__


def test_the_logs_are_held_against_the_endpoint(bench: Bench) -> None:
    assert bench.apply().code == 0
    logs, after = read_logs(bench.base), bench.live()
    assert untruths(logs, bench.first, after) == []

    for lines in logs.values():
        outcomes = [line for line in lines if line["record"] == "outcome"]
        silent = {name: [line for line in lines if line is not outcomes[0]] for name in logs}
        assert untruths(silent, bench.first, after) != [], json.dumps(outcomes[0])
    assert untruths(logs, bench.first, bench.first) != [], "nothing of what is logged is there"
