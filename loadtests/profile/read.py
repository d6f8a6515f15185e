"""A profile by its name or from a file, with what the command line sets in its place.

Whatever is wrong is told at once, in a sentence for each; what is returned can
be run, but for a change that nobody has said how to perform: `with_change`.
"""

import json
import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadtests.profile.contradictions import contradictions
from loadtests.profile.errors import BadProfile
from loadtests.profile.form import Change, Profile
from loadtests.profile.mistakes import sentence
from loadtests.profile.overriding import with_overrides
from loadtests.profile.trace_file import read_trace
from monitoring.strict_yaml import NoYaml, parse

SHIPPED = Path(__file__).parents[1] / "profiles"
LARGEST_BYTES = 256 * 1024

__all__ = ["BadProfile", "names", "path_of", "read", "with_change"]


def names() -> list[str]:
    """Give the profiles that are shipped, by name."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def path_of(name_or_path: str) -> Path:
    """Give the file; raises BadProfile where a word names no profile. Whether the file is there is found by reading."""
    if name_or_path in names():
        return SHIPPED / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    if "/" in name_or_path or path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    near = get_close_matches(name_or_path, names(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise BadProfile(f"there is no profile {name_or_path!r}; {hint}there are {', '.join(names())}, or give a file")


def read(name_or_path: str, overrides: Sequence[str] = ()) -> Profile:
    """Read a profile, with `--set`'s FIELD=VALUE in their order; raises BadProfile."""
    path = path_of(name_or_path)
    written = _mapping(path)
    changed = with_overrides(written, overrides)
    profile = _validated(changed, name_or_path)
    if profile.trace:
        is_of_the_file = written.get("trace") == profile.trace
        profile = profile.with_trace(read_trace((path.parent if is_of_the_file else Path()) / profile.trace))
    if troubles := contradictions(profile):
        raise BadProfile("\n".join(f"{name_or_path}: {trouble}" for trouble in troubles))
    return profile


def with_change(profile: Profile, command: str) -> Profile:
    """Give the profile with `--change`'s command as what is performed; raises BadProfile where one lacks.

    The command is split into words as a shell would, and no shell reads it.
    """
    is_awaited = any(phase.role == "change" for phase in profile.phases)
    change = profile.change or Change()
    if not command.strip():
        if is_awaited and not (change.command or change.helm):
            raise BadProfile(
                "what is changed is not told: give --change COMMAND, or change.command or change.helm in the profile"
            )
        return profile
    if not is_awaited:
        raise BadProfile("--change is for a profile with a phase whose role is change, and this one has none")
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise BadProfile(f"--change {command}: {str(error).lower()}") from error
    return profile.model_copy(
        update={"change": change.model_copy(update={"command": words, "helm": "", "helm_arguments": ()})}
    )


def _mapping(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadProfile(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST_BYTES:
        raise BadProfile(f"{path} has more than {LARGEST_BYTES} bytes, which no profile needs")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadProfile(f"{path} is no text in UTF-8: byte {error.start} is none of it") from error
    try:
        written = parse(text)
    except NoYaml as error:
        raise BadProfile(f"{path} {error}") from error
    if not isinstance(written, dict):
        raise BadProfile(f"{path} must hold fields and their values, as rate: 50")
    return written


def _validated(written: dict[str, Any], name: str) -> Profile:
    # Through JSON, whose strict reading takes lists and words where Python's asks for tuples and enumerations.
    text = json.dumps(written, default=str)
    try:
        return Profile.model_validate_json(text, strict=True)
    except ValidationError as mistakes:
        told = dict.fromkeys(sentence(mistake, written) for mistake in mistakes.errors())
        raise BadProfile("\n".join(f"{name}: {each}" for each in told)) from mistakes
