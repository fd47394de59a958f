"""Story: what `explain` tells, as text: four steps, each with what decided it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from reconciler.model.neutral import neutral
from reconciler.reports.rows import INDENT, Row, lay_out
from reconciler.reports.words import counted

Story = Mapping[str, Any]
MARKS = {
    "same": ("=", ""), "differs": ("~", "yellow"), "cleared": ("~", "yellow"), "sent": ("+", "green"), "withheld": ("!", "yellow"),
    "unresolved": ("!", "yellow"), "kept": ("·", "dim"), "createdOnly": ("·", "dim"), "notCompared": ("·", "dim"),
    "nothing": ("·", "dim"),
}  # fmt: skip
MEMBERS = {
    "removed": ("-", "red"), "added": ("+", "green"), "waits": ("…", "yellow"), "kept": ("·", "dim"), "in": ("=", ""),
    "ended": ("·", "dim"),
}  # fmt: skip
TALLIES = {
    "removed": "to remove",
    "added": "to add",
    "waits": "waiting",
    "kept": "kept",
    "in": "in",
    "ended": "ended",
}
LAYERS = {"own": "", "id": "its id", "default": "default", "location": "of {}", "defaultLocation": "of {}"}
CHECKS = {"declared": "declared", "enabled": "enabled", "hired": "hired", "notLeft": "not left"}
NOT_IN = {"future": "not yet", "undeclared": "not asked", "outOfScope": "out of scope"}
SEVERAL = {"all": "all of these", "any": "any of these", "not": "not this"}
SEVERITIES = {"error": ("!!", "bold red"), "warning": ("!", "yellow"), "info": ("i", "dim")}
HOLDS = {True: ("✓", "green"), False: ("✗", "red")}
FEW_PARTS = 2  # of an expression that explains itself: Not([IsSoftDeleted])
SHOWN = 20  # members who simply are in
WITHOUT_TERMINAL = 120  # columns
LONG_URN = "urn:ietf:params:scim:schemas:extension:"


def write_story(story: Story, console: Console, root: str = "desired_state") -> None:
    """Prints one object's story at one target; places are shown below `root`, the folder of the desired state."""
    width = console.width if console.is_terminal else WITHOUT_TERMINAL
    for line in _Story(story, f"{root}/", width).lines():
        console.print(line, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True, slots=True)
class _Story:
    story: Story
    root: str
    width: int

    def lines(self) -> Iterator[Text]:
        story = self.story
        head = Text(f"{neutral(story['object'])} at {story['target']}", style="bold")
        yield head.append(f" · {neutral(story['url'])}" if story["url"] else "", style="not bold")
        yield Text()
        if story["quarantine"]:
            yield Text(f"  !! {neutral(story['quarantine'])}", style="bold red")
            yield Text()
        if story["error"]:
            yield Text(f"  !! {neutral(story['error'])}", style="red")
            yield Text()
            return
        for step in (self._import, self._scope, self._match, self._action):
            yield from step()
            yield Text()

    @property
    def _has_account(self) -> bool:
        match = self.story["match"]
        return bool(match and match["account"])

    def _head(self, number: int, name: str, said: str, style: str = "") -> Text:
        return Text(f"{number}  {name:<8}", style="bold").append(neutral(said), style=style or "not bold")

    def _lay_out(self, rows: Iterable[Row]) -> Iterator[Text]:
        return lay_out(list(rows), self.width)

    def _at(self, place: str | None) -> str:
        return neutral(place.removeprefix(self.root)) if place else ""

    def _import(self) -> Iterator[Text]:
        told = self.story["import"]
        location, place = told["location"], self._at(told["source"])
        said = {
            "declared": f"declared at {place}", "removed": f"listed under removed at {place}",
            "undeclared": "no entry declares it",
        }[told["status"]]  # fmt: skip
        if location:
            said += f" · location {location['id']} ({self._at(location['source'])})"
        if told["previousIds"]:
            said += f" · before: {', '.join(told['previousIds'])}"
        if told.get("owners"):
            said += f" · owned by {', '.join(told['owners'])}"
        yield self._head(1, "Import", said, "" if told["status"] == "declared" else "yellow")
        rows = [
            Row(label=value["name"], value=shown(value["value"]), note=self._layer(value, location))
            for value in told["values"]
        ]
        if rule := told.get("membershipRule"):
            rows.append(
                Row(label="membershipRule", value=neutral(rule["text"]), note=self._at(rule["source"]))
            )
        yield from self._lay_out(rows)

    def _layer(self, value: Story, location: Story | None) -> str:
        """The place of a value, with what stands there where that is not the entry itself."""
        place = self._at(value["source"])
        layer = LAYERS[value["layer"]].format(location["id"] if location else "")
        if value["template"] is not None:
            layer += f" {neutral(value['template'])}"
        return f"{place} ({layer})" if layer else place

    def _scope(self) -> Iterator[Text]:
        scope = self.story["scope"]
        what = "in scope" if scope["isIn"] else NOT_IN.get(scope["status"], "no access")
        place = "" if scope["isIn"] or not scope["source"] else f" ({self._at(scope['source'])})"
        style = "green" if scope["isIn"] else "yellow"
        yield self._head(2, "Scope", f"{what}: {scope['reason']}{place}", style)
        gates = [self._check(check) for check in scope["state"]]
        if scope["assignment"]:
            gates.append(self._assigned(scope["assignment"]))
        yield from self._lay_out(gates)
        if scope["assignment"]:
            yield from self._lay_out(self._ways(scope["assignment"]))
        if told := scope["filter"]:
            gate = _gate(
                "filter", told["holds"], neutral(told["name"] or "of the target"), self._at(told["source"])
            )
            yield from self._lay_out([gate])
            yield from self._lay_out(self._clauses([told["clause"]], 1))
        if scope["groups"]:
            word = "nested in" if self.story["object"].startswith("group:") else "member of"
            yield Text(f"{' ' * INDENT}{word} {neutral(', '.join(scope['groups']))}", style="dim")

    def _check(self, check: Story) -> Row:
        name, value = check["attribute"], check["value"]
        said = "" if name is None else f"{name} is not set" if value is None else f"{name}: {shown(value)}"
        return _gate(CHECKS[check["check"]], check["holds"], said, self._at(check["source"]))

    def _assigned(self, told: Story) -> Row:
        names = ", ".join(group["group"] for group in told["groups"])
        if told["mode"] == "all":
            said = "the target gets all users"
        elif told["holds"]:
            said = "listed by the target" if told["direct"] else "by group"
        else:
            said = f"in none of {names}" if names else "the target does not list them"
        return _gate("assigned", told["holds"], neutral(said), self._at(told["direct"] or told["source"]))

    def _ways(self, told: Story) -> Iterator[Row]:
        """The groups by which somebody is assigned; where by none of them, those by which they were or would be."""
        for way in (way for group in told["groups"] for way in group["ways"]):
            if way["holds"] or not told["holds"]:
                mark, style = HOLDS[way["holds"]]
                chain, note = " › ".join(way["groups"]), self._at(way["source"])
                if way["note"]:
                    note += f"  {neutral(way['note'])}"
                yield Row(mark=mark, label=chain, value=_how(way), note=note, style=style, depth=1)
                if way["rule"] and not way["rule"]["holds"]:
                    yield from self._clauses([way["rule"]], 2)

    def _clauses(self, clauses: Sequence[Story], depth: int) -> Iterator[Row]:
        """A condition part by part; one that is negated stands on one line with its negation."""
        for clause in clauses:
            told, parts = clause, clause["parts"]
            if clause["kind"] in ("all", "any") and len(parts) == 1:
                yield from self._clauses(parts, depth)
                continue
            if clause["kind"] == "not" and not parts[0]["parts"]:
                told, parts = parts[0], []
            mark, style = HOLDS[clause["holds"]]
            several = SEVERAL.get(told["kind"])
            value = "" if several or told["kind"] == "memberOf" else shown(told["value"])
            place = "" if several else self._at(told["source"])
            note = "  ".join(filter(None, (place, neutral(clause["note"] or ""))))
            label = several or clause["text"]
            yield Row(mark=mark, label=label, value=value, note=note, style=style, depth=depth)
            yield from self._clauses(parts, depth + 1)

    def _match(self) -> Iterator[Text]:
        match = self.story["match"]
        if match is None:
            yield self._head(3, "Match", "not asked: this target gets no groups", "dim")
            return
        quiet = {"matched": "", "nobody": "dim", "notAsked": "dim", "unmanaged": "dim"}
        said = match["text"] if match["outcome"] != "matched" else ""
        if match["account"]:
            account = _account(match["account"], is_declared=self.story["import"]["status"] != "undeclared")
            said = " · ".join(filter(None, (account, said)))
        yield self._head(3, "Match", said, quiet.get(match["outcome"], "red"))
        yield from self._lay_out(self._attempt(attempt, match["decidedBy"]) for attempt in match["tried"])

    def _attempt(self, attempt: Story, decided: str | None) -> Row:
        label, values, hits = attempt["attribute"], ", ".join(map(shown, attempt["values"])), attempt["hits"]
        if not attempt["isAsked"]:
            why = f"not asked, as {decided} decided" if attempt["values"] else "no value to ask for"
            return Row(mark="·", label=label, value=values, note=why, style="dim")
        who = ", ".join(f"{neutral(hit['name'])} (id {neutral(hit['id'])})" for hit in hits)
        note = f"{counted(len(hits), 'hit')}: {who}" if hits else "no hit"
        mark, style = HOLDS[len(hits) == 1] if hits else ("·", "dim")
        return Row(mark=mark, label=label, value=values, note=note, style=style)

    def _action(self) -> Iterator[Text]:
        story, change = self.story, self.story["change"]
        place = f" ({self._at(change['reason']['source'])})" if change and change["reason"]["source"] else ""
        yield self._head(4, "Action", f"{story['action']}{place}", "yellow" if change else "dim")
        yield from self._values(story["attributes"])
        yield from self._members(story["members"])
        for finding in story["findings"]:
            mark, style = SEVERITIES[finding["severity"]]
            yield Text(f"     {mark} {finding['code']}: {neutral(finding['text'])}", style=style)
        yield from _budgets(story["budgets"])
        for request in story["requests"]:
            yield Text()
            yield Text(f"     {request['method']} {neutral(request['path'])}", style="bold")
            if request["body"] is not None:
                for line in _spread(request["body"], self.width - INDENT).split("\n"):
                    yield Text(f"{' ' * INDENT}{neutral(line)}", style="dim")

    def _values(self, rows: Sequence[Story]) -> Iterator[Text]:
        """The mapping row by row; why nothing is compared is said once, and of what nothing declares only what is there."""
        rows = [row for row in rows if row["kind"] or row["live"] is not None]
        idle = [row["why"] for row in rows if row["verdict"] == "notCompared" and row["kind"]]
        common = idle[0] if len(idle) > 1 and len(set(idle)) == 1 else None
        if common:
            yield Text(f"{' ' * INDENT}{neutral(common)}", style="dim")
        told: list[Row] = []
        for row in rows:
            is_said = row["why"] == common or not row["kind"]
            told.append(self._value({**row, "why": None} if is_said else row))
            if len(row["parts"]) > FEW_PARTS:
                parts = {part["text"]: shown(part["value"]) for part in row["parts"]}
                told += [Row(label=text, value=value, style="dim", depth=2) for text, value in parts.items()]
        yield from self._lay_out(told)

    def _value(self, row: Story) -> Row:
        mark, style = MARKS[row["verdict"]]
        live, value = shown(row["live"]), shown(row["value"])
        match row["verdict"]:
            case "differs" | "cleared":
                said = f"{live} → {value}"
            case "withheld" | "unresolved":
                said = f"{live}, not {value}"
            case "kept" | "createdOnly":
                said = live
            case "same" if row["live"] != row["value"]:
                said = f"{value} ≈ {live}"
            case "notCompared":
                said = live if self._has_account else value
            case _:
                said = value
        note = "  ".join(filter(None, (_source(row), neutral(row["why"] or ""))))
        return Row(mark=mark, label=row["path"].replace(LONG_URN, "…"), value=said, note=note, style=style)

    def _members(self, rows: Sequence[Story]) -> Iterator[Text]:
        """Who goes, comes, waits and stays; of those who simply are in, the first few."""
        if not rows:
            return
        counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in TALLIES}
        tally = ", ".join(f"{count:,} {TALLIES[verdict]}" for verdict, count in counts.items() if count)
        yield Text()
        yield Text(f"{' ' * INDENT}Members", style="bold").append(f"  {tally}", style="not bold")
        plain = [row for row in rows if row["verdict"] == "in"]
        told = [row for row in rows if row["verdict"] != "in"] + plain[:SHOWN]
        yield from self._lay_out(self._member(row) for row in told)
        if len(plain) > SHOWN:
            yield Text(f"{' ' * INDENT}… and {len(plain) - SHOWN:,} more who are in", style="dim")

    def _member(self, row: Story) -> Row:
        mark, style = MEMBERS[row["verdict"]]
        ways = [
            " ".join(filter(None, (
                " › ".join(way["groups"][1:]), _how(way), f"({self._at(way['source'])})", neutral(way["note"] or ""),
            )))
            for way in row["ways"]
        ]  # fmt: skip
        return Row(mark=mark, label=row["name"], value=neutral(row["why"]), note="; ".join(ways), style=style)


def _gate(label: str, holds: bool, value: str, place: str) -> Row:
    mark, style = HOLDS[holds]
    return Row(mark=mark, label=label, value=value, note=place, style=style)


def _how(way: Story) -> str:
    """How somebody is in a group, and until when."""
    rule = f"by rule {neutral(way['rule']['text'])}" if way["rule"] else "listed"
    return f"{rule}, until {neutral(way['until'])}" if way["until"] else rule


def _account(account: Story, *, is_declared: bool) -> str:
    said = [f"{account['name']} (id {account['id']})"]
    if account["active"] is not None:
        said.append("active" if account["active"] else "not active")
    if is_declared:
        said.append("provisioned by us" if account["provisionedByUs"] else "not provisioned by us")
    said += ["by a previous id"] * account["byPreviousId"] + ["protected"] * account["protected"]
    return ", ".join(said)


def _source(row: Story) -> str:
    """Where a value comes from: the attribute, constant, template or expression."""
    match row["kind"]:
        case None:
            return ""
        case "implicit":
            return "← whether there is access"
        case "source":
            return f"← {neutral(row['text'])}"
        case kind:
            return f"← {kind} {neutral(str(row['text']))}"


def _budgets(rows: Sequence[Story]) -> Iterator[Text]:
    """The budgets that count the change: one that is exceeded on a line of its own, the others in one."""
    calm = [row for row in rows if row["approved"] or not row["exceeded"]]
    for row in (row for row in rows if row not in calm):
        yield Text(f"     !! budget {_of(row)}: apply refuses the plan", style="bold red")
    same = [row for row in calm if row["rule"] == "sameAttribute"]
    said = [_of(row) for row in calm if len(same) == 1 or row not in same]
    if len(same) > 1:
        most = max(same, key=lambda row: int(row["planned"]))
        said.append(
            f"sameAttribute of {len(same)} attributes, at most {most['planned']:,} of {most['limit']:,}"
        )
    if said:
        yield Text(f"     within budget {', '.join(said)}", style="dim")


def _of(row: Story) -> str:
    subject = f" of {neutral(row['subject'].replace(LONG_URN, '…'))}" if row["subject"] else ""
    return f"{row['rule']}{subject} {row['planned']:,} of {row['limit']:,}{' (approved)' if row['approved'] else ''}"


def _spread(value: object, width: int, indent: int = 0) -> str:
    """JSON of which nothing is spread over lines that fits on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, dict | list) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        inner = [
            f"{pad}{json.dumps(k, ensure_ascii=False)}: {_spread(v, width, indent + 2)}"
            for k, v in value.items()
        ]
        return "{\n" + ",\n".join(inner) + f"\n{' ' * indent}}}"
    return "[\n" + ",\n".join(f"{pad}{_spread(v, width, indent + 2)}" for v in value) + f"\n{' ' * indent}]"


def shown(value: object) -> str:
    """A value as people read it: text in quotes, lists with commas."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(shown(inner) for inner in value) or "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))
