"""Everything that can be tuned: names, types, bounds and defaults, in one table.

The string under a field is its manual. What a setting may not be by itself or
beside others is refused here. How it is called as an option and in the
environment, and who is told of mistakes, is `options.py`'s. Long because it is
the one place.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from serving.versions import VersionLabels, VersionPolicy

KIB = 1024
MIB = 1024 * KIB

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Group(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, protected_namespaces=(), allow_inf_nan=False
    )


def _absent(value: object) -> object:
    """Take an empty text for a file that is not given: a manifest may leave its variable empty."""
    return None if value in ("", "None") else value


File = Annotated[Path | None, BeforeValidator(_absent)]


class Batch(Group):
    """How requests are gathered."""

    enabled: bool = True
    """Whether requests share batches. False leaves each request whole, neither merged nor padded nor cut: for models
    whose rows depend on each other in a way that warm-up does not find out."""
    max_rows: int = Field(64, ge=1, le=65536)
    """Rows in the largest batch; 1 runs every row by itself. More raises throughput until the model's time
    grows in step."""
    max_wait_seconds: float = Field(0.0, ge=0, le=10)
    """How long the oldest request may wait for company. It is added to every request under light load and to none
    under heavy load, where batches fill first; zero sends as soon as nothing more arrives."""
    settle_turns: int = Field(2, ge=0, le=64)
    """Turns of the event loop that must bring no request before a batch that could grow leaves. A turn takes some
    tens of microseconds; zero sends whatever came first alone."""
    grpc_extra_settle_turns: int = Field(24, ge=0, le=64)
    """Further turns for a request that came by gRPC where grpcio serves it (`grpc.transport`), which hands over one by
    one what arrived together."""
    inline_seconds: float = Field(0.002, ge=0, le=0.1)
    """The longest run that the event loop's own thread is lent for, which saves two thread switches. Longer runs, and
    any where rows can grow (a dimension besides them is open, or they are strings), go to a thread of their own."""
    queue_rows: int = Field(4096, ge=1)
    """Rows that may wait; a request beyond is turned away with 503. Bounds waiting time under overload."""
    queue_bytes: int = Field(256 * MIB, ge=1)
    """Bytes of tensors that may wait; bounds memory where rows are large."""
    cool_down_seconds: float = Field(30.0, gt=0)
    """How long batches stay at half their size after one did not fit in the device's memory; then they grow back
    one step each time that this has passed without another."""


class Deadline(Group):
    """When an answer is of no use any more."""

    default_seconds: float = Field(0.0, ge=0)
    """What a request is given that brings no deadline of its own, and a bound on those that do; zero is for ever.
    A request that cannot be answered in time is turned away at once, and one that has become late is not run."""
    batch_part: float = Field(0.5, gt=0, le=1)
    """The part of the default deadline that a batch may take: no larger batches are made, because a request waits for
    the batch before its own."""


class Priority(Group):
    """Who goes first: Triton's request parameter `priority`."""

    levels: int = Field(1, ge=1, le=64)
    """How many levels there are. 1 is the most urgent; with only one, the parameter means nothing."""
    default_level: int = Field(1, ge=1, le=64)
    """The level of a request that names none (0), or one that there is not."""
    ageing_seconds: float = Field(1.0, gt=0)
    """How long a request waits at most behind those of more urgent levels or earlier deadlines; then it goes first."""


class Device(Group):
    """What the models run on."""

    lanes: int = Field(1, ge=1, le=64)
    """Batches that run at a time, over all models. More overlap the copying of one with the running of another, where
    a device can do both; on processors one batch already keeps all of them busy."""


class Limit(Group):
    """What a single caller may ask for."""

    payload_bytes: int = Field(64 * MIB, ge=KIB)
    """The largest body over REST and the largest message over gRPC; one beyond is answered with 413."""
    head_bytes: int = Field(64 * KIB, ge=KIB, le=MIB)
    """The longest head of a request over REST: its path and its headers. One beyond is answered with 431."""
    head_fields: int = Field(128, ge=16)
    """The most headers of a request over REST."""
    inflight_bytes: int = Field(512 * MIB, ge=MIB)
    """Bytes of bodies and messages that are held at once, over all callers; a request beyond is turned away as when
    the queue is full. Bounds memory where bodies are large."""


def _number(value: object) -> object:
    """Read a number that came as text, which a closed list of numbers does not do by itself."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Shed(Group):
    """How a request is turned away when the queue is full."""

    status: Annotated[Literal[503, 429], BeforeValidator(_number)] = 503
    """503 is retried by most proxies, 429 by few; gRPC says UNAVAILABLE or RESOURCE_EXHAUSTED."""


class Auth(Group):
    """Who may call at all."""

    keys_file: File = None
    """A file of the keys that callers must show, one a line as `name:sum`, the sum being SHA-256 of the key in
    hexadecimal. It is read again when it changes. Without it, everybody may call."""
    metrics: bool = False
    """Whether `/metrics` takes a key as well, where there are keys."""


class Admin(Group):
    """Who may load and unload models by request."""

    enabled: bool = False
    """Whether models may be loaded and unloaded by request at all."""
    keys_file: File = None
    """A file of the keys that this takes, written as that of `auth.keys_file`. It must be given, except on a server
    that listens on a loopback address alone."""


class Log(Group):
    """What is logged of requests."""

    sample_ratio: float = Field(0.0, ge=0, le=1)
    """The share of requests that get a line in the log each. Requests that the server failed or turned away
    (500 and above) always get one, up to ten a second."""


class Capture(Group):
    """Which requests are kept, with their answers, for later."""

    path: File = None
    """A file of JSON lines that inferences are written to. Without it, none are kept. Bodies are written as they
    come: mind what callers send."""
    sample_ratio: float = Field(0.0, ge=0, le=1)
    """The share of inferences that are kept. Those that cannot be written in time are dropped and counted."""
    record_bytes: int = Field(64 * KIB, ge=KIB)
    """The largest body that is kept; of one beyond, only its length is."""
    file_bytes: int = Field(64 * MIB, ge=64 * KIB)
    """The size at which a file is put aside and the next one begun."""
    files: int = Field(4, ge=1, le=1000)
    """How many files there are at most, the current one included; the oldest is deleted."""


class Monitor(Group):
    """What is counted of rows: predictions and inputs, beside the model's baseline."""

    enabled: bool = True
    """Whether rows are looked at at all. It is done beside serving, by a thread of its own, and costs no request a
    wait."""
    output: str = ""
    """The output that holds a number for each class. Nothing takes the baseline's, or the only one whose numbers turn
    out to be probabilities; logits without a baseline must be named. `none` says that the model has no classes."""
    baseline: str = Field("assets.extra/baseline.json", min_length=1)
    """The file that `python -m model.baseline` makes, as a path in the version's folder or from the root. Without it
    only predictions are counted."""
    input_rows_per_second: float = Field(1000.0, ge=0)
    """Rows a second whose inputs are looked at, evenly spread where more come; fewer where a row is larger than 4,000
    numbers, so that no more than a few hundredths of a processor are spent. Zero looks at none. Predictions are counted
    on every row."""
    queue_bytes: int = Field(64 * MIB, ge=KIB)
    """Bytes of tensors that may wait to be looked at. Rows beyond are answered, but not counted in the distributions;
    a batch whose inputs are larger than this is never looked at."""


class Tracing(Group):
    """Spans of requests, told to a collector."""

    endpoint: str = Field("", pattern=r"^(https?://\S+)?$")
    """The address of an OpenTelemetry collector that takes OTLP over HTTP, as `http://collector:4318`. Without it,
    nothing is traced."""
    sample_ratio: float = Field(0.01, ge=0, le=1)
    """The share of inferences that are traced, of those that come without the header `traceparent`. One that comes
    with it is traced where its caller is."""


class Feedback(Group):
    """Late labels: whether predictions can be told later how they turned out."""

    keys_file: File = None
    """A file of the secrets that sign the ids of predictions, one a line as `name:secret`. The first signs, all verify;
    it is read again when it changes. All replicas need the same. Without it, answers carry no ids and no labels are
    taken."""
    max_age_seconds: float = Field(30 * 86400.0, gt=0)
    """How old a prediction may be when its label comes; a label for an older one is refused as expired."""
    labels: int = Field(1000, ge=1, le=10_000)
    """The most labels that one request may bring."""
    remembered: int = Field(200_000, ge=1, le=10_000_000)
    """Ids whose labels are remembered, so that one that comes again is not counted again. Each takes some 150 bytes;
    the memory is this process's own and is empty after a restart."""


class Http(Group):
    """The REST listener."""

    keep_alive_seconds: int = Field(65, ge=1)
    """How long an idle connection is kept; must exceed the idle time of any proxy in front, or it reuses a
    connection that is being closed."""
    compress_bytes: int = Field(16 * KIB, ge=0)
    """Answers of at least so many bytes are compressed for callers who accept gzip or deflate; zero compresses none."""
    long_json_bytes: int = Field(256 * KIB, ge=0)
    """JSON longer than this is decoded on a thread beside the event loop, which goes on answering others meanwhile.
    A hand-over costs about a tenth of a millisecond, a kilobyte of numbers some microseconds."""
    connections: int = Field(4096, ge=1)
    """Connections that may be open; on one beyond, health and metrics are told and all else is turned away with 503.
    Each costs some ten kilobytes and a file descriptor."""
    head_seconds: float = Field(20.0, gt=0)
    """How long the head of a request may take from its first byte to its last."""
    body_seconds: float = Field(30.0, gt=0)
    """How long a body may go without progress (a kilobyte a second) before it is answered with 408."""
    write_seconds: float = Field(60.0, gt=0)
    """How long a caller may leave an answer unread (less than a kilobyte a second) before it is cut off."""


class Tls(Group):
    """TLS of both listeners, from files in PEM that are read anew when they change."""

    certificate: File = None
    """The server's certificate, with its chain behind it. None serves plain text. With one, health
    probes need `scheme: HTTPS`."""
    key: File = None
    """The certificate's key, without a password."""
    client_ca: File = None
    """Whose certificates callers must show (mTLS), probes and scrapers included; none asks for none."""


class Grpc(Group):
    """The gRPC listener."""

    transport: Literal["auto", "nghttp2", "grpcio"] = "auto"
    """What speaks gRPC: our own transport on libnghttp2, or grpcio, which is several times slower and needs nothing
    that pip cannot build. `auto` takes the first where its library can be imported."""
    connections: int = Field(4096, ge=1)
    """Connections beyond it are closed as soon as they are made. grpcio knows no such limit."""
    streams: int = Field(1024, ge=1)
    """Calls at a time on one connection; a client holds back what is beyond."""
    age_seconds: float = Field(300.0, ge=0)
    """How long a connection may live, give or take a tenth, before its caller is asked to make a new one: so pods that
    were added get their share of the callers. Zero sets no end."""
    age_grace_seconds: float = Field(60.0, gt=0)
    """How long calls on such a connection may take to end before they are cut off."""
    keepalive_seconds: float = Field(30.0, ge=0)
    """How long a caller may be silent before it is asked whether it lives; without an answer it is let go. Zero
    never asks."""
    body_seconds: float = Field(30.0, gt=0)
    """How long a message that has begun to come may stand still before its call is refused. grpcio knows no such
    limit, nor the next."""
    write_seconds: float = Field(60.0, gt=0)
    """How long a caller may leave answers unread before its connection is cut; one that reads a stream may pause."""
    answer_bytes: int = Field(2**31 - 1, ge=KIB, le=2**31 - 1)
    """The largest answer; one beyond becomes RESOURCE_EXHAUSTED."""


class Drain(Group):
    """What happens between SIGTERM and the end."""

    lame_duck_seconds: float = Field(10.0, ge=0)
    """How long the process serves on, not ready any more, while load balancers and pooled connections move away.
    SIGINT skips it."""
    timeout_seconds: float = Field(30.0, gt=0)
    """How long requests in flight may take after that before they are cut off."""


def _devices(text: str) -> str:
    if text not in ("", "none") and not all(number.strip().isdecimal() for number in text.split(",")):
        raise ValueError("expected the numbers of GPUs as 0,1, or none, or nothing for all")
    return text


class Tensorflow(Group):
    """TensorFlow's threads, its GPUs, and what it may make of a graph."""

    intra_op_threads: int = Field(0, ge=0)
    """Threads that share one operation; zero takes the container's processor quota."""
    inter_op_threads: int = Field(1, ge=1)
    """Operations that run at once. Batches keep the processors busy already."""
    memory_growth: bool = True
    """Whether a GPU's memory is taken as it is needed; otherwise all of it is taken at the start."""
    memory_limit_mib: int = Field(0, ge=0)
    """The most memory taken of each GPU, at once and in place of growth; zero sets no limit."""
    visible_devices: Annotated[str, AfterValidator(_devices)] = ""
    """The GPUs to use, by number as `0,1`; `none` uses none, and nothing uses all there are."""
    mixed_precision: Literal["off", "bfloat16", "float16"] = "off"
    """Whether the graph is rewritten to count in fewer bits where that is believed to be safe: `bfloat16` on processors
    that have it, `float16` on GPUs. Answers change in their third digit."""
    xla: bool = False
    """Whether parts of the graph are compiled. It takes seconds for each size of batch, in warm-up, and pays on GPUs;
    on processors it also needs TF_XLA_FLAGS=--tf_xla_cpu_global_jit in the environment."""


def _policy(text: str) -> str:
    VersionPolicy.parse(text)
    return text


def _labels(text: str) -> str:
    VersionLabels(text)
    return text


class Versions(Group):
    """Which versions of a model are served, and how one takes another's place."""

    policy: Annotated[str, AfterValidator(_policy)] = "latest:1"
    """`latest:N` serves the N newest versions in the folder, `all` every one, `specific:3,5` those. Each takes memory
    of its own; a path without a version means the newest, or the label `stable` where it is given."""
    labels: Annotated[str, AfterValidator(_labels)] = ""
    """Names for versions, as `stable=3,canary=4`, or `mnist/canary=4` for one model alone. A version with a label is
    served whatever the policy says."""
    poll_seconds: float = Field(2.0, ge=0, le=3600)
    """How often the folders are looked at. A new version is loaded once two looks in a row saw the same complete
    files; zero looks at the start alone."""
    swap: Literal["beside", "unload_first"] = "beside"
    """`beside` loads a version while the one before it serves, and needs memory for both. `unload_first` makes room
    first: until the new one is ready, the server is not."""


class Repository(Group):
    """Whether models follow their folders or requests."""

    mode: Literal["poll", "explicit"] = "poll"
    """`poll` follows the folders. `explicit` loads what lies there at the start, and from then on only what a request
    asks for."""


class Settings(Group):
    """All settings of a server."""

    model_name: str = Field("model", min_length=1, pattern=r"^[^/:\s]+$")
    """The model's name in paths and metrics."""
    model_dir: Path = Path("/mnt/models")
    """A SavedModel, or a folder of numbered versions of which the newest is served."""
    models_dir: File = None
    """A folder of models in place of a single one: each child is a SavedModel or holds numbered versions, and its name
    is the model's. Models may come and go. `model_name` and `model_dir` are not read then."""
    signature_name: str = Field("serving_default", min_length=1)
    """The signature to call; where the model has only one other, that is taken."""
    bind_address: str = "0.0.0.0"  # noqa: S104 - a pod is reached by its address
    """The address both listeners bind."""
    http_port: int = Field(8080, ge=0, le=65535)
    """REST, health and metrics; zero picks a free one."""
    grpc_port: int = Field(8081, ge=0, le=65535)
    """gRPC; zero picks a free one."""
    enable_grpc: bool = True
    """Whether to listen for gRPC at all."""
    batch: Batch = Batch()
    deadline: Deadline = Deadline()
    priority: Priority = Priority()
    device: Device = Device()
    limit: Limit = Limit()
    shed: Shed = Shed()
    auth: Auth = Auth()
    admin: Admin = Admin()
    log: Log = Log()
    capture: Capture = Capture()
    monitor: Monitor = Monitor()
    tracing: Tracing = Tracing()
    feedback: Feedback = Feedback()
    http: Http = Http()
    grpc: Grpc = Grpc()
    tls: Tls = Tls()
    drain: Drain = Drain()
    tensorflow: Tensorflow = Tensorflow()
    versions: Versions = Versions()
    repository: Repository = Repository()

    @model_validator(mode="after")
    def _default_level_exists(self) -> "Settings":
        if self.priority.default_level > self.priority.levels:
            raise ValueError(
                f"priority_default_level is {self.priority.default_level}, and priority_levels only "
                f"{self.priority.levels}"
            )
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        if self.enable_grpc and self.http_port and self.http_port == self.grpc_port:
            raise ValueError(f"http_port and grpc_port are both {self.http_port}: they must differ")
        return self

    @model_validator(mode="after")
    def _admin_has_keys(self) -> "Settings":
        # A caller's address would not do: behind a sidecar every caller comes from loopback.
        if self.admin.enabled and self.admin.keys_file is None and self.bind_address not in LOOPBACK:
            raise ValueError(
                "admin_enabled needs --admin_keys_file (or ADMIN_KEYS_FILE), "
                f"unless bind_address is a loopback address: it is {self.bind_address!r}"
            )
        return self
