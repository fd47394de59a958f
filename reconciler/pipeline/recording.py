"""Recording: the run log of one target's run; and what a run that writes nothing has to say, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.edge.run_log import RunLog, last_run
from reconciler.model.change import Change, Place
from reconciler.model.digest import digest
from reconciler.model.errors import TargetError
from reconciler.model.finding import Subject
from reconciler.model.request import Outcome
from reconciler.pipeline.planning import Planned
from reconciler.pipeline.world import World
from reconciler.reports.log_record import (
    Course,
    Record,
    end_record,
    finding_records,
    outcome_record,
    run_record,
    staged_record,
    unkept_record,
    why_refused,
)

if TYPE_CHECKING:
    from reconciler.pipeline.acting import Applied


class Recorder:
    """What is written into a run's log, record by record."""

    def __init__(self, log: RunLog, planned: Planned, world: World) -> None:
        session = planned.session
        assert session is not None
        columns = session.columns()
        users = columns["User"]
        self._log, self._plan, self._world = log, planned.plan, world
        self._course = Course(
            matching={type_: tuple(of.all[at].text for at in of.match) for type_, of in columns.items()},
            reference=users.all[users.reference].text if users.reference is not None else None,
            scoping=session.desired.scoping,
        )

    def begin(self, refused: str = "", content: str = "") -> None:
        """What is about to be applied, and what is withheld from it. Raises TargetError if it cannot be written."""
        as_of = f"{self._world.now:%Y-%m-%dT%H:%M:%SZ}"
        try:
            self._write({**run_record(self._plan, as_of, refused), "content": content or None})
            for finding in self._plan.findings:
                for record in finding_records(finding, self._course):
                    self._write(record)
        except OSError as error:
            raise TargetError(f"cannot write a run log: {error.strerror}; nothing was written") from None

    def outcome(self, outcome: Outcome) -> None:
        """What one change came to. Raises OSError where it cannot be written down."""
        self._write(outcome_record(outcome, self._course))

    def staged(self, why: str) -> None:
        """Every change of a refused plan."""
        for change in self._plan.changes:
            self._write(staged_record(change, why, self._course))

    def end(self, applied: Applied) -> None:
        """What is not kept, what was taken and did not happen, and how the run ended."""
        for place in applied.withheld:
            outcome = applied.outcomes.get((place.type, place.key))
            self._write(unkept_record(_subject(place, outcome), place.name, outcome, self._course))
        for change in applied.remaining:
            outcome = applied.outcomes.get((change.type, change.key))
            if outcome is not None and outcome.status == "success":
                self._write(outcome_record(_unkept(change, outcome), self._course))
        self._write(
            end_record(
                succeeded=applied.done, failed=len(applied.remaining) or int(applied.error is not None),
                withheld=len(applied.withheld), reason=applied.broken or str(applied.error or ""),
                code=applied.broken_code or "",
            )
        )  # fmt: skip

    def end_unwritten(self, refused: str) -> None:
        """Nothing was to be written."""
        changes = len(self._plan.changes)
        self._write(end_record(succeeded=0, failed=0, withheld=changes, reason=refused))

    def _write(self, record: Record) -> None:
        self._log.write(record, at=now_text())


def open_log(planned: Planned, world: World) -> RunLog:
    """A new log of the target, with what stands in each of its records. Raises TargetError if it cannot be written."""
    target, plan = planned.target, planned.plan
    commit = world.environ.get("GITHUB_SHA")
    shared: Record = {
        "target": target.name, "jobId": target.name, "initiatedBy": _initiator(world),
        "sourceSystem": {"id": world.desired, "displayName": "desired state", "details": {"digest": plan.desired, "commit": commit}},
        "targetSystem": {"id": target.name, "displayName": target.name, "details": {"url": plan.url, "profile": target.profile.name}},
    }  # fmt: skip
    return RunLog(world.data, f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{target.name}", shared)


def record_unwritten(planned: Planned, world: World) -> str:
    """Logs a plan that is refused, or that only withholds; not again what the target's last log says already.

    Gives a warning where it could not be logged: it stops nothing, for nothing was to be written.
    """
    plan, refused = planned.plan, why_refused(planned.plan)
    withheld = sorted(finding.text for finding in plan.findings if finding.about)
    if planned.session is None or plan.error or not (refused or withheld):
        return ""
    content = digest([plan.digest, refused, withheld])
    last = last_run(world.data, planned.target.name)
    if last is not None and last.get("content") == content:
        return ""
    try:
        with open_log(planned, world) as log:
            recorder = Recorder(log, planned, world)
            recorder.begin(refused, content)
            if refused:
                recorder.staged(refused)
            recorder.end_unwritten(refused)
    except (TargetError, OSError) as error:
        return f"{planned.target.name}: {error}"
    return ""


def now_text() -> str:
    """The present moment, for the run log."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _initiator(world: World) -> Record:
    """Who began this: the workflow's actor, or whoever is logged in here."""
    environ = world.environ
    actor = environ.get("GITHUB_ACTOR")
    if actor:
        return {
            "id": environ.get("GITHUB_RUN_ID"),
            "displayName": actor,
            "initiatorType": "application",
        }
    name = environ.get("USER") or environ.get("LOGNAME")
    return {"id": None, "displayName": name, "initiatorType": "user"}


def _subject(place: Place, outcome: Outcome | None) -> Subject:
    name, id_ = (outcome.change.name, outcome.id) if outcome else (place.key, None)
    return Subject(type=place.type, key=place.key, name=name, id=id_)


def _unkept(change: Change, outcome: Outcome) -> Outcome:
    """What was answered as done, and is not as the read-back shows."""
    text = "the endpoint accepted it, and nothing changed there"
    return replace(
        outcome, change=change, status="failure", code="NotKept", text=text, requests=0, milliseconds=0
    )
