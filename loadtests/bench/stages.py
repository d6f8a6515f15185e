"""Where the time of a request goes: the stacks of a profile, added up by stage.

A stage is a part of the server's way that one can work on alone, told by the
file, or by the file and function, of the innermost frame that is known here.
Each says why it costs what it still costs. Pure: folded stacks in, shares out.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the way of a request, the frames by which it is known, and why it is not free."""

    title: str
    frames: tuple[str, ...]
    reason: str


OTHER = "everything else"
GRAPH = "TensorFlow"

STAGES = (
    Stage(
        GRAPH,
        ("serving/direct_call.py", "serving/saved_model.py", "tensorflow/"),
        "The graph itself, by far the most of it two matrix products. Its fixed part, some 70 µs of TensorFlow's "
        "executor, is shared by the rows of a batch.",
    ),
    Stage(
        "numbers from JSON",
        ("serving/json_numbers.py", "serving/json_tensor.py"),
        "784 numbers are four to five thousand bytes of text. simdjson reads them in about 8 µs, and finding where "
        "they begin and end, and making floats of 32 bits of doubles, are passes over memory.",
    ),
    Stage(
        "the rest of decoding",
        (
            "serving/payload_v2.py:parse",
            "serving/payload_v2.py",
            "serving/payload_grpc.py",
            "serving/binary_tensor.py",
            "serving/signature.py",
            "serving/parameters.py",
            "serving/raw_contents.py",
            "serving/known_heads.py",
            "serving/reader_v2.py",
            "serving/reader_grpc.py",
            "serving/wire_format.py",
            "serving/value_limit.py",
            "serving/request.py",
        ),
        "Name, datatype, shape, sizes and parameters are checked for every request before anything is converted: "
        "some thirty short steps of Python.",
    ),
    Stage(
        "answers written",
        (
            "serving/payload_v2.py:encode",
            "serving/payload_v2.py:_json_data",
            "serving/json_tensor.py:to_json",
            "serving/payload_grpc.py:encode",
            "serving/binary_tensor.py:to_bytes",
            "serving/binary_tensor.py:to_buffer",
        ),
        "An answer is a dictionary for each output and one call of orjson, or a message of protobuf's.",
    ),
    Stage(
        "batching",
        (
            "serving/batching.py",
            "serving/queueing.py",
            "serving/schedule.py",
            "serving/assembly.py",
            "serving/running.py",
            "serving/parts.py",
            "serving/deadlines.py",
            "serving/forecast.py",
            "serving/device.py",
            "serving/batch_cap.py",
            "serving/retries.py",
            "serving/turns.py",
            "serving/latency.py",
        ),
        "A place in the queue, one copy of the rows into the batch, a cut for each caller and a future that wakes it.",
    ),
    Stage(
        "counting",
        ("serving/metrics.py", "serving/series.py"),
        "Some ten counts a request, each an addition or a bisection.",
    ),
    Stage(
        "looking at rows",
        ("serving/observation.py", "serving/row_", "serving/prediction.py", "monitoring/features.py"),
        "Many rows at a time, on a thread of its own: every answer's class, and features of a sample of inputs.",
    ),
    Stage(
        "ids for late labels",
        ("serving/id_issuer.py", "serving/prediction_id"),
        "A signature a request, where late labels are taken.",
    ),
    Stage(
        "HTTP",
        (
            "serving/http_",
            "serving/rest.py",
            "serving/rest_extensions.py",
            "serving/guard.py",
            "serving/body_coding.py",
            "serving/content_coding.py",
            "httptools",
        ),
        "Parsing is httptools' C; what is left is one dictionary of headers, the choice of a route, and head and "
        "body of the answer in one write.",
    ),
    Stage(
        "gRPC",
        ("serving/grpc_", "serving/grpcio_listener.py", "grpc/", "ngh2"),
        "HTTP/2 frames and header compression are nghttp2's C; streams, windows and status trailers are ours.",
    ),
    Stage(
        "from the socket to an endpoint and back",
        (
            "serving/endpoint.py",
            "serving/steps.py",
            "serving/call.py",
            "serving/request_log.py",
            "serving/request_id.py",
            "serving/door.py",
            "serving/catalogue.py",
            "serving/inflight_bytes.py",
        ),
        "The coroutine of a request: entered once, suspended once while its batch runs, and resumed by it.",
    ),
    Stage(
        "event loop and system calls",
        (
            "asyncio/",
            "uvloop",
            "selectors.py",
            "serving/process.py",
            "serving/predictor.py",
            "serving/__main__.py",
            "runpy",
        ),
        "Reading and writing a socket are two system calls a request, several µs each, which no server on sockets is "
        "without; with uvloop around them they show no frame of Python.",
    ),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stage's share of the samples."""

    title: str
    share: float
    reason: str


def add_up(folded: Iterable[str], graph_share: float = 0.0) -> list[Part]:
    """Give each stage its share, largest first; lines are those of `py-spy record --format raw`.

    `graph_share` is what threads took that py-spy does not see: those that run the graph.
    """
    counts: Counter[str] = Counter()
    for line in folded:
        stack, _, count = line.rpartition(" ")
        if stack and count.isdecimal() and not _only_waits(stack):
            counts[_stage_of(stack.split(";"))] += int(count)
    total = sum(counts.values())
    reasons = {stage.title: stage.reason for stage in STAGES}
    shares = {title: count / total * (1 - graph_share) for title, count in counts.items()}
    if shares and graph_share:
        shares[GRAPH] = shares.get(GRAPH, 0.0) + graph_share
    ordered = sorted(shares.items(), key=lambda each: each[1], reverse=True)
    return [Part(title, share, reasons.get(title, "Not explained.")) for title, share in ordered]


def _only_waits(stack: str) -> bool:
    """Tell a thread that was asleep, which py-spy does not know where it may not ask the kernel."""
    return "Thread._bootstrap" in stack and "serving/" not in stack


def _stage_of(frames: list[str]) -> str:
    """Find the innermost frame that a stage is known by; the longest name that fits decides."""
    for frame in reversed(frames):
        place = _place(frame)
        found = [(len(known), stage.title) for stage in STAGES for known in stage.frames if known in place]
        if found:
            return max(found)[1]
    return OTHER


def _place(frame: str) -> str:
    """Turn py-spy's `encode (serving/payload_v2.py:45)` into `serving/payload_v2.py:encode`."""
    function, _, rest = frame.partition(" (")
    return f"{rest.rstrip(')').rpartition(':')[0] or rest}:{function}"
