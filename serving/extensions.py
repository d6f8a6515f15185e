"""Triton's extensions of V2, whatever protocol asks: statistics, configuration, repository.

Answers in the shape that the extension's JSON has; gRPC's messages have the same
fields. What is not served is refused here in one sentence for both protocols, so
that a client hears why and not that a path is unknown.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from serving import model_config
from serving.catalogue import Catalogue
from serving.errors import Draining, InvalidRequest, NotReady, Unsupported
from serving.repository import IndexEntry

NAMES = (
    "binary_tensor_data",
    "classification",
    "schedule_policy",
    "statistics",
    "model_configuration",
)
"""What the server's metadata announces, in Triton's words."""
REPOSITORY = "model_repository"
"""Announced where there is one; who may load and unload is the operator's to say."""

OVERRIDES = "files and configurations come from the model's folder alone here"
NOT_SERVED: Mapping[str, str] = {
    "trace": "traces are not set by request here: OpenTelemetry's settings of the server say what is traced",
    "logging": "logs are not set by request here: the server's settings say what is logged",
    "system_shared_memory": "tensors are not exchanged in shared memory here: send them in the request",
    "cuda_shared_memory": "tensors are not exchanged in a GPU's memory here: send them in the request",
}
"""Extensions that we do not serve, and what a client of one hears."""


class ModelRepository(Protocol):
    """What is asked of the repository here."""

    def index(self, *, only_ready: bool = False) -> list[IndexEntry]: ...

    async def load(self, name: str) -> None: ...

    async def unload(self, name: str) -> None: ...


class Extensions:
    """The extensions of one server."""

    def __init__(
        self, catalogue: Catalogue, repository: ModelRepository | None, version_policy: str = "latest"
    ) -> None:
        self._catalogue = catalogue
        self._repository = repository
        self._version_policy = model_config.version_policy(version_policy)

    @property
    def names(self) -> list[str]:
        """What the server's metadata announces."""
        return [*NAMES, *([] if self._repository is None else [REPOSITORY])]

    def statistics(self, name: str = "", version: str = "") -> dict[str, Any]:
        """Give the statistics of a version, of all versions of a model, or of everything. May raise UnknownModel."""
        names = [name] if name else self._catalogue.names()
        described = []
        for each in names:
            versions = [version] if version else self._catalogue.versions(each)
            try:
                # Asked for one that nobody may ask for, the catalogue says so.
                endpoints = [self._catalogue.find(each, number) for number in versions or [""]]
            except (NotReady, Draining):
                if name:
                    raise
                continue
            described += [endpoint.metrics.statistics() for endpoint in endpoints]
        return {"model_stats": described}

    def config(self, name: str, version: str = "") -> dict[str, Any]:
        """Give the configuration of a version. May raise UnknownModel, NotReady or Draining."""
        return self._catalogue.find(name, version).config() | {"version_policy": self._version_policy}

    def index(self, *, only_ready: bool = False) -> list[dict[str, str]]:
        entries = self._served().index(only_ready=only_ready)
        return [
            {"name": entry.name, "version": entry.version, "state": entry.state.value, "reason": entry.reason}
            for entry in entries
        ]

    async def load(self, name: str, parameters: Sequence[str] = ()) -> None:
        """Load a model's folder anew; `parameters` are the names of what the request wants changed."""
        for parameter in parameters:
            if parameter == "config" or parameter.startswith("file:"):
                raise InvalidRequest(f"parameter {parameter!r} of loading model {name!r}: {OVERRIDES}")
        await self._served().load(name)

    async def unload(self, name: str) -> None:
        await self._served().unload(name)

    def _served(self) -> ModelRepository:
        if self._repository is None:
            raise Unsupported("this server has no repository of models")
        return self._repository


def refuse(extension: str) -> Unsupported:
    return Unsupported(NOT_SERVED[extension])
