"""Explain: one object's whole story at one target, a step a module: import, scope, match, values, members, action.

The steps are those of Entra's provision on demand (research: entra 7.3), but nothing is written. A story is JSON values as
`schemas/explain.schema.json` describes them; `reports.story` tells the same as text.
"""

from reconciler.stages.explain.scene import Scene, Story, set_scene
from reconciler.stages.explain.telling import tell_story
from reconciler.stages.explain.topics import find_topics, known_names

__all__ = ["Scene", "Story", "find_topics", "known_names", "set_scene", "tell_story"]
