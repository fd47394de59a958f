"""Discovery: what the endpoint says of itself, against what it does and what profile and target say (RFC 7644 section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.column import Columns
from reconciler.model.discovery import Discovery
from reconciler.model.sight import Asked, Sight
from reconciler.model.target import Target
from reconciler.model.verdict import Verdict, note, warn, well
from reconciler.stages.normalize import field
from reconciler.stages.verdicts.answers import counted, ids_of, rows_of, said, total_of


def judge_discovery(
    sight: Sight, target: Target, found: Discovery, columns: Sequence[Columns]
) -> Iterator[Verdict]:
    """ServiceProviderConfig, ResourceTypes, Schemas, /Me: each may be missing."""
    if sight.config is not None:
        yield from _config(sight, sight.config, target, found)
    if sight.resource_types is not None:
        yield from _resource_types(sight.resource_types, columns, found)
    if sight.schemas is not None and not rows_of(sight.schemas):
        yield note("no-schemas", f"no list of /Schemas ({said(sight.schemas)}): case rules and mutability are those of RFC 7643",
                   "write paths in which case counts into the profile: caseExact: […]")  # fmt: skip
    elif sight.schemas is not None:
        yield well("schemas", f"/Schemas describes {counted(len(rows_of(sight.schemas)), 'schema')}")
    yield from _me(sight, found)


def _config(sight: Sight, config: Asked, target: Target, found: Discovery) -> Iterator[Verdict]:
    if not config.is_well:
        if sight.plural_config is not None and sight.plural_config.is_well:
            yield warn("config-elsewhere", "ServiceProviderConfig is at /ServiceProviderConfigs, where nobody looks for it",
                       "write what it says into the target or the profile: learnt: {updates: put} if it has no PATCH, pageSize:")  # fmt: skip
        elif config.status != 401:
            yield note("no-config", f"no /ServiceProviderConfig ({said(config)}): PATCH is assumed",
                       "if it takes PUT only, write learnt: {updates: put} into the target; apply finds that out as well")  # fmt: skip
        return
    yield well("config", f"/ServiceProviderConfig says: {', '.join(_capabilities(config, found))}")
    yield from _patch(target, found)
    size = target.profile.page_size
    if size is not None and found.filter_max_results is not None and size > found.filter_max_results:
        yield warn("page-size", f"the profile asks for {size:,} a page; the endpoint says that it gives {found.filter_max_results:,} at most",
                   f"write into the profile: pageSize: {found.filter_max_results}")  # fmt: skip
    yield from _filters(sight, config)
    yield from _versions(sight, found)
    pagination = field(config.body, "pagination")
    if field(pagination, "cursor") is True and field(pagination, "index") is False:
        yield warn("cursor-only", "it says that it pages by cursor only (RFC 9865); lists are read by startIndex",
                   "if lists below are not whole, this endpoint cannot be read yet")  # fmt: skip


def _capabilities(config: Asked, found: Discovery) -> Iterator[str]:
    def has(name: str) -> bool:
        return field(field(config.body, name), "supported") is True

    yield {True: "PATCH", False: "no PATCH", None: "nothing of PATCH"}[found.patch_supported]
    most = f", {found.filter_max_results:,} results at most" if found.filter_max_results else ""
    yield f"filters{most}" if has("filter") else "no filters"
    yield "ETags" if has("etag") else "no ETags"
    yield "Bulk (not used)" if has("bulk") else "no Bulk"


def _patch(target: Target, found: Discovery) -> Iterator[Verdict]:
    forms = target.learnt.updates
    if found.patch_supported is False and any(form != "put" for form in forms.values()):
        yield warn("patch-denied", "it says that it has no PATCH; `learnt.updates` of the target asks for one",
                   "take `updates` out of `learnt`, or write learnt: {updates: put}")  # fmt: skip
    elif found.patch_supported is False:
        yield note("no-patch", "it has no PATCH: updates go by GET and PUT of the whole resource")


def _filters(sight: Sight, config: Asked) -> Iterator[Verdict]:
    says = field(field(config.body, "filter"), "supported")
    hits = [one for one in sight.lookups if one.about == "somebody"]
    works = [one for one in hits if ids_of(one.asked) == [one.wanted]]
    if says is False and works:
        yield note("filter-denied", "it says that it cannot filter, and it can: that is of use all the same")


def _versions(sight: Sight, found: Discovery) -> Iterator[Verdict]:
    rows = [row for listed in sight.lists for row in rows_of(listed.first)]
    shown = sum(bool(field(field(row, "meta"), "version")) for row in rows)
    if found.etag_supported and rows and not shown:
        yield warn("no-versions", "it says that it has ETags, and no resource in its lists shows meta.version",
                   "nothing to write: updates go without If-Match, and are compared with what is read back")  # fmt: skip
    elif not found.etag_supported and sight.tempo.etags:
        yield note(
            "etags-unsaid",
            "answers carry ETags that it does not promise to honour: If-Match is not sent",
        )


def _resource_types(asked: Asked, columns: Sequence[Columns], found: Discovery) -> Iterator[Verdict]:
    rows = rows_of(asked)
    if not rows:
        yield note(
            "no-resource-types",
            f"no list of /ResourceTypes ({said(asked)}): /Users and /Groups are assumed",
        )
        return
    names = {str(field(row, "name")): row for row in rows}
    yield well("resource-types", f"/ResourceTypes knows {', '.join(sorted(names))}, at {', '.join(sorted(found.endpoints.values())) or 'no endpoint'}")  # fmt: skip
    for of in columns:
        row = names.get(of.type)
        if row is None:
            remedy = (
                "write scope: {groups: none} into the target"
                if of.type == "Group"
                else "ask the endpoint's administrator"
            )
            yield warn(
                "no-resource-type",
                f"/ResourceTypes has no {of.type}, which the target provisions",
                remedy,
            )
            continue
        yield from _extensions(row, of)


def _extensions(row: dict[str, object], columns: Columns) -> Iterator[Verdict]:
    listed = field(row, "schemaExtensions")
    known = {
        str(field(one, "schema")).casefold(): field(one, "required") is True
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    }
    mapped = {column.path.urn for column in columns.all if column.path.urn}
    for urn in sorted(mapped):
        if urn.casefold() not in known:
            yield warn("extension-unknown", f"{urn} is mapped, and /ResourceTypes does not list it for {columns.type}",
                       "unmap its paths unless `--write-probe` shows that they are kept")  # fmt: skip
    for urn in sorted(urn for urn, is_required in known.items() if is_required):
        if urn not in {one.casefold() for one in mapped}:
            yield warn("extension-required", f"/ResourceTypes calls {urn} required for {columns.type}, and nothing of it is mapped",
                       "map what the endpoint needs of it, if creations are refused")  # fmt: skip


def _me(sight: Sight, found: Discovery) -> Iterator[Verdict]:
    if found.own_id is not None:
        yield well("own-user", f"the token is the user {found.own_id}'s, who is protected")
    elif sight.me is not None and sight.config is not None and sight.config.status != 401:
        users = sight.list_of("User")
        if users is not None and total_of(users.first):
            yield note("no-own-user", f"/Me does not say whose the token is ({said(sight.me) if not sight.me.is_well else 'no user'})",
                       "if it is the token of somebody who is listed, write protected: {users: […]} into the target")  # fmt: skip
