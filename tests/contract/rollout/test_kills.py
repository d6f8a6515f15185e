"""The command is killed in every phase and started again: the same end comes of it, and no traffic is left behind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from k8s.rollout.machine.phase import Phase
from tests.contract.rollout.command import World, ended, made_up, world
from tests.contract.rollout.made_up import weights

AT_ONCE = 10
"""They mostly wait."""

ALL_GOES_WELL = (
    (Phase.PREFLIGHT, None),
    (Phase.DEPLOYING, None),
    (Phase.SMOKE, None),
    (Phase.SHIFTING, 0),
    (Phase.SHIFTING, 1),
    (Phase.SETTLING, 1),
    (Phase.ANALYSING, 0),
    (Phase.VERIFYING, None),
    (Phase.PROMOTING, None),
    (Phase.ENDED, None),
)
TAKEN_BACK = ((Phase.RESTORING, None), (Phase.DISCARDING, None), (Phase.ENDED, None))


def killed_in(
    folder: Path, phase: Phase, step: int | None, *, is_bad: bool
) -> tuple[int, dict[str, int], dict[str, object]]:
    """Kill it as soon as a phase is written; start it again; give status, weights and report."""
    with world(made_up(), folder) as tried:

        def kill() -> None:
            tried.processes[0].kill()

        if is_bad:
            tried.when(Phase.ANALYSING, lambda: tried.prometheus.errors.update(green=500.0))
        if phase is Phase.PREFLIGHT:
            # Its first look leads out of it, so it ends with the lock taken and nothing written.
            tried.prometheus.before_an_answer = lambda promql: kill() if promql != "vector(1)" else None
        else:
            tried.when(phase, kill, step)
        assert ended(tried.start())[0] == -9, f"it was not killed in {phase}"
        tried.prometheus.before_an_answer = lambda _: None
        status, _, errors = ended(tried.start())
        assert status in (0, 2), errors
        return status, weights(tried.cluster), told(tried)


def told(tried: World) -> dict[str, object]:
    report = tried.report()
    return {"outcome": report["outcome"], "summary": report["summary"], "shares": report["record"]["shares"]}


def test_a_good_version_is_promoted_wherever_the_command_is_killed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [
            (phase, pool.submit(killed_in, tmp_path / f"{number}", phase, step, is_bad=False))
            for number, (phase, step) in enumerate(ALL_GOES_WELL)
        ]
        for phase, each in running:
            status, shares, report = each.result()
            assert (status, shares["green-ecluse"], report["outcome"]) == (0, 100, "promoted"), phase


def test_a_bad_version_keeps_no_traffic_wherever_the_command_is_killed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [
            (phase, pool.submit(killed_in, tmp_path / f"{number}", phase, step, is_bad=True))
            for number, (phase, step) in enumerate(TAKEN_BACK)
        ]
        for phase, each in running:
            status, shares, report = each.result()
            assert (status, shares["green-ecluse"], report["outcome"]) == (2, 0, "aborted"), phase
            assert "error_ratio failed at 10 %" in str(report["summary"]), phase
