"""Find the one line of a log's end that says why, and say it as a person would.

Logs of one JSON object a line, as our server writes them, are read; of others
the last line that speaks of an error is taken, or else the last. Pure.
"""

import json
import re
from collections.abc import Sequence

from k8s.wait.pod_troubles import tidy

_EVENT = ("message", "msg", "event")
_WHY = ("reason", "why", "error", "sentence", "err", "exception")
_GRAVE = ("error", "critical", "fatal")
_SPEAKS_OF_AN_ERROR = re.compile(r"\w*(Error|Exception)\b|\b(error|fatal|failed|cannot|panic)\b", re.IGNORECASE)


def last_words(lines: Sequence[str]) -> str:
    """Give the line that says most, or nothing where there is no line."""
    told = [_told(line) for line in lines if line.strip()]
    for is_grave, words in reversed(told):
        if is_grave:
            return tidy(words)
    return tidy(told[-1][1]) if told else ""


def _told(line: str) -> tuple[bool, str]:
    """Whether a line is about something that went wrong, and what it says."""
    try:
        record = json.loads(line)
    except ValueError:
        return bool(_SPEAKS_OF_AN_ERROR.search(line)), line.strip()
    if not isinstance(record, dict):
        return False, line.strip()
    words = [str(next((record[field] for field in _EVENT if record.get(field)), ""))]
    words += [str(record[field]) for field in _WHY if record.get(field) and str(record[field]) != words[0]]
    if record.get("traceback"):
        words.append(str(record["traceback"]).strip().splitlines()[-1])
    level = str(record.get("level") or record.get("severity") or record.get("levelname") or "")
    return level.lower() in _GRAVE, ": ".join(filter(None, words)) or line.strip()
