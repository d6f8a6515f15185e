"""What every request meets on its way in and out, whatever the protocol: a name, a guard, a log.

Made once a process from its settings and shared by both listeners. Each part is
its own file; this one knows which of them are on.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving.api_keys import ApiKeys, parse
from serving.call import Call
from serving.capture import Capture
from serving.guard import Guard
from serving.key_file import KeyFile
from serving.metrics import Metrics
from serving.request_id import HEADER, RequestIds
from serving.request_log import RequestLog
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.tracing import Tracing

ID_METADATA = HEADER.decode()


@dataclass(frozen=True, slots=True)
class Door:
    """Without arguments: open to everybody, and silent."""

    guard: Guard = field(default_factory=Guard)
    ids: RequestIds = field(default_factory=RequestIds)
    log: RequestLog = field(default_factory=RequestLog)
    capture: Capture | None = None
    tracing: "Tracing | None" = None
    key_files: tuple[KeyFile[ApiKeys], ...] = ()

    def name(self, call: Call) -> None:
        """Name a call over gRPC, and have its answer say so."""
        call.request_id = self.ids.name(call.field(HEADER)).decode()
        call.answer_headers = {ID_METADATA: call.request_id}

    def start(self) -> None:
        """Begin to look for renewed files, and to send what leaves in its own time."""
        for part in self._parts():
            part.start()

    def stop(self) -> None:
        for part in self._parts():
            part.stop()

    def _parts(self) -> "list[KeyFile[ApiKeys] | Capture | Tracing]":
        return [*self.key_files, *(part for part in (self.capture, self.tracing) if part is not None)]


def guard_of(settings: Settings) -> tuple[Guard, tuple[KeyFile[ApiKeys], ...]]:
    """Read the files of keys that the settings name; raises StartupError where one cannot be used."""
    keys = KeyFile(settings.auth.keys_file, parse) if settings.auth.keys_file is not None else None
    has_admin = settings.admin.enabled
    admin_keys = (
        KeyFile(settings.admin.keys_file, parse) if has_admin and settings.admin.keys_file is not None else None
    )
    guard = Guard(keys=keys, guards_metrics=settings.auth.metrics, has_admin=has_admin, admin_keys=admin_keys)
    return guard, tuple(file for file in (keys, admin_keys) if file is not None)


def door_of(settings: Settings, metrics: Metrics) -> Door:
    """Make what the settings ask for; raises StartupError where a file of keys cannot be used."""
    guard, key_files = guard_of(settings)
    return Door(
        guard=guard,
        log=RequestLog(settings.log.sample_ratio),
        capture=_capture(settings, metrics),
        tracing=_tracing(settings, metrics),
        key_files=key_files,
    )


def _capture(settings: Settings, metrics: Metrics) -> Capture | None:
    wanted = settings.capture
    if wanted.path is None or not wanted.sample_ratio:
        return None
    return Capture(
        wanted.path,
        wanted.sample_ratio,
        metrics.fates("ecluse_capture_records_total"),
        record_bytes=wanted.record_bytes,
        file_bytes=wanted.file_bytes,
        files=wanted.files,
    )


def _tracing(settings: Settings, metrics: Metrics) -> "Tracing | None":
    wanted = settings.tracing
    if not wanted.endpoint:
        return None
    # The library takes time to import and memory to hold, which those who do not trace need not spend.
    from serving.tracing import tracing_to

    return tracing_to(wanted.endpoint, wanted.sample_ratio, metrics.fates("ecluse_trace_spans_total"))
