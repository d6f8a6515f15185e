"""Locust users for locustfiles of your own: requests of one kind over our clients, each answer checked.

    from loadtests.users import V2BinaryUser

    class Mine(V2BinaryUser):
        model = "mnist"
        rows = {1: 9, 8: 1}

Locust's closed loop: a user waits for its answer before it asks again, so a
server that stalls is asked less, and its percentiles look better than what
callers see. For a verdict there is `python -m loadtests run`.

A run in which a task raised, or in which nothing was asked, ends with status 1,
also under the gate that Locust documents, which sets 0 where nothing failed.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar, Literal

from gevent import get_hub
from locust import User, constant_throughput, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from loadtests.clients import Access, BadAddress, open_client
from loadtests.engine.headers import VARIABLE, BadHeaders, read_headers
from loadtests.engine.preflight import Preflight, Unreachable
from loadtests.measure.outcome import Outcome
from loadtests.profile.form import Stream
from loadtests.requests.question import Question
from loadtests.requests.questions import questions
from loadtests.requests.rows import BadData
from loadtests.requests.target import BadTarget, read_target

log = logging.getLogger("loadtests")

SEED = 1
USAGE = 2
MILLISECONDS = 1000.0
MOST_WORDS = 120


class Failed(Exception):
    """A request's outcome, by its name; of one kind and code there is one line on Locust's page."""

    def __init__(self, outcome: Outcome, code: str, words: str) -> None:
        # What a server says of load has numbers in it, which would make a line for each request.
        told = words[:MOST_WORDS] if outcome in {Outcome.CLIENT, Outcome.SERVER, Outcome.WRONG} else ""
        self.line = f"{outcome} ({code})" + (f": {told}" if told else "")
        super().__init__(self.line)

    def __repr__(self) -> str:
        return self.line


class ModelUser(User):  # type: ignore[misc]  # it ships no types that hold
    """Asks one kind of request over connections of its own. A subclass says which, and has tasks that call `ask`."""

    abstract = True
    wait_time = constant_throughput(1)

    protocol: ClassVar[Literal["v1", "v2", "grpc"]] = "v2"
    format: ClassVar[Literal["json", "binary"]] = "json"
    model: ClassVar[str] = ""
    """Empty takes what --model names, or else the only one there is."""
    rows: ClassVar[Mapping[int, float]] = {1: 1}
    """How many rows a request has: sizes with their shares."""
    requests_per_connection: ClassVar[int | None] = None
    deadline_seconds: ClassVar[float | None] = None
    timeout_seconds: ClassVar[float] = 10.0

    prepared: ClassVar["Prepared | None"] = None

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        prepared = self.prepared
        if prepared is None:
            raise StopUser  # why was told when the test was started
        self._name = f"{prepared.model} {prepared.stream.name}"
        self._questions = prepared.next
        self.client = open_client(prepared.stream, prepared.url, prepared.grpc, prepared.access)

    def on_stop(self) -> None:
        self.client.close()

    def ask(self, question: Question | None = None, name: str = "") -> bool:
        """Send a request, the next of its kind or one of your own, check the answer, and say whether it was right."""
        asked = next(self._questions) if question is None else question
        began, sent = time.time(), time.perf_counter()
        exchange = self.client.ask(asked, self.timeout_seconds)
        took = time.perf_counter() - sent
        failed = None
        if exchange.reply is None:
            failed = Failed(exchange.outcome, exchange.code, exchange.words)
        else:
            wrong = asked.judge(exchange.reply).wrong
            if wrong:
                failed = Failed(Outcome.WRONG, exchange.code, wrong)
        self.environment.events.request.fire(
            request_type="gRPC" if self.protocol == "grpc" else "POST",
            name=name or self._name,
            response_time=took * MILLISECONDS,
            response_length=len(exchange.reply.body) if exchange.reply else 0,
            exception=failed,
            context=self.context(),
            start_time=began,
            url=asked.path,
        )
        return failed is None


class V1User(ModelUser):
    """TensorFlow Serving's JSON, /v1/models/M:predict."""

    abstract = True
    protocol = "v1"

    @task  # type: ignore[untyped-decorator]
    def infer(self) -> None:
        self.ask()


class V2JsonUser(ModelUser):
    """The Open Inference Protocol with numbers in JSON."""

    abstract = True

    @task  # type: ignore[untyped-decorator]
    def infer(self) -> None:
        self.ask()


class V2BinaryUser(ModelUser):
    """The Open Inference Protocol with tensors as bytes behind a head of JSON."""

    abstract = True
    format = "binary"

    @task  # type: ignore[untyped-decorator]
    def infer(self) -> None:
        self.ask()


class GrpcUser(ModelUser):
    """The Open Inference Protocol over gRPC, with raw contents."""

    abstract = True
    protocol = "grpc"
    format = "binary"

    @task  # type: ignore[untyped-decorator]
    def infer(self) -> None:
        self.ask()


class Prepared:
    """What all users of a class share."""

    def __init__(self, stream: Stream, url: str, grpc: str, access: Access, model: str, asked: list[Question]) -> None:
        self.stream = stream
        self.url = url
        self.grpc = grpc
        self.access = access
        self.model = model
        self.next: Iterator[Question] = cycle(asked)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: Any) -> None:
    parser.add_argument(
        "--model",
        default="",
        env_var="LOADTEST_MODEL",
        help="Name of the model that is asked; needed where the server has several",
    )
    parser.add_argument(
        "--grpc",
        metavar="HOST:PORT",
        default="",
        env_var="LOADTEST_GRPC",
        help="Where gRPC is asked; without it, nobody asks over gRPC. grpcs://HOST:PORT for TLS",
    )
    parser.add_argument("--ca", metavar="FILE", default="", env_var="LOADTEST_CA", help="Certificates to trust, in PEM")
    parser.add_argument("--insecure", action="store_true", env_var="LOADTEST_INSECURE", help="Believe any certificate")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        include_in_web_ui=False,
        help=f"Sent with each request; a key is better given by {VARIABLE}, a JSON object or a header a line",
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def look_at_the_clock(**_: Any) -> None:
    """Have Locust's --run-time begin now, and not when the process began: imports may take longer than a short run."""
    get_hub().loop.update_now()


@events.init.add_listener  # type: ignore[untyped-decorator]
def leave_out_grpc(environment: Any, **_: Any) -> None:
    """Where no address can be given any more, nobody asks over gRPC, unless there is nobody else."""
    if environment.web_ui is None and not environment.parsed_options.grpc:
        others = [each for each in environment.user_classes if not _asks_grpc(each)]
        if others and len(others) < len(environment.user_classes):
            log.warning("nobody asks over gRPC: where it is can be said by --grpc HOST:PORT")
            environment.user_classes[:] = others


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Any, **_: Any) -> None:
    """Look at the target, and write the requests of every kind of user."""
    if isinstance(environment.runner, MasterRunner):
        return
    kinds = [each for each in environment.user_classes if issubclass(each, ModelUser)]
    for kind in kinds:
        kind.prepared = None
    try:
        for kind in kinds:
            kind.prepared = _prepared(kind, environment)
    except (BadAddress, BadHeaders, BadTarget, BadData, Unreachable, ValueError) as mistake:
        log.error("%s", mistake)
        environment.process_exit_code = USAGE
        if environment.web_ui is None and not isinstance(environment.runner, WorkerRunner):
            sys.exit(USAGE)


def _asks_grpc(kind: type[User]) -> bool:
    return issubclass(kind, ModelUser) and kind.protocol == "grpc"


def _prepared(kind: type[ModelUser], environment: Any) -> Prepared:
    options = environment.parsed_options
    url = (environment.host or kind.host or "").rstrip("/")
    if not url:
        raise BadAddress("no target is named: --host http://HOST:PORT")
    if kind.protocol == "grpc" and not options.grpc:
        raise BadAddress(f"{kind.__name__} asks over gRPC: where it is must be said by --grpc HOST:PORT")
    headers = read_headers(options.header, os.environ.get(VARIABLE, ""))
    access = Access(Path(options.ca) if options.ca else None, options.insecure, headers)
    stream = Stream.model_validate(
        {
            "name": f"{kind.protocol}-{kind.format}",
            "protocol": kind.protocol,
            "format": kind.format,
            "rows": dict(kind.rows),
            "requests_per_connection": kind.requests_per_connection,
            "deadline_seconds": kind.deadline_seconds,
        }
    )
    preflight = Preflight(url, access, lambda _: False)
    model = kind.model or options.model or _only_model(preflight)
    preflight.wait_ready([model], options.grpc if kind.protocol == "grpc" else "", 0)
    asked = questions(stream, read_target(*preflight.metadata(model)), seed=SEED)
    return Prepared(stream, url, options.grpc, access, model, asked)


def _only_model(preflight: Preflight) -> str:
    preflight.wait_ready([], "", 0)
    models = preflight.models()
    if len(models) == 1:
        return models[0]
    known = f": the server has {', '.join(models)}" if models else ""
    raise BadAddress(f"which model is asked must be said by --model NAME{known}")


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def refuse_to_pass(environment: Any, **_: Any) -> None:
    """See that a run which tried nothing is no success; called after listeners of locustfiles, which come later."""
    runner = environment.runner
    if runner is None or isinstance(runner, WorkerRunner) or environment.process_exit_code not in (None, 0):
        return
    if runner.exceptions:
        log.error("a task raised: %s", next(iter(runner.exceptions.values()))["msg"])
    elif not environment.stats.total.num_requests:
        log.error("nothing was asked")
    else:
        return
    environment.process_exit_code = 1
