"""The phases of the process, which way they follow each other, and who is told."""

import pytest

from serving.lifecycle import Lifecycle, Phase

IN_ORDER = list(Phase)


def lifecycle_in(phase: Phase) -> Lifecycle:
    lifecycle = Lifecycle()
    for step in IN_ORDER[1 : IN_ORDER.index(phase) + 1]:
        lifecycle.enter(step)
    return lifecycle


def test_a_process_goes_through_its_phases_in_order() -> None:
    lifecycle = Lifecycle()
    told: list[Phase] = []
    lifecycle.listen(told.append)
    for phase in IN_ORDER[1:]:
        lifecycle.enter(phase)
    assert told == IN_ORDER == ["loading", "warming", "ready", "draining", "stopped"]


@pytest.mark.parametrize("phase", Phase)
def test_a_process_never_goes_back_nor_stays(phase: Phase) -> None:
    for earlier in IN_ORDER[: IN_ORDER.index(phase) + 1]:
        with pytest.raises(ValueError, match=f"a process that is {phase} cannot become {earlier}"):
            lifecycle_in(phase).enter(earlier)


def test_a_process_does_not_become_ready_without_warming_up() -> None:
    with pytest.raises(ValueError, match="cannot become ready"):
        lifecycle_in(Phase.LOADING).enter(Phase.READY)


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.WARMING, Phase.READY, Phase.DRAINING])
def test_a_process_can_be_stopped_from_anywhere(phase: Phase) -> None:
    lifecycle = lifecycle_in(phase)
    lifecycle.enter(Phase.STOPPED)
    assert lifecycle.phase is Phase.STOPPED


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.WARMING, Phase.READY])
def test_a_process_can_be_drained_from_anywhere_before(phase: Phase) -> None:
    lifecycle = lifecycle_in(phase)
    lifecycle.enter(Phase.DRAINING)
    assert lifecycle.is_draining


@pytest.mark.parametrize("phase", Phase)
def test_only_one_phase_is_ready_and_the_last_two_drain(phase: Phase) -> None:
    lifecycle = lifecycle_in(phase)
    assert lifecycle.is_ready is (phase is Phase.READY)
    assert lifecycle.is_draining is (phase in (Phase.DRAINING, Phase.STOPPED))


def test_a_late_listener_is_told_where_the_process_is() -> None:
    told: list[Phase] = []
    lifecycle_in(Phase.READY).listen(told.append)
    assert told == [Phase.READY]


def test_a_listener_finds_the_phase_it_is_told_of_already_entered() -> None:
    lifecycle = Lifecycle()
    seen: list[bool] = []
    lifecycle.listen(lambda phase: seen.append(lifecycle.phase is phase))
    lifecycle.enter(Phase.WARMING)
    assert seen == [True, True]


def test_a_process_is_ready_while_its_models_are() -> None:
    lifecycle = lifecycle_in(Phase.READY)
    seen: list[bool] = []
    lifecycle.listen(lambda _phase: seen.append(lifecycle.is_ready))
    for are_ready in (False, False, True):
        lifecycle.tell_models(are_ready=are_ready)
    assert seen == [True, False, True]


def test_models_alone_make_no_process_ready() -> None:
    lifecycle = lifecycle_in(Phase.WARMING)
    lifecycle.tell_models(are_ready=True)
    assert not lifecycle.is_ready
