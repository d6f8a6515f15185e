"""What every request meets on its way in and out, whatever the protocol: a name, a guard, a log.

Made once a process from its settings and shared by both listeners. Each part is
its own file; this one knows which of them are on.
"""

from dataclasses import dataclass, field

from serving.call import Call
from serving.guard import Guard
from serving.key_file import KeyFile
from serving.request_id import HEADER, RequestIds
from serving.request_log import RequestLog
from serving.settings import Settings

ID_METADATA = HEADER.decode()


@dataclass(frozen=True, slots=True)
class Door:
    """Without arguments: open to everybody, and silent."""

    guard: Guard = field(default_factory=Guard)
    ids: RequestIds = field(default_factory=RequestIds)
    log: RequestLog = field(default_factory=RequestLog)
    key_files: tuple[KeyFile, ...] = ()

    def name(self, call: Call) -> None:
        """Name a call over gRPC, and have its answer say so."""
        given = call.headers.get(ID_METADATA)
        call.request_id = self.ids.name(None if given is None else given.encode()).decode()
        call.answer_headers = {ID_METADATA: call.request_id}

    def start(self) -> None:
        """Begin to look for renewed files."""
        for file in self.key_files:
            file.start()

    def stop(self) -> None:
        for file in self.key_files:
            file.stop()


def door_of(settings: Settings) -> Door:
    """Read what the settings name; raises StartupError where a file cannot be used."""
    keys = KeyFile(settings.auth.keys_file) if settings.auth.keys_file is not None else None
    has_admin = settings.admin.enabled
    admin_keys = KeyFile(settings.admin.keys_file) if has_admin and settings.admin.keys_file is not None else None
    return Door(
        guard=Guard(keys=keys, guards_metrics=settings.auth.metrics, has_admin=has_admin, admin_keys=admin_keys),
        log=RequestLog(settings.log.sample_ratio),
        key_files=tuple(file for file in (keys, admin_keys) if file is not None),
    )
