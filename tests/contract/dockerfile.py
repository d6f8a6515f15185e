"""What a Dockerfile and its .dockerignore say, read without Docker.

Knows instructions, stages and the patterns that are in use here, and not all of
either language.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass
class Stage:
    """One FROM and what follows it, in order, as (instruction, rest of its line)."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.instructions if name == instruction]

    def last(self, instruction: str) -> str:
        return self.all(instruction)[-1]

    def words(self, instruction: str) -> list[str]:
        """Give the last one in its exec form; in the other form it is no JSON."""
        words: list[str] = json.loads(self.last(instruction))
        return words

    def pairs(self, instruction: str) -> dict[str, str]:
        """Read `KEY=value KEY="another"`, as in ENV and LABEL."""
        found = re.findall(r'([\w.]+)=("[^"]*"|\S+)', " ".join(self.all(instruction)))
        return {key: value.strip('"') for key, value in found}

    def copied(self) -> list[str]:
        """Everything that comes out of the build's context."""
        copies = [rest.split() for rest in self.all("COPY") if not rest.startswith("--from")]
        return [source for words in copies for source in words[:-1]]


def read(file: Path) -> tuple[dict[str, str], dict[str, Stage]]:
    """Give the arguments before the first FROM with their defaults, and the stages by name."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = stages[name] = Stage(name, base)
        elif stage is not None and instruction:
            stage.instructions.append((instruction, rest.strip()))
        elif instruction == "ARG":
            name, _, default = rest.partition("=")
            arguments[name] = default
    return arguments, stages


def let_in(ignore: Path, paths: Iterable[str]) -> set[str]:
    """Give the paths that a .dockerignore leaves in the context: of its patterns, the last that fits decides."""
    patterns = [line for line in ignore.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {path for path in paths if not _is_ignored(path, patterns)}


def _is_ignored(path: str, patterns: list[str]) -> bool:
    ignored = False
    for pattern in patterns:
        if _fits(path, pattern.removeprefix("!")):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(path: str, pattern: str) -> bool:
    """A pattern that fits a folder fits what is in it."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatchcase, parts, wanted))
