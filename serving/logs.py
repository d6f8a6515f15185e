"""One JSON line an event, on standard output.

Whatever the libraries log takes the same form, so that a collector needs one
parser. There is no access log: metrics count requests, and a line is written
for what an operator must know.
"""

import json
import logging
import sys
import traceback
import warnings
from datetime import UTC, datetime

import orjson

logger = logging.getLogger("ecluse")


INFO = logging.INFO
ERROR = logging.ERROR
WARNING = logging.WARNING


def event(name: str, /, *, level: int = INFO, error: BaseException | None = None, **fields: object) -> None:
    """Log that something happened; `fields` say what, and `error` is shown with its traceback."""
    logger.log(level, name, extra={"fields": fields}, exc_info=error)


class JsonLine(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if record.name != logger.name:
            line["logger"] = record.name
        line |= {name: value for name, value in getattr(record, "fields", {}).items() if value is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        try:
            return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except orjson.JSONEncodeError:  # a number beyond 64 bits, or a file name that is no UTF-8
            return json.dumps(line, default=str)


def configure() -> None:
    """Send every logger of the process through one handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    # A library's deprecations are for those who change its version, not for operators.
    warnings.simplefilter("ignore", DeprecationWarning)
    # KServe configures handlers of its own for a logger that has none.
    logging.getLogger("kserve").addHandler(logging.NullHandler())
    # A collector that is gone is told of once, by whoever delivers to it, and not at each attempt.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
