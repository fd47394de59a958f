"""Parse profiles: those that a checkout brings along, as files that targets name."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.place import Document, Origin
from reconciler.model.profile import Profile
from reconciler.profiles import parse_profile
from reconciler.stages.read import read_yaml
from reconciler.stages.reading import WRONG, Gathered
from reconciler.stages.shape import Shape


def parse_profiles(
    files: Mapping[str, Document | str], gathered: Gathered, shape: Shape
) -> dict[str, Profile]:
    """The profiles of `files` by path; one that has mistakes stands in with what is right of it."""
    profiles: dict[str, Profile] = {}
    for name, document in files.items():
        if not isinstance(document, Document):
            continue
        value, mistakes = read_yaml(document)
        gathered.mistakes += mistakes
        judged, faults = shape.judge(value) if value is not None or not mistakes else (None, ())
        for fault in faults:
            gathered.wrong(Origin(document=document.path, path=fault.path), fault.text)
        pairs = judged.items() if isinstance(judged, dict) else ()
        right = {key: inner for key, inner in pairs if inner is not WRONG}
        profiles[name] = parse_profile(name, {"source": "", "verified": "", **right})
    return profiles


def is_file(name: str) -> bool:
    """Whether a target's `profile` is the path of a file, and no built-in name."""
    return "/" in name or name.endswith((".yaml", ".yml"))
