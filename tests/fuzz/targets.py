"""Targets for tests of what connects to them."""

from __future__ import annotations

from reconciler.model.place import Document
from reconciler.model.target import Target
from reconciler.stages.parse import parse
from tests.fuzz.test_desired_state import rules

MAPPING = """mappings: {plain: {users: {match: [userName], attributes: {userName: userPrincipalName}}}}"""


def target(auth: str) -> Target:
    """A target with this `auth`."""
    shapes, profiles = rules()
    text = f"targets: {{t: {{url: 'https://a.example', mapping: plain, scope: {{users: all, groups: none}}, ownership: declared, auth: {auth}}}}}"
    documents = [
        Document(path=f"desired_state/{kind}.yaml", text=said)
        for kind, said in (("targets", text), ("mappings", MAPPING))
    ]
    return parse(documents, profiles, shapes=shapes).targets["t"]


def oauth_target(url: str) -> Target:
    """A target that fetches its token there."""
    return target(
        f"{{oauth2ClientCredentials: {{tokenUrl: '{url}', clientId: me, clientSecret: {{env: SECRET}}}}}}"
    )
