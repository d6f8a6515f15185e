"""`--set`: a field of a profile by its path, and the value that it is to have.

A path is field names with dots between; an item of a list is named by its
`name` or its number, and `+` is one more. The value is YAML. An item that is
set to null is taken out of its list, when all has been set.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from textwrap import shorten
from typing import Any

from loadtests.profile.errors import BadProfile
from monitoring.strict_yaml import NoYaml, parse

LONGEST_SHOWN = 100


class _Removed:
    """Stands in a list until all is set, so that numbers keep their meaning."""


_REMOVED = _Removed()


def with_overrides(written: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Give the profile as it is after all of them; raises BadProfile, with a sentence for each that cannot be."""
    changed: dict[str, Any] = _copy(written)
    troubles = []
    for override in overrides:
        path, equals, text = override.partition("=")
        try:
            if not equals or not path.strip():
                raise BadProfile("must be FIELD=VALUE, as rate=100 or phases.steady.seconds=30")
            _set(changed, path.strip(), "", _value(text))
        except BadProfile as trouble:
            troubles.append(f"--set {shorten(override, LONGEST_SHOWN)}: {trouble}")
    if troubles:
        raise BadProfile("\n".join(troubles))
    return {key: _without_removed(value) for key, value in changed.items()}


def _value(text: str) -> Any:
    try:
        return parse(text)
    except NoYaml as error:
        raise BadProfile(f"the value {error}") from error


def _set(holder: Any, path: str, before: str, value: Any) -> None:
    """Set what the path names from here; `before` is where here is."""
    if isinstance(holder, list):
        place, rest = _item(holder, path, before)
        key: Any = place
        if place == len(holder):
            holder.append({})
    elif isinstance(holder, dict):
        key, _, rest = path.partition(".")
    else:
        raise BadProfile(f"{before} is {holder!r}, which has no fields")
    here = f"{before}.{key}".lstrip(".")
    if rest:
        if isinstance(holder, dict) and holder.get(key) is None:
            holder[key] = {}
        _set(holder[key], rest, here, value)
    elif isinstance(holder, list) and value is None:
        holder[key] = _REMOVED
    else:
        holder[key] = value


def _item(items: list[Any], path: str, before: str) -> tuple[int, str]:
    """Find the item that the path begins with, and what is left of the path. Names may have dots in them."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    for place, name in sorted(enumerate(names), key=lambda named: -len(str(named[1]))):
        if name is not None and (path == name or path.startswith(f"{name}.")):
            return place, path[len(name) + 1 :]
    first, _, rest = path.partition(".")
    if first == "+":
        return len(items), rest
    if first.isdecimal():
        if int(first) < len(items):
            return int(first), rest
        raise BadProfile(f"{before} has {len(items)} items, counted from 0: there is no {first}")
    known = [name for name in names if isinstance(name, str)]
    near = get_close_matches(first, known, n=1)
    there = f"did you mean {near[0]}?" if near else _listing(known, len(items))
    raise BadProfile(f"{before} has no {first}; {there}")


def _listing(known: list[str], number: int) -> str:
    if known:
        return f"there are {', '.join(known)}"
    return f"it has items 0 to {number - 1}" if number else "it is empty"


def _copy(written: Any) -> Any:
    if isinstance(written, dict):
        return {key: _copy(value) for key, value in written.items()}
    return [_copy(value) for value in written] if isinstance(written, list) else written


def _without_removed(written: Any) -> Any:
    if isinstance(written, dict):
        return {key: _without_removed(value) for key, value in written.items()}
    if isinstance(written, list):
        return [_without_removed(value) for value in written if not isinstance(value, _Removed)]
    return written
