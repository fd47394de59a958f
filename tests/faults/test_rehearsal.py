"""Without faults everything is as declared after one apply; otherwise no other test here would mean anything."""

from tests.faults.bench import Bench, rehearse


def test_an_apply_without_faults_leaves_nothing_to_do(bench: Bench) -> None:
    assert len(bench.plan()["targets"][0]["changes"]) == bench.company.size
    boundaries = rehearse(bench)
    writes = [boundary for boundary in boundaries if boundary.counting == "writes"]

    bench.assert_rest(bench.apply())
    assert len(writes) == bench.company.size, "one write for each changed resource"
