"""Which models can be asked, by name and version, in each phase."""

from collections.abc import Mapping

import pytest

from serving.catalogue import Catalogue
from serving.errors import Draining, NotReady, UnknownModel
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from tests.doubles import ScriptedEndpoint


def catalogue_in(phase: Phase) -> tuple[Catalogue, ScriptedEndpoint]:
    """`mnist` is served from READY on; `later` is announced and never opened."""
    lifecycle = Lifecycle()
    catalogue = Catalogue(lifecycle)
    endpoint = ScriptedEndpoint(Metrics(), name="mnist", version="3")
    catalogue.announce("mnist")
    catalogue.announce("later")
    order = list(Phase)
    for step in order[1 : order.index(phase) + 1]:
        if step is Phase.READY:
            catalogue.open(endpoint)
        lifecycle.enter(step)
    return catalogue, endpoint


@pytest.mark.parametrize("version", [pytest.param("", id="no version"), pytest.param("3", id="the version served")])
@pytest.mark.parametrize("phase", [Phase.READY, Phase.DRAINING])
def test_a_model_is_found(phase: Phase, version: str) -> None:
    catalogue, endpoint = catalogue_in(phase)
    assert catalogue.find("mnist", version) is endpoint


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.WARMING])
def test_a_model_that_is_on_its_way_is_not_ready(phase: Phase) -> None:
    catalogue, _ = catalogue_in(phase)
    with pytest.raises(NotReady, match=f"model 'mnist' is {phase}, try again soon"):
        catalogue.find("mnist")


@pytest.mark.parametrize(
    ("name", "version", "sentence"),
    [
        pytest.param("other", "", "model 'other' is not served here, only 'later', 'mnist'", id="an unknown name"),
        pytest.param("", "", "model '' is not served here, only 'later', 'mnist'", id="no name"),
        pytest.param(
            "mnist", "4", "model 'mnist' has no version '4' here, it is served as '3'", id="a version not served"
        ),
    ],
)
@pytest.mark.parametrize("phase", [Phase.READY, Phase.DRAINING])
def test_what_is_not_served_is_told(phase: Phase, name: str, version: str, sentence: str) -> None:
    catalogue, _ = catalogue_in(phase)
    with pytest.raises(UnknownModel) as refusal:
        catalogue.find(name, version)
    assert str(refusal.value) == sentence
    with pytest.raises(UnknownModel) as brief:
        catalogue.is_ready(name, version)
    assert "later" not in str(brief.value)  # probes show no key, and are told no other name


def test_a_stopped_process_answers_for_no_model() -> None:
    catalogue, _ = catalogue_in(Phase.STOPPED)
    with pytest.raises(Draining):
        catalogue.find("mnist")


def test_a_model_that_will_not_be_loaded_any_more_is_not_promised_for_soon() -> None:
    catalogue, _ = catalogue_in(Phase.DRAINING)
    with pytest.raises(Draining, match="'later' was not loaded before the server was told to stop"):
        catalogue.find("later")


@pytest.mark.parametrize("phase", Phase)
def test_a_model_is_ready_in_one_phase_only(phase: Phase) -> None:
    catalogue, _ = catalogue_in(phase)
    assert catalogue.is_ready("mnist") is (phase is Phase.READY)
    assert not catalogue.is_ready("later")


def test_every_model_announced_is_listed_in_order() -> None:
    catalogue, _ = catalogue_in(Phase.LOADING)
    assert catalogue.names() == ["later", "mnist"]


# Versions and labels


def serving(*versions: str, labels: Mapping[str, str] | None = None) -> tuple[Catalogue, Lifecycle]:
    """A catalogue of a process that is ready and serves these versions of `mnist`."""
    lifecycle = Lifecycle()
    catalogue = Catalogue(lifecycle, lambda _name: labels or {})
    catalogue.announce("mnist")
    metrics = Metrics()
    for version in versions:
        catalogue.open(ScriptedEndpoint(metrics, name="mnist", version=version))
    lifecycle.enter(Phase.WARMING)
    lifecycle.enter(Phase.READY)
    return catalogue, lifecycle


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        pytest.param("", "10", id="none, which is the newest by number"),
        pytest.param("9", "9", id="a number"),
        pytest.param("canary", "10", id="a label"),
    ],
)
def test_a_version_is_found_by(asked: str, version: str) -> None:
    catalogue, _ = serving("9", "10", labels={"canary": "10"})
    assert catalogue.find("mnist", asked).version == version


def test_the_label_stable_is_served_to_those_who_name_no_version() -> None:
    assert serving("9", "10", labels={"stable": "9"})[0].find("mnist").version == "9"
    assert serving("10", labels={"stable": "9"})[0].find("mnist").version == "10"


def test_a_label_of_a_version_that_is_not_loaded_is_told() -> None:
    catalogue, _ = serving("9", labels={"canary": "10"})
    sentence = "version '10' of model 'mnist', which label 'canary' stands for, is not loaded, it is served as '9'"
    with pytest.raises(UnknownModel, match=sentence):
        catalogue.find("mnist", "canary")
    catalogue.explain("mnist", "10", "is loading")
    with pytest.raises(NotReady, match="which label 'canary' stands for, is loading"):
        catalogue.find("mnist", "canary")
    catalogue.explain("mnist", "10", "")
    with pytest.raises(UnknownModel):
        catalogue.find("mnist", "10")


def is_ready(lifecycle: Lifecycle) -> bool:
    """Asked anew each time, which a type checker does not expect of a property."""
    return lifecycle.is_ready


def test_a_version_that_goes_leaves_the_others_and_the_readiness() -> None:
    catalogue, lifecycle = serving("9", "10")
    catalogue.close("mnist", "10")
    assert catalogue.find("mnist").version == "9"
    assert is_ready(lifecycle)
    catalogue.close("mnist", "9")
    assert not is_ready(lifecycle)
    with pytest.raises(NotReady, match="model 'mnist' is not loaded, try again soon"):
        catalogue.find("mnist")


def test_a_model_that_was_there_at_the_start_is_waited_for() -> None:
    lifecycle = Lifecycle()
    catalogue = Catalogue(lifecycle)
    for name in ("mnist", "other"):
        catalogue.announce(name)
    lifecycle.enter(Phase.WARMING)
    catalogue.open(ScriptedEndpoint(Metrics(), name="mnist", version="1"))
    lifecycle.enter(Phase.READY)
    assert not is_ready(lifecycle)
    catalogue.open(ScriptedEndpoint(Metrics(), name="other", version="1"))
    assert is_ready(lifecycle)


def test_a_model_that_is_withdrawn_is_unknown_and_no_process_is_ready_without_models() -> None:
    catalogue, lifecycle = serving("9")
    catalogue.announce("other")
    assert is_ready(lifecycle)  # one that joins later is not waited for
    catalogue.withdraw("other")
    assert is_ready(lifecycle)
    catalogue.withdraw("mnist")
    assert not is_ready(lifecycle)
    with pytest.raises(UnknownModel, match="model 'mnist' is not served here, only nothing"):
        catalogue.find("mnist")


def test_metadata_lists_every_version_that_can_answer() -> None:
    catalogue, _ = serving("10", "9")
    assert catalogue.metadata("mnist", "9")["versions"] == ["9", "10"]
