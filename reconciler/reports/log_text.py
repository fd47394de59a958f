"""Log, text: runs, one run and single outcomes as people read them in a terminal. Untrusted text is shown escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from reconciler.model.codes import CODES
from reconciler.model.neutral import neutral
from reconciler.reports.log_summary import summarize

Record = Mapping[str, Any]
MARKS = {"success": ("✓", "green"), "failure": ("✗", "red"), "skipped": ("·", "dim"), "warning": ("!", "yellow")}  # fmt: skip
HEADS = {"failure": "failed", "skipped": "skipped", "warning": "withheld in part"}
MANY, SHOWN = 60, 15  # more outcomes of one kind than MANY are summed up after SHOWN of them
PROPERTIES = 3  # told on one line
WIDEST = 40


def write_runs(runs: Sequence[Record], console: Console) -> None:
    """Prints one line for each run."""
    width = max((len(neutral(run["runId"])) for run in runs), default=0)
    for run in runs:
        _print(console, [_run_line(run, width)])


def write_run(records: Sequence[Record], unreadable: int, console: Console) -> None:
    """Prints one run: what it was, what failed and why, what was withheld, what was done."""
    run = summarize(str(records[0].get("runId", "")) if records else "", records, unreadable)
    outcomes = [record for record in records if record["record"] == "outcome"]
    _print(console, _head(records, run))
    for status in HEADS:
        _print(console, _problems(status, [o for o in outcomes if o["statusInfo"]["status"] == status]))
    _print(console, _done([o for o in outcomes if o["statusInfo"]["status"] == "success"]))
    _print(console, [_foot(run, outcomes)])


def write_outcomes(outcomes: Sequence[Record], console: Console, *, is_detailed: bool = False) -> None:
    """Prints outcomes one by one, as they happened."""
    width = _width(outcomes)
    for record in outcomes:
        line = Text(f"{_moment(record['activityDateTime'])} ").append_text(_outcome_line(record, width))
        _print(console, [line, *(_details(record) if is_detailed else ())])


def shown_properties(record: Record, added: str = "+", removed: str = "-") -> list[str]:
    """What an outcome changed, in words: `title "Engineer" → "Director"`, `+ ada`."""
    is_new = record["action"] == "create"
    rows = []
    for row in record["modifiedProperties"]:
        old, new = row["oldValue"], row["newValue"]
        if row["displayName"] == "members":
            sign, key = (added, new) if new is not None else (removed, old)
            rows.append(f"{sign} {neutral(str(key))}")
        else:
            name = _short_path(neutral(row["displayName"]))
            rows.append(f"{name} {_value(new)}" if is_new else f"{name} {_value(old)} → {_value(new)}")
    return rows


def _print(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, emoji=False)


def _run_line(run: Record, width: int) -> Text:
    mark, style, said = _ending(run)
    when = _moment(run["activityDateTime"])[:16] if run["activityDateTime"] else "unknown"
    return Text(f"{mark} {neutral(run['runId']):<{width}}  {when:<16}  ", style=style).append(
        said, style="default"
    )


def _ending(run: Record) -> tuple[str, str, str]:
    """The mark, its style, and how the run ended."""
    planned, done = run["planned"], run["succeeded"]
    if run["planned"] is None:
        return "!", "yellow", "no log that can be read"
    if run["refused"]:
        return (
            "·",
            "yellow",
            f"refused: {_count(planned, 'change')} held back ({_short(str(run['refused']))})",
        )
    of = f"{done:,} of {_count(planned, 'change')}"
    if run["ended"] is None:
        return "!", "yellow", f"{of}, then cut off"
    if run["failed"]:
        why = ", ".join(f"{neutral(code)} {count:,}" for code, count in run["codes"].items())
        stopped = f"; stopped: {_short(str(run['reason']))}" if run["reason"] else ""
        return (
            "✗",
            "red",
            f"{of}, {run['failed']:,} failed{f' ({why})' if why else ''}{stopped}",
        )
    if not planned:
        return "·", "dim", "nothing to do"
    withheld = f", {run['withheld']:,} withheld" if run["withheld"] else ""
    return "✓", "green", f"{of}{withheld}"


def _head(records: Sequence[Record], run: Record) -> Iterator[Text]:
    begin: Record = records[0] if records and records[0]["record"] == "run" else {}
    system = begin.get("targetSystem")
    details = system.get("details") if isinstance(system, dict) else None
    url = details.get("url") if isinstance(details, dict) else None
    yield Text(" · ".join(neutral(str(part)) for part in (run["target"] or "unknown", url, f"run {run['runId']}") if part), style="bold")  # fmt: skip
    parts = [f"{_moment(run['activityDateTime'])} UTC"] if run["activityDateTime"] else []
    if run["ended"] and run["activityDateTime"]:
        parts.append(_lasted(run["activityDateTime"], run["ended"]))
    by = begin.get("initiatedBy")
    if isinstance(by, dict) and by.get("displayName"):
        parts.append(f"by {neutral(str(by['displayName']))}")
    if isinstance(begin.get("digest"), str):
        parts.append(f"digest {neutral(begin['digest'].removeprefix('sha256:')[:12])}…")
    yield Text(" · ".join(parts), style="dim")
    yield Text()


def _problems(status: str, outcomes: Sequence[Record]) -> Iterator[Text]:
    """What did not go well, by code: how many, what to do, and who."""
    counts = Counter(str(record["statusInfo"]["errorCode"]) for record in outcomes)
    mark, style = MARKS[status]
    for code, count in counts.most_common():
        yield Text(f"  {mark} {count:,} {HEADS[status]}: {neutral(code)}", style=style)
        if code in CODES:
            yield Text(f"    {CODES[code].advice}", style="dim")
        of_code = [record for record in outcomes if str(record["statusInfo"]["errorCode"]) == code]
        is_one = count > 1 and len({_reason(record) for record in of_code}) == 1  # then it is said once
        if is_one:
            yield Text(f"    {_reason(of_code[0])}")
        width = _width(of_code[:SHOWN])
        for record in of_code[: count if count <= MANY else SHOWN]:
            line = (
                Text("      ")
                .append_text(_who(record, width))
                .append("" if is_one else f"  {_reason(record)}")
            )
            line.rstrip()
            yield line
        if count > MANY:
            yield Text(f"      … and {count - SHOWN:,} more: --code {neutral(code)} lists them", style="dim")
        yield Text()


def _done(outcomes: Sequence[Record]) -> Iterator[Text]:
    """What was done, by action where it is much."""
    counts = Counter(record["action"] for record in outcomes)
    width, told = _width(outcomes[:MANY]), Counter[str]()
    for record in outcomes:
        action = record["action"]
        told[action] += 1
        if counts[action] <= MANY or told[action] <= SHOWN:
            yield Text("  ").append_text(_outcome_line(record, width))
        elif told[action] == SHOWN + 1:
            rest = counts[action] - SHOWN
            yield Text(
                f"    … and {rest:,} more to {neutral(action)}: --action {neutral(action)} lists them",
                style="dim",
            )
    if outcomes:
        yield Text()


def _foot(run: Record, outcomes: Sequence[Record]) -> Text:
    counts = Counter(record["statusInfo"]["status"] for record in outcomes)
    requests = sum(n for record in outcomes if isinstance(n := record.get("requests"), int))
    parts = [f"{run['succeeded']:,} done"]
    parts += [f"{run['failed']:,} failed"] if run["failed"] else []
    parts += [f"{counts['skipped']:,} skipped"] if counts["skipped"] else []
    parts += [f"{counts['warning']:,} in part"] if counts["warning"] else []
    parts.append(_count(requests, "request"))
    if run["ended"] is None:
        parts.append("the log was cut off: apply again, it goes on with what is left")
    elif run["reason"]:
        code = f"{run['reasonCode']}: " if run["reasonCode"] else ""
        parts.append(f"{'refused' if run['refused'] else 'stopped'}: {code}{neutral(str(run['reason']))}")
    return Text(" · ".join(parts), style="bold")


def _outcome_line(record: Record, width: int) -> Text:
    """One outcome on a line: what was changed, or why it was not."""
    status = record["statusInfo"]
    mark, style = MARKS[status["status"]]
    line = Text(f"{mark} ", style=style).append_text(_who(record, width))
    if status["status"] != "success":
        code = f"{neutral(str(status['errorCode']))}: " if status["errorCode"] else ""
        line.append(f"  {code}{_reason(record)}", style="default")
    else:
        line.append(f"  {_changed(record)}")
    line.rstrip()
    return line


def _changed(record: Record) -> str:
    rows = shown_properties(record)
    if record["action"] == "create":
        return _count(len(rows), "value")
    more = f"   … {len(rows) - PROPERTIES:,} more" if len(rows) > PROPERTIES else ""
    return "   ".join(rows[:PROPERTIES]) + more


def _who(record: Record, width: int) -> Text:
    who = record["sourceIdentity"]
    action = "withheld" if record["action"] == "none" else neutral(record["action"])
    return Text(f"{action:<10}  {neutral(who['identityType']).lower():<5}  {neutral(who['displayName']):<{width}}")  # fmt: skip


def _reason(record: Record) -> str:
    """Why, without the live id, which tells one failure from another and nobody anything else."""
    text, id_ = str(record["statusInfo"]["reason"] or ""), record["targetIdentity"]["id"]
    return neutral(text.replace(f"/{id_}", "/…") if id_ else text)


def _details(record: Record) -> Iterator[Text]:
    """All that is known of one outcome: values, steps, what to do."""
    status, who = record["statusInfo"], record["sourceIdentity"]
    there = record["targetIdentity"]["id"]
    ids = f"{neutral(who['id'])} → {neutral(str(there))}" if there else neutral(who["id"])
    yield Text(
        f"    {ids} at {neutral(record['target'])}, run {neutral(str(record.get('runId')))}", style="dim"
    )
    for row in shown_properties(record):
        yield Text(f"      {row}")
    steps = record.get("provisioningSteps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            yield _step(step)
    if status.get("recommendedAction"):
        yield Text(f"    → {neutral(str(status['recommendedAction']))}", style="yellow")


def _step(step: Mapping[str, Any]) -> Text:
    mark, style = MARKS.get(str(step.get("status")), ("?", ""))
    kind, said = neutral(str(step.get("provisioningStepType"))), neutral(str(step.get("description")))
    details = step.get("details")
    told = " ".join(f"{neutral(str(key))}={neutral(str(value))}" for key, value in details.items()) if isinstance(details, dict) else ""  # fmt: skip
    return Text(f"    {mark} {kind:<19} {said}", style=style).append(
        f"   {told}" if told else "", style="dim"
    )


def _width(records: Sequence[Record]) -> int:
    names = (len(neutral(record["sourceIdentity"]["displayName"])) for record in records)
    return max(1, min(max(names, default=0), WIDEST))


def _moment(text: str) -> str:
    """`2026-11-23T14:40:00.123Z` as people write it, to the second."""
    return neutral(text[:19].replace("T", " "))


def _lasted(begin: str, end: str) -> str:
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return f"{seconds:,.0f} s" if seconds >= 1 else "under 1 s"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _short(text: str) -> str:
    """As much of a reason as a list of runs has room for."""
    first = neutral(text).partition("; to agree")[0]
    return first if len(first) <= 100 else f"{first[:100]}…"


def _short_path(path: str) -> str:
    """A path without the schema that it belongs to: `manager`."""
    return path.rpartition(":")[2] if path.startswith("urn:") else path


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value) or "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))
