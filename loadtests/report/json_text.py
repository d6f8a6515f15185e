"""Values and dataclasses as JSON, whatever words are in them."""

import json
from dataclasses import asdict
from typing import Any

import orjson


def as_json(value: Any, *, is_indented: bool = False) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if is_indented else None)
    except TypeError:
        # Half of a surrogate pair, in what a server said: the words lose it, and the numbers are kept.
        indent, separators = (2, None) if is_indented else (None, (",", ":"))
        written = json.dumps(value, default=asdict, ensure_ascii=False, indent=indent, separators=separators)
        return written.encode(errors="replace")
