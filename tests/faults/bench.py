"""One case: a seeded endpoint, the proxy before it, the desired state, and the command line run on it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.company import Company, Live, losses, sort_live
from tests.faults.faults import TIMEOUT
from tests.faults.logs import Logs, read_logs, untruths
from tests.faults.proxy import Counting, Fault, Proxy
from tests.properties.bench import TOKEN, Strict
from tests.tool import Result, Run, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A request of an apply, by its number among those of its kind."""

    name: str
    counting: Counting
    number: int


@dataclass(slots=True, kw_only=True)
class Bench:
    """What a test of one fault works with; nothing of it outlives the test."""

    tool: Tool
    base: Path
    company: Company
    proxy: Proxy
    _endpoint: Strict
    first: Live = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.live()

    def live(self) -> Live:
        """What the endpoint holds, read past the proxy."""
        return sort_live(self._endpoint.contents())

    def start(self, *arguments: str) -> Run:
        """Start a command."""
        return self.tool.start(self.base, arguments, {"SCIM_TOKEN": TOKEN})

    def run(self, *arguments: str) -> Result:
        """Run a command to its end."""
        return self.start(*arguments).wait()

    def apply(self) -> Result:
        """Apply, whoever asks; then hold the log and the endpoint against what happened."""
        before, known, since = self.live(), read_logs(self.base), len(self.proxy.records)
        run = self.start("apply", "--yes")
        self.proxy.aim_at(run.pid)
        return self.check(run.wait(), before, known, since)

    def apply_under(self, fault: Fault, at: Boundary) -> Result:
        """Apply while `fault` strikes at that request; fails if it is never made."""
        self.proxy.arm(fault, at.number, at.counting)
        result = self.apply()
        assert self.proxy.has_struck, f"{at.name} was never made\n{result}"
        return result

    def check(self, result: Result, before: Live, known: Logs, since: int) -> Result:
        """Fails unless a run did no harm and its log is true and its exit code fits."""
        self.proxy.settle()
        after = self.live()
        logs = {name: lines for name, lines in read_logs(self.base).items() if name not in known}
        wrong = losses(self.company, before, after, is_finished=result.code == 0)
        wrong += untruths(logs, before, after)
        writes = [record for record in self.proxy.records[since:] if record.is_write]
        has_written = any(record.may_have_written for record in writes)
        if has_written and not logs:
            wrong.append("something was written and no log says so")
        fitting = {0, 5} if has_written else {0, 1, 5} if writes else {0, 1, 6, 130}
        if result.code >= 0 and result.code not in fitting:
            wrong.append(f"exit {result.code} after {len(writes)} writes; fitting is one of {fitting}")
        if result.code in (0, 5) and not all(lines[-1].get("record") == "end" for lines in logs.values()):
            wrong.append("a log has no end")
        if "Traceback" in result.err or "internal error" in result.err:
            wrong.append("an internal error came out")
        if TOKEN in result.out + result.err + json.dumps(logs):
            wrong.append("the token came out")
        assert not wrong, "\n".join([*wrong, str(result), *self.story()])
        return result

    def story(self) -> list[str]:
        """The requests so far, one a line."""
        return [
            f"{r.number}/{r.write_number} {r.method} {r.path} {r.status} {'' if r.forwarded else 'not forwarded '}{r.fault}"
            for r in self.proxy.records
        ]

    def converge(self, first: Result, most: int = 2) -> int:
        """How many further applies without faults it takes; fails unless all is as declared then, and plan says so."""
        self.proxy.heal()
        results = [first]
        while results[-1].code != 0 and len(results) <= most:
            results.append(self.apply())
        self.assert_rest(*results)
        return len(results) - 1

    def assert_rest(self, *results: Result) -> None:
        """Fails unless the endpoint is as declared and the plan is empty."""
        said = "\n".join(map(str, results))
        assert results[-1].code == 0, said
        assert losses(self.company, self.first, self.live(), is_finished=True) == [], said
        plan = self.run("plan", "--detailed-exitcode")
        assert plan.code == 0, f"{said}\n{plan}"
        assert "no changes" in plan.out

    def plan(self) -> dict[str, Any]:
        """The plan as JSON."""
        result = self.run("plan", "--format", "json")
        plan: dict[str, Any] = json.loads(result.out)
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What outlives a test and serves one at a time: the command line, an endpoint, the proxy before it."""

    tool: Tool
    endpoint: Strict
    proxy: Proxy

    def bench(self, base: Path, company: Company, *, concurrency: int = 4) -> Bench:
        """A bench whose endpoint holds what was live before, and nothing else."""
        self.endpoint.hold(company.live_documents())
        self.proxy.heal()
        company.write(base, f"http://127.0.0.1:{self.proxy.port}/v2", TIMEOUT, concurrency)
        return Bench(tool=self.tool, base=base, company=company, proxy=self.proxy, _endpoint=self.endpoint)


def rehearse(bench: Bench) -> list[Boundary]:
    """Every request of an apply without faults, writes by their number among the writes."""
    bench.proxy.heal()
    result = bench.apply()
    assert result.code == 0, str(result)
    boundaries = []
    for record in bench.proxy.records:
        name = f"{record.method} {record.path.partition('?')[0]}"
        counting: Counting = "writes" if record.is_write else "requests"
        number = record.write_number if record.is_write else record.number
        boundaries.append(
            Boundary(name=f"{counting[:-1]} {number}: {name}", counting=counting, number=number)
        )
    return boundaries
