"""Templates: Jinja2 in a sandbox; absent and null read as empty text (DESIGN 3: Templates)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=False, finalize=lambda value: "" if value is None else value
)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template and the source attributes that it names."""

    sources: frozenset[str]
    template: jinja2.Template
    parts: tuple[tuple[bool, str], ...] | None = None  # (is a name, text), where it is names and text only

    def render_all(self, rows: Sequence[Mapping[str, object]]) -> list[str | None]:
        """What `render` gives for each of many."""
        if self.parts:
            columns = [
                [row.get(text, "") if is_name else text for row in rows] for is_name, text in self.parts
            ]
            if all(set(map(type, column)) <= {str} for column in columns):
                return [text.strip() or None for text in map("".join, zip(*columns, strict=True))]
        return [self.render(row) for row in rows]

    def render(self, attributes: Mapping[str, object]) -> str | None:
        """The trimmed text, or None where it is empty or fails on these values."""
        if self.parts is not None:
            found = [attributes.get(text) if is_name else text for is_name, text in self.parts]
            # Whatever is no text is said by Jinja2: one meaning, however it is worked out.
            if all(value is None or type(value) is str for value in found):
                return "".join(value for value in found if isinstance(value, str)).strip() or None
        try:
            return self.template.render(attributes).strip() or None
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError):
            return None


@lru_cache(maxsize=1024)
def compile_template(text: str) -> Template:
    """The template written as `text`. Raises ValueError with what to write instead."""
    try:
        tree = _ENVIRONMENT.parse(text)
        private = [node.attr for node in tree.find_all(nodes.Getattr) if node.attr.startswith("_")]
        template = _ENVIRONMENT.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(
            f"is no template: {error.message}; write for example '{{{{ givenName }}}} {{{{ surname }}}}'"
        ) from None
    sources = frozenset(find_undeclared_variables(tree))
    private += [name for name in sources if name.startswith("_")]
    if private:
        raise ValueError(f"uses the private attribute {private[0]}; name source attributes only")
    return Template(sources, template, _plain_parts(tree))


def _plain_parts(tree: nodes.Template) -> tuple[tuple[bool, str], ...] | None:
    """The parts of a template that only joins names and text, which is most of them and a hundred times faster so."""
    parts: list[tuple[bool, str]] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append((False, node.data))
            elif isinstance(node, nodes.Name) and node.name not in _ENVIRONMENT.globals:
                parts.append((True, node.name))
            else:
                return None
    return tuple(parts)
