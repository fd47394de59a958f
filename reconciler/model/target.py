"""Targets: one SCIM endpoint with its credentials, scope, mapping, ownership and budgets (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.clause import Clause
from reconciler.model.dialect import Form
from reconciler.model.mapping import Mapping
from reconciler.model.place import Origin
from reconciler.model.profile import Profile
from reconciler.model.resource import Type

Disposal = Literal["deactivate", "delete", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where a secret or setting comes from; exactly one field is set. Never the secret itself.

    `literal` holds plain text and is legal only where the value is no secret (a url).
    """

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None
    literal: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2ClientCredentials:
    """RFC 6749 section 4.4: a token fetched with client credentials."""

    token_url: str
    client_id: str
    client_secret: SecretRef
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How requests are paced and carried: concurrency, requests per second, seconds, CA file, proxy."""

    concurrency: int = 4
    requests_per_second: float = 25.0
    timeout_seconds: float = 30.0
    ca_file: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprovision:
    """What happens to those who lose their entitlement, by cause."""

    disabled: Disposal = "deactivate"
    out_of_scope: Disposal = "deactivate"
    removed: Disposal = "deactivate"
    vanished: Disposal = "deactivate"
    memberships: Literal["keep", "remove"] = "keep"
    groups: Literal["ignore", "delete"] = "ignore"
    delete_after_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which users and groups a target gets: assignment and filter must both pass (research: entra 1.1)."""

    users: Literal["assigned", "all"] = "assigned"
    assigned_users: tuple[str, ...] = ()
    assigned_groups: tuple[tuple[str, str | None], ...] = ()  # (group id, role)
    filter: Clause | None = None
    groups: Literal["assigned", "all", "none"] | tuple[str, ...] = "assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget: max(count, percent of its base, rounded down)."""

    count: int = 0
    percent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A path that the endpoint does not keep: of one user or group, or of every one (`key` None)."""

    path: str
    type: Type | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What apply found out about an endpoint: paths it does not keep and the dialect it understands.

    In YAML an entry of `withhold` is a path, or `{user: ada, path: title}`, or `{group: sales, path: members}`.
    """

    withhold: tuple[Withheld, ...] = ()
    member_removal: Literal["pathFilter", "valueArray"] | None = None
    updates: Map[Type, Form] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a message is posted; the url itself is a secret."""

    url: SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A message over SMTP with STARTTLS where the server offers it (port 465: TLS from the start)."""

    to: str
    sender: str
    host: str
    port: int = 587
    username: SecretRef | None = None
    password: SecretRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's agreement to exactly the atoms behind `digest`."""

    target: str
    rule: str
    digest: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One SCIM endpoint as declared."""

    name: str
    url: SecretRef
    bearer: SecretRef | None
    oauth2: OAuth2ClientCredentials | None = None
    profile: Profile
    mapping: Mapping
    scope: Scope
    ownership: Literal["declared", "externalId", "all"] | tuple[Literal["prefix"], str]
    adopt: Literal["empty", "any", "never"] = "empty"
    deprovision: Deprovision = field(default_factory=Deprovision)
    membership: Literal["owned", "exclusive", "additive"] = "owned"
    protected_users: tuple[str, ...] = ()
    protected_groups: tuple[str, ...] = ()
    budgets: tuple[tuple[str, Limit], ...] = ()
    client: Client = field(default_factory=Client)
    notify: tuple[Webhook | Email, ...] = ()
    learnt: Learnt = field(default_factory=Learnt)
    origin: Origin
