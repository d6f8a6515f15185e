"""Markdown that others' words cannot break: tables, plain text and code."""

from collections.abc import Iterable

LONGEST_EXAMPLE = 200

_PLAIN = str.maketrans({**{sign: f"\\{sign}" for sign in "\\`*_[]|~#!"}, "&": "&amp;", "<": "&lt;", "@": "&#64;"})


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def text(words: str) -> str:
    """Take from words all that Markdown and HTML would make something of."""
    return " ".join(words.split()).translate(_PLAIN)


def code(words: str) -> str:
    line = " ".join(words.split()).replace("`", "'").replace("|", "\\|")
    return f"`{line[:LONGEST_EXAMPLE]}{'…' if len(line) > LONGEST_EXAMPLE else ''}`"
