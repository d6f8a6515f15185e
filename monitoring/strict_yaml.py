"""YAML as promises, profiles and plans are written: mappings, lists and plain values, every key once, no references.

Stricter than PyYAML, which takes the last of two equal keys in silence and
follows references that grow without end; and 1e3 is a number here.
"""

import re
from typing import Any, cast

import yaml

DEEPEST = 20


class NoYaml(ValueError):
    """What is wrong, to be said behind the name of what was read: "is no YAML in line 2, column 1: …"."""


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses what would be misread."""

    def __init__(self, stream: bytes | str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(problem="*references are not known here", problem_mark=self._mark())
        self._depth += 1
        if self._depth > DEEPEST:
            raise yaml.composer.ComposerError(problem="it is nested too deeply", problem_mark=self._mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _mark(self) -> yaml.Mark:
        return cast(yaml.Mark, self.peek_event().start_mark)  # type: ignore[no-untyped-call]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    problem="a key must be a plain word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} is there twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+"), list("-+.0123456789")
)


def parse(text: bytes | str) -> Any:
    """Read it. Raises NoYaml."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise NoYaml(f"is no YAML{where}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise NoYaml(f"is no YAML: {' '.join(str(error).split())}") from error
