"""Settings read once, from the command line and the environment.

One setting, one name: `batch.max_rows` is `--batch_max_rows` as an option and
`BATCH_MAX_ROWS` in the environment; an option wins. Names of KServe's model
server keep KServe's spelling, and every option of KServe's is accepted, ignored
or refused in words. All mistakes are reported at once. Knows no single setting.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from serving.errors import StartupError
from serving.settings import Group, Settings


class Knob(NamedTuple):
    """One setting under its three names."""

    path: tuple[str, ...]
    default: Any
    manual: str

    @property
    def option(self) -> str:
        return "--" + "_".join(self.path)

    @property
    def variable(self) -> str:
        return "_".join(self.path).upper()


def knobs(group: type[Group] = Settings, path: tuple[str, ...] = ()) -> Iterator[Knob]:
    """Every setting there is, in order."""
    for name, field in group.model_fields.items():
        here = (*path, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            yield from knobs(field.annotation, here)
        else:
            yield Knob(here, field.default, " ".join((field.description or "").split()))


KSERVE_SPELLINGS = {
    "--timeout-keep-alive": ("http", "keep_alive_seconds"),
    "--grpc_max_receive_message_length": ("limit", "payload_bytes"),
    "--grpc_max_send_message_length": ("grpc", "answer_bytes"),
    "--ssl_certfile": ("tls", "certificate"),
    "--ssl_keyfile": ("tls", "key"),
}
"""Options of KServe's that mean a setting of ours by another name."""

KSERVE_IGNORED = (
    *("--max_threads", "--max_asyncio_workers", "--enable_docs_url", "--enable_latency_logging"),
    *("--configure_logging", "--log_config_file", "--access_log_format", "--event-loop"),
    # These reach a transformer's code through kserve itself.
    *("--predictor_host", "--protocol", "--predictor_protocol", "--predictor_use_ssl"),
    *("--predictor_request_timeout_seconds", "--predictor_request_retries"),
)
"""Options of KServe's that have nothing to tune here; taking them keeps its manifests valid."""

KSERVE_REFUSED = {
    "--workers": "one process serves a pod, so that there is one queue: scale by replicas instead",
}
"""Options of KServe's that must not be taken silently."""


def load(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises StartupError that lists every mistake there is."""
    given, mistakes = _parse(arguments)
    values: dict[str, Any] = {}
    for knob in knobs():
        if knob.variable in environment:
            _put(values, knob.path, environment[knob.variable])
    for path, value in given.items():
        _put(values, path, value)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        mistakes += [_sentence(detail) for detail in error.errors()]
    if mistakes:
        raise StartupError("; ".join(mistakes))
    return settings


def _parse(arguments: Sequence[str]) -> tuple[dict[tuple[str, ...], str], list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Serve a TensorFlow SavedModel: Open Inference Protocol V1 and V2 over REST, V2 over gRPC.",
        epilog="Every option can also be set in the environment: --batch_max_rows is BATCH_MAX_ROWS.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        exit_on_error=False,
    )
    for knob in knobs():
        parser.add_argument(
            knob.option,
            dest=".".join(knob.path),
            metavar=knob.path[-1].upper(),
            help=f"{knob.manual} Default: {knob.default}.".replace("%", "%%"),
        )
    for option, path in KSERVE_SPELLINGS.items():
        parser.add_argument(option, dest=".".join(path), help=argparse.SUPPRESS)
    for option in KSERVE_IGNORED:
        parser.add_argument(option, dest="ignored", help=argparse.SUPPRESS)
    parser.add_argument("--enable_predictor_health_check", action="store_true", help=argparse.SUPPRESS)
    for option in KSERVE_REFUSED:
        parser.add_argument(option, dest=option, help=argparse.SUPPRESS)
    try:
        parsed, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        return {}, [str(error)]
    given = vars(parsed)
    given.pop("ignored", None)
    given.pop("enable_predictor_health_check", None)
    # What follows an unknown option is most likely its value, and no mistake of its own.
    mistakes = [f"unknown option {option}" for option in unknown if option.startswith("-")] or [
        f"{argument!r} is no option" for argument in unknown
    ]
    for option, reason in KSERVE_REFUSED.items():
        value = given.pop(option, None)
        if value is not None and not (option == "--workers" and value == "1"):
            mistakes.append(f"{option} {value}: {reason}")
    return {tuple(dest.split(".")): value for dest, value in given.items()}, mistakes


def _put(values: dict[str, Any], path: Sequence[str], value: str) -> None:
    *groups, name = path
    for group in groups:
        values = values.setdefault(group, {})
    values[name] = value


def _sentence(detail: Any) -> str:
    path = tuple(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if not path:
        return message
    knob = Knob(path, None, "")
    message = message[0].lower() + message[1:]
    return f"{knob.option} (or {knob.variable}) is {detail['input']!r}: {message}"
