"""The models of this process: found in folders, loaded, listed, and changed while it serves.

Watches the folders and lets each model follow its own. A folder counts once two
looks in a row saw the same complete files, so that a copy under way is left
alone. `load` and `unload` do by request what the watch does by itself; a model
that was unloaded stays so until it is asked for.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving import logs
from serving.catalogue import Catalogue
from serving.errors import LoadFailed, StartupError, UnknownModel
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.model_folder import ModelVersion, find_models, find_versions, is_complete, look_at
from serving.served_model import ServedModel
from serving.served_version import Found, Rules, Source, State
from serving.slow_work import on_thread
from serving.versions import VersionLabels

__all__ = ["IndexEntry", "ModelsFolder", "Repository", "State"]

Disk = Mapping[str, Mapping[str, Found]]
"""What one look at the folders saw: versions by model."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of the repository's index."""

    name: str
    version: str
    """Empty for a model that has no version at all."""
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModelsFolder:
    """A folder whose models come and go, and how to serve one of them."""

    folder: Path
    source: Callable[[str], Source]


class Repository:
    """The models of this process."""

    def __init__(
        self,
        sources: Sequence[Source],
        models_folder: ModelsFolder | None,
        rules: Rules,
        labels: VersionLabels,
        catalogue: Catalogue,
        metrics: Metrics,
        lifecycle: Lifecycle,
    ) -> None:
        self._models_folder = models_folder
        self._rules = rules
        self._labels = labels
        self._catalogue = catalogue
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._models: dict[str, ServedModel] = {}
        self._complaint = ""
        self._changes: set[asyncio.Task[None]] = set()
        """Those asked for by request that are under way."""
        for source in sources:
            self._add(source)

    # Asked by callers

    def index(self, *, only_ready: bool = False) -> list[IndexEntry]:
        """Every model and version, by name and then by number."""
        entries = [
            IndexEntry(name, version, state, reason)
            for name, model in sorted(self._models.items())
            for version, state, reason in model.states()
        ]
        return [entry for entry in entries if entry.state is State.READY or not only_ready]

    async def load(self, name: str) -> None:
        """Read the model's folder anew and load what is to be served, until it is.

        Raises UnknownModel where there is no such folder, LoadFailed where a
        version cannot be served, and then what was served before still is.
        """
        await self._to_its_end(self._load(name))

    async def _load(self, name: str) -> None:
        model = self._models.get(name) or await self._discover(name)
        try:
            found = await on_thread(lambda: look_into(model.source.folder))
        except StartupError as error:
            raise LoadFailed(str(error)) from error
        model.welcome()
        await model.align(found)
        if (failure := model.newest_failure) is not None:
            raise LoadFailed(f"model {name!r} could not be loaded: {failure.reason}")

    async def unload(self, name: str) -> None:
        """Serve the model no more, and give its memory back once its requests are answered.

        Raises UnknownModel. It stays unloaded until `load` is asked for.
        """
        if name not in self._models:
            raise self._unknown(name)
        await self._to_its_end(self._models[name].unload())

    async def _to_its_end(self, change: Coroutine[None, None, None]) -> None:
        """Make a change whole, though whoever asked for it may leave: half of one would stay in memory."""
        changing = asyncio.ensure_future(change)
        self._changes.add(changing)
        changing.add_done_callback(self._changes.discard)
        await asyncio.shield(changing)

    # Asked by the process

    async def start(self) -> None:
        """Load every model once; raises StartupError where one that was named cannot be served."""
        for model in list(self._models.values()):
            await model.align(await on_thread(lambda model=model: look_into(model.source.folder)))  # type: ignore[misc]
            failure = model.newest_failure
            if not model.ready and failure is not None:
                raise StartupError(f"model {model.name!r} cannot be served: {failure.reason}")
        for name in await on_thread(self._names_on_disk):
            # One broken model among many is told, and must not take the others with it.
            model = self._models.get(name) or self._adopt(name)
            try:
                await model.align(await on_thread(lambda model=model: look_into(model.source.folder)))  # type: ignore[misc]
            except StartupError as error:
                self._complain(str(error))

    async def watch(self, poll_seconds: float) -> None:
        """Follow the folders until cancelled."""
        before: Disk = {}
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                before = await self.follow(before)
            # The watch outlives whatever a disk may do.
            except Exception as error:  # noqa: BLE001
                logs.event("watch_failed", level=logs.ERROR, error=error)

    async def follow(self, before: Disk) -> Disk:
        """Look at the folders once, and do what they ask for that did not change since `before`; give what was seen."""
        known = {name: model.source.folder for name, model in self._models.items()}
        seen = await on_thread(lambda: self._look(known))
        if seen is None:
            return before
        for name, versions in seen.items():
            model = self._models.get(name)
            ready = model.ready if model is not None else {}
            settled = {
                number: found
                for number, found in versions.items()
                if is_complete(found.content) and before.get(name, {}).get(number) == found
            }
            # What serves is not let go because its files are being changed.
            kept = {
                number: Found(found.version, ready[number])
                for number, found in versions.items()
                if number in ready and number not in settled
            }
            if model is None and settled:
                model = self._adopt(name)
            if model is not None and model.is_wanted:
                await model.align(settled | kept)
        await self._drop_the_gone(before, seen)
        return seen

    def drain(self) -> None:
        """Let what is queued leave without waiting for company."""
        for model in self._models.values():
            model.drain()

    def close(self) -> None:
        """Refuse whatever still waits."""
        for model in self._models.values():
            model.close()

    # Inside

    def _add(self, source: Source) -> ServedModel:
        model = ServedModel(
            source,
            frozenset(self._labels.of(source.name).values()),
            self._rules,
            self._catalogue,
            self._metrics,
            self._lifecycle,
        )
        self._models[source.name] = model
        return model

    def _adopt(self, name: str) -> ServedModel:
        """Take in a model of the folder of models."""
        if self._models_folder is None:
            raise self._unknown(name)
        return self._add(self._models_folder.source(name))

    def _names_on_disk(self) -> list[str]:
        """The models in the folder of models; raises StartupError where it cannot be read."""
        return list(find_models(self._models_folder.folder)) if self._models_folder is not None else []

    async def _discover(self, name: str) -> ServedModel:
        """Find a model that was put into the folder of models since it was last looked at."""
        try:
            names = await on_thread(self._names_on_disk)
        except StartupError as error:
            raise LoadFailed(str(error)) from error
        # Only a name that the folder itself gave: what a caller sends may lead anywhere.
        if name not in names:
            raise self._unknown(name)
        return self._models.get(name) or self._adopt(name)

    async def _drop_the_gone(self, before: Disk, seen: Disk) -> None:
        """Let models go whose folders two looks in a row did not see."""
        for name, model in list(self._models.items()):
            folder = model.source.folder
            if folder is None or not self._is_child(folder) or name in seen or name in before:
                continue
            await model.unload()
            del self._models[name]
            self._metrics.withdraw(name)
            logs.event("model_gone", model_name=name)

    def _is_child(self, folder: Path) -> bool:
        """Whether a model came out of the folder of models."""
        return self._models_folder is not None and folder.parent == self._models_folder.folder

    def _look(self, known: Mapping[str, Path | None]) -> Disk | None:
        """Look at every folder; None where they cannot be read, which is no reason to change anything."""
        try:
            names = self._names_on_disk()
        except StartupError as error:
            self._complain(str(error))
            return None
        folders = {
            name: folder
            for name, folder in known.items()
            # One that left the folder of models is gone, which is no fault to complain of.
            if folder is not None and (name in names or not self._is_child(folder))
        }
        if self._models_folder is not None:
            folders |= {name: self._models_folder.folder / name for name in names if name not in known}
        seen: dict[str, Mapping[str, Found]] = {}
        complaint = ""
        for name, folder in folders.items():
            try:
                seen[name] = look_into(folder)
            except StartupError as error:
                complaint = str(error)
        self._complain(complaint)
        return seen

    def _complain(self, complaint: str) -> None:
        """Say once what is wrong with a folder, not at every look."""
        if complaint and complaint != self._complaint:
            logs.event("folder_unreadable", level=logs.ERROR, reason=complaint)
        self._complaint = complaint

    def _unknown(self, name: str) -> UnknownModel:
        return UnknownModel(f"the repository has no model {name!r}, only {sorted(self._models)}")


def look_into(folder: Path | None) -> Mapping[str, Found]:
    """Find the versions of a model and how their files look; raises StartupError."""
    if folder is None:
        return {"1": Found(ModelVersion("1", Path()), frozenset())}
    found = {}
    for version in find_versions(folder):
        try:
            found[version.version] = Found(version, look_at(version.folder))
        except OSError as error:
            raise StartupError(f"model folder {version.folder} cannot be read: {error.strerror}") from error
    return found
