"""Models that follow their folders or requests, with versions that need no TensorFlow."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from serving.catalogue import Catalogue
from serving.endpoint import Endpoint
from serving.errors import LoadFailed, NotReady, StartupError, UnknownModel
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from serving.model_folder import ModelVersion
from serving.repository import Disk, IndexEntry, ModelsFolder, Repository
from serving.served_version import Rules, State
from serving.versions import VersionLabels, VersionPolicy
from tests.doubles import ScriptedEndpoint


@dataclass
class FileVersion:
    """A version whose graph file says how it behaves: `broken`, `cold`, or anything else."""

    name: str
    found: ModelVersion
    closed: list[str]
    is_idle: bool = True

    def load_graph(self) -> None:
        if (self.found.folder / "saved_model.pb").read_text() == "broken":
            raise StartupError("the graph is damaged")
        if (self.found.folder / "saved_model.pb").read_text() == "foreign":
            raise KeyError("vocabulary")

    def warm_up(self) -> None:
        if (self.found.folder / "saved_model.pb").read_text() == "cold":
            raise NotReady("the model failed")

    def open(self, metrics: Metrics) -> Endpoint:
        return ScriptedEndpoint(metrics, name=self.name, version=self.found.version)

    def drain(self) -> None:
        """Nothing is queued."""

    def close(self) -> None:
        self.closed.append(self.found.version)


@dataclass
class FileSource:
    name: str
    folder: Path
    closed: list[str] = field(default_factory=list)

    def version(self, found: ModelVersion) -> FileVersion:
        return FileVersion(self.name, found, self.closed)


class World:
    """A repository over real folders, and what there is to see of it."""

    def __init__(self, root: Path, *, policy: str = "latest", labels: str = "", unload_first: bool = False) -> None:
        self.root = root
        self.metrics = Metrics()
        self.lifecycle = Lifecycle()
        self.labels = VersionLabels(labels)
        self.catalogue = Catalogue(self.lifecycle, self.labels.of)
        self.rules = Rules(VersionPolicy.parse(policy), unload_first=unload_first, drain_seconds=1.0)
        self.seen: Disk = {}

    def of_one(self) -> Repository:
        return self._repository([FileSource("digits", self.root)], None)

    def of_many(self) -> Repository:
        return self._repository([], ModelsFolder(self.root, lambda name: FileSource(name, self.root / name)))

    def _repository(self, sources: list[FileSource], models_folder: ModelsFolder | None) -> Repository:
        self.sources = sources
        return Repository(sources, models_folder, self.rules, self.labels, self.catalogue, self.metrics, self.lifecycle)

    async def look_twice(self, repository: Repository) -> None:
        """A folder counts once two looks agree."""
        for _ in range(2):
            self.seen = await repository.follow(self.seen)

    def is_ready(self) -> bool:
        return self.lifecycle.is_ready

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def write(folder: Path, behaviour: str = "fine") -> Path:
    """Lay down a version whole, as a rename does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(behaviour)
    return folder


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(1.5):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in other tasks, which tell nobody
            await asyncio.sleep(0.01)


async def started(world: World, repository: Repository) -> Repository:
    await repository.start()
    if world.lifecycle.phase is Phase.LOADING:
        world.lifecycle.enter(Phase.WARMING)
    world.lifecycle.enter(Phase.READY)
    return repository


async def test_a_new_version_takes_the_place_of_the_old_one_which_is_unloaded(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    was_ready: list[bool] = []
    world.lifecycle.listen(lambda _phase: was_ready.append(world.lifecycle.is_ready))
    write(tmp_path / "2")
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "2"
    await until(lambda: world.sources[0].closed == ["1"])
    await until(lambda: [entry.version for entry in repository.index()] == ["2"])
    assert was_ready == [True]
    assert world.value("ecluse_model_state", model_name="digits", model_version="1", state="READY") is None
    assert world.value("ecluse_model_ready", model_name="digits", model_version="2") == 1


async def test_a_version_stays_until_nobody_has_it_in_hand(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    in_hand = world.catalogue.find("digits")
    write(tmp_path / "2")
    await world.look_twice(repository)
    assert repository.index() == [
        IndexEntry("digits", "1", State.UNLOADING),
        IndexEntry("digits", "2", State.READY),
    ]
    await asyncio.sleep(0)
    assert in_hand.version == "1"
    assert world.sources[0].closed == []
    del in_hand
    await until(lambda: world.sources[0].closed == ["1"])


async def test_a_folder_that_is_seen_for_the_first_time_may_still_be_growing(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    world.seen = await repository.follow({})
    write(tmp_path / "2")
    world.seen = await repository.follow(world.seen)
    assert world.catalogue.find("digits").version == "1"
    (tmp_path / "2/variables").mkdir()
    (tmp_path / "2/variables/variables.index").write_text("half of it")
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "1"
    (tmp_path / "2/variables/variables.data-00000-of-00001").write_text("the other half")
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "2"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param("broken", "the graph is damaged", id="cannot be read"),
        pytest.param("cold", "it cannot be warmed up: the model failed", id="cannot be warmed up"),
        pytest.param("foreign", "KeyError: 'vocabulary'", id="fails in a user's own code"),
    ],
)
async def test_a_version_that_fails_leaves_the_old_one_and_is_told(tmp_path: Path, behaviour: str, reason: str) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    write(tmp_path / "2", behaviour)
    await world.look_twice(repository)
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "1"
    assert world.is_ready()
    assert repository.index()[1] == IndexEntry("digits", "2", State.UNAVAILABLE, reason)
    # Two more looks at the same files have not tried it again.
    assert world.value("ecluse_model_load_failures_total", model_name="digits", model_version="2") == 1
    assert world.value("ecluse_model_state", model_name="digits", model_version="2", state="UNAVAILABLE") == 1
    with pytest.raises(NotReady, match="version '2' of model 'digits' could not be loaded: "):
        world.catalogue.find("digits", "2")
    write(tmp_path / "2", "mended")
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "2"
    assert repository.index(only_ready=True) == [IndexEntry("digits", "2", State.READY)]


async def test_a_process_that_starts_beside_a_broken_version_serves_the_one_before(tmp_path: Path) -> None:
    write(tmp_path / "1")
    write(tmp_path / "2", "broken")
    world = World(tmp_path)
    await started(world, world.of_one())
    assert world.catalogue.find("digits").version == "1"


async def test_a_process_without_a_version_that_can_be_served_does_not_start(tmp_path: Path) -> None:
    write(tmp_path / "1", "broken")
    with pytest.raises(StartupError, match="model 'digits' cannot be served: the graph is damaged"):
        await World(tmp_path).of_one().start()


async def test_several_versions_and_labels_are_served_side_by_side(tmp_path: Path) -> None:
    for version in ("1", "2", "3"):
        write(tmp_path / version)
    world = World(tmp_path, labels="stable=1,canary=3")
    await started(world, world.of_one())
    assert world.catalogue.versions("digits") == ["1", "3"]
    assert world.catalogue.find("digits").version == "1"
    assert world.catalogue.find("digits", "canary").version == "3"


async def test_a_version_whose_files_change_is_loaded_anew(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    before = id(world.catalogue.find("digits"))
    write(tmp_path / "1", "rewritten")
    await world.look_twice(repository)
    assert id(world.catalogue.find("digits")) != before
    await until(lambda: repository.index() == [IndexEntry("digits", "1", State.READY)])
    assert world.value("ecluse_model_ready", model_name="digits", model_version="1") == 1


async def test_a_folder_that_vanishes_takes_no_version_with_it(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    shutil.rmtree(tmp_path)
    await world.look_twice(repository)
    assert world.catalogue.find("digits").version == "1"


async def test_room_is_made_first_where_two_do_not_fit_and_the_old_one_comes_back_if_the_new_one_fails(
    tmp_path: Path,
) -> None:
    write(tmp_path / "1")
    world = World(tmp_path, unload_first=True)
    repository = await started(world, world.of_one())
    was_ready: list[bool] = []
    world.lifecycle.listen(lambda _phase: was_ready.append(world.lifecycle.is_ready))
    write(tmp_path / "2", "broken")
    await world.look_twice(repository)
    assert world.sources[0].closed == ["1", "2"]
    assert world.catalogue.find("digits").version == "1"
    assert was_ready == [True, False, True]


# A folder of models


async def test_models_come_and_go_with_their_folders(tmp_path: Path) -> None:
    write(tmp_path / "digits/1")
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    assert world.catalogue.names() == ["digits"]
    write(tmp_path / "flowers")
    await world.look_twice(repository)
    assert world.catalogue.names() == ["digits", "flowers"]
    shutil.rmtree(tmp_path / "digits")
    await world.look_twice(repository)
    await world.look_twice(repository)
    assert world.catalogue.names() == ["flowers"]
    assert world.is_ready()
    with pytest.raises(UnknownModel):
        world.catalogue.find("digits")


async def test_one_broken_model_among_many_keeps_the_process_unready_and_the_others_serving(tmp_path: Path) -> None:
    write(tmp_path / "digits")
    write(tmp_path / "flowers", "broken")
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    assert world.catalogue.find("digits").version == "1"
    assert not world.is_ready()
    write(tmp_path / "flowers", "mended")
    await world.look_twice(repository)
    assert world.is_ready()


@pytest.mark.parametrize("content", ["fine", "broken"])
async def test_a_model_that_joins_later_never_makes_the_process_unready(tmp_path: Path, content: str) -> None:
    write(tmp_path / "digits")
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    was_ready: list[bool] = []
    world.lifecycle.listen(lambda _phase: was_ready.append(world.lifecycle.is_ready))
    write(tmp_path / "flowers", content)
    await world.look_twice(repository)
    assert world.catalogue.names() == ["digits", "flowers"]
    assert bool(world.catalogue.versions("flowers")) is (content == "fine")
    assert all(was_ready)


async def test_a_model_that_is_loaded_again_by_request_never_makes_the_process_unready(tmp_path: Path) -> None:
    write(tmp_path / "digits")
    write(tmp_path / "flowers")
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    was_ready: list[bool] = []
    world.lifecycle.listen(lambda _phase: was_ready.append(world.lifecycle.is_ready))
    await repository.unload("flowers")
    await repository.load("flowers")
    assert world.catalogue.versions("flowers") == ["1"]
    assert all(was_ready)


async def test_an_empty_folder_of_models_is_not_ready(tmp_path: Path) -> None:
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    assert not world.is_ready()
    assert repository.index() == []
    write(tmp_path / "digits")
    await world.look_twice(repository)
    assert world.is_ready()


# By request


async def test_what_is_unloaded_stays_so_until_it_is_loaded(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    await repository.unload("digits")
    assert world.sources[0].closed == ["1"]
    assert repository.index() == [IndexEntry("digits", "", State.UNAVAILABLE, "unloaded")]
    await world.look_twice(repository)
    with pytest.raises(UnknownModel):
        world.catalogue.find("digits")
    assert not world.is_ready()
    await repository.load("digits")
    assert world.catalogue.find("digits").version == "1"
    assert world.is_ready()


async def test_a_change_is_made_whole_though_its_caller_leaves(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    in_hand: list[Endpoint] = [world.catalogue.find("digits")]
    unloading = asyncio.create_task(repository.unload("digits"))
    await until(lambda: not world.catalogue.names())
    await left(unloading)
    in_hand.clear()
    await until(lambda: world.sources[0].closed == ["1"])
    loading = asyncio.create_task(repository.load("digits"))
    await asyncio.sleep(0)  # it has begun, and looks at the folder on a thread
    await left(loading)
    await until(lambda: repository.index()[0].state is State.READY)
    assert repository.index() == [IndexEntry("digits", "1", State.READY)]


async def left(asked: "asyncio.Task[None]") -> None:
    """Leave before the answer."""
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_a_load_sees_at_once_what_the_folder_holds(tmp_path: Path) -> None:
    write(tmp_path / "digits/1")
    world = World(tmp_path)
    repository = await started(world, world.of_many())
    write(tmp_path / "digits/2")
    write(tmp_path / "flowers")
    await repository.load("digits")
    await repository.load("flowers")
    assert world.catalogue.find("digits").version == "2"
    assert world.catalogue.find("flowers").version == "1"


async def test_a_load_that_fails_is_told_and_tried_again_at_each_request(tmp_path: Path) -> None:
    write(tmp_path / "1")
    world = World(tmp_path)
    repository = await started(world, world.of_one())
    write(tmp_path / "2", "broken")
    for _ in range(2):
        with pytest.raises(LoadFailed, match="model 'digits' could not be loaded: the graph is damaged"):
            await repository.load("digits")
    assert world.catalogue.find("digits").version == "1"
    assert world.value("ecluse_model_load_failures_total", model_name="digits", model_version="2") == 2


@pytest.mark.parametrize("name", ["other", "../digits", "", ".", "digits/1"])
async def test_only_a_model_of_the_folder_can_be_loaded(tmp_path: Path, name: str) -> None:
    write(tmp_path / "models/digits/1")
    write(tmp_path / "other/1")
    world = World(tmp_path / "models")
    repository = await started(world, world.of_many())
    with pytest.raises(UnknownModel):
        await repository.load(name)
    with pytest.raises(UnknownModel):
        await repository.unload(name)
