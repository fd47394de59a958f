"""Roles: what a user has by assignment at the target, as `[appRoleAssignments]` (research: entra 2.7)."""

from __future__ import annotations

ROLE_TYPE = "WindowsAzureActiveDirectoryRole"
ROLES = "appRoleAssignments"  # the source attribute: the names of the roles, in the order of the target's assignments


def single_role(roles: tuple[str, ...]) -> str | None:
    """SingleAppRoleAssignment: the role; of several the one that the target lists first."""
    return roles[0] if roles else None


def added_roles(roles: tuple[str, ...]) -> tuple[str, ...] | None:
    """AppRoleAssignmentsComplex: all roles, which are added to those that the account has."""
    return roles or None


def asserted_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """AssertiveAppRoleAssignmentsComplex: all roles, and no others: with none, the account keeps none."""
    return roles
