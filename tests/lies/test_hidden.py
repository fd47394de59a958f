"""What an endpoint repeats of a hidden value is hidden too."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.lies.server import Lie
from tests.lies.world import World, live_user, user

SECRETS = ("Sales at night", "Engineer by day", "a moonlighter")


def test_an_endpoint_that_repeats_a_hidden_value_does_not_tell_it(
    make_world: Callable[[Lie], World],
) -> None:
    world = make_world(Lie(echoes=True))
    world.server.hold("/Users", **live_user("ada", title="Engineer by day"))
    world.declare(
        {"ada": user("ada", jobTitle="Sales at night"), "bob": user("bob", jobTitle="a moonlighter")}
    )
    mappings = world.base / "desired_state" / "mappings.yaml"
    document = json.loads(mappings.read_text())
    document["mappings"]["plain"]["users"]["attributes"]["title"] = {"expression": "Redact([jobTitle])"}
    mappings.write_text(json.dumps(document))
    result = world.apply()
    told = [result.out, result.err, world.run("log").out, world.run("log", "--format", "json").out]
    told += [path.read_text() for path in (world.base / ".reconcile").rglob("*.jsonl")]

    assert result.code == 1
    assert "cannot take" in result.err + result.out
    assert "[Redact]" in "".join(told)
    assert [secret for secret in SECRETS if secret in "".join(told)] == []
