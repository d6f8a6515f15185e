"""Which models can be asked, by name and version, in each phase."""

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
    with pytest.raises(UnknownModel):
        catalogue.is_ready(name, version)


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
