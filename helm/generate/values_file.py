"""The marked parts of `values.yaml`, which hold the settings of the server.

A part is opened by `# >>> settings of NAME` and closed by `# <<< settings`.
NAME is a group whose other values are written by hand, or `the server`, which
takes every setting that has no part of its own. What is outside is not touched.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from helm.generate.setting_values import DECIDED, SettingValue, group_manuals, setting_values

OPEN = re.compile(r"^(?P<indent> *)# >>> settings of (?P<name>[\w ]+?)(:.*)?$")
CLOSE = re.compile(r"^ *# <<< settings$")
THE_SERVER = "the server"
WIDTH = 120


class Unmarked(Exception):
    """The marks of `values.yaml` do not fit the settings; the message says how."""


def with_settings(text: str) -> str:
    """Write the marked parts of `values.yaml` anew."""
    lines = text.splitlines()
    marked = {match["name"] for match in map(OPEN.match, lines) if match}
    # What the manual says of the model stands beside where its files come from.
    own = (marked - {THE_SERVER}) | {"model"}
    values = list(setting_values())
    if unknown := own - {value.path[0] for value in values}:
        raise Unmarked(f"values.yaml marks settings of {', '.join(sorted(unknown))}, and there is no such group")
    if THE_SERVER not in marked:
        raise Unmarked(f"values.yaml has no line '# >>> settings of {THE_SERVER}'")
    written: list[str] = []
    inside = False
    for number, line in enumerate(lines, 1):
        opened = OPEN.match(line)
        if opened:
            if inside:
                raise Unmarked(f"values.yaml opens settings twice in line {number}")
            inside = True
            written += [line, *_part(opened["name"], own, values, opened["indent"])]
        elif CLOSE.match(line):
            inside = False
            written.append(line)
        elif not inside:
            written.append(line)
    if inside:
        raise Unmarked("values.yaml never closes its settings: '# <<< settings' is missing")
    return "\n".join(written) + "\n"


def _part(name: str, own: set[str], values: Sequence[SettingValue], indent: str) -> Iterator[str]:
    if name != THE_SERVER:
        for value in values:
            if value.path[0] == name:
                yield from _entry(value.path[-1], value, indent)
        return
    manuals = group_manuals()
    group = ""
    for value in values:
        if value.path[0] in own:
            continue
        if len(value.path) == 1:
            yield from _entry(value.path[0], value, indent)
            continue
        if value.path[0] != group:
            group = value.path[0]
            yield ""
            yield from comment(manuals[group], indent)
            yield f"{indent}{group}:"
        yield from _entry(value.path[-1], value, indent + "  ")


def _entry(name: str, value: SettingValue, indent: str) -> Iterator[str]:
    yield from comment(_in_the_charts_words(value.manual), indent)
    yield f"{indent}{name}: {as_yaml(value.default)}"


def comment(manual: str, indent: str) -> list[str]:
    return textwrap.wrap(
        f"-- {manual}", WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_on_hyphens=False
    )


def as_yaml(value: Any) -> str:
    """Write a setting's default as a person would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    # "off" without quotes would be false.
    return f'"{value}"' if isinstance(value, str) else str(value)


def _in_the_charts_words(manual: str) -> str:
    """Name other settings as values: `grpc.age_seconds` becomes `grpc.ageSeconds`."""
    spellings = {".".join(value.knob.path): ".".join(value.path) for value in setting_values()}
    spellings |= {name: why.partition("`")[2].partition("`")[0] for name, why in DECIDED.items() if "`" in why}
    return re.sub(r"`([a-z_]+(?:\.[a-z_]+)?)`", lambda match: f"`{spellings.get(match[1], match[1])}`", manual)
