"""The loop looks until there is an outcome, bears an API server that is away, and ends with a sentence and a status."""

import io
import json
from collections.abc import Sequence

import pytest

from k8s.api_server import Forbidden, Unreachable
from k8s.wait.following import FIRST_ANSWER_SECONDS, LATER_ANSWER_SECONDS, Time, follow
from k8s.wait.log_words import last_words
from k8s.wait.outcome import Exit, Outcome
from k8s.wait.seen import Seen
from k8s.wait.target import Target
from k8s.wait.telling import JsonLines, Lines, Quiet
from k8s.wait.troubles import Trouble
from k8s.wait.verdict import Rules
from tests.rollouts import (
    DEPLOYMENT,
    NOW,
    SERVICE,
    deployment,
    ended,
    inference_service,
    pod,
    ready_pod,
    seen,
    waiting,
)

OUT = seen(deployment(), ready_pod())
STARTING = seen(deployment(available=0), pod(phase="Pending", state=waiting("ContainerCreating")))
CRASHING = seen(deployment(available=0), pod(state=waiting("CrashLoopBackOff"), last_state=ended(1), restarts=3))
NOT_READY = seen(
    deployment(available=0),
    pod(container={"readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": 8080}}}),
)
NOTHING = Seen(DEPLOYMENT, NOW)


AT_ONCE = Rules(steady_seconds=0)


class Clock:
    """A time that passes by pausing alone."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @property
    def time(self) -> Time:
        return Time(lambda: self.seconds, self._pause)

    def _pause(self, seconds: float) -> None:
        self.seconds += seconds


class Script:
    """An API server that shows one look after another, the last for ever; an error is raised instead of shown."""

    def __init__(
        self,
        *looks: Seen | Exception,
        log: Sequence[str] = (),
        own_words: str = "",
        knows_kind: bool = True,
    ) -> None:
        self._looks = list(looks)
        self._log = list(log)
        self._own_words = own_words
        self._knows_kind = knows_kind
        self.asked_for_events: list[bool] = []
        self.logs_of: list[Trouble] = []

    def look(self, *, at_service_events: bool = False) -> Seen:
        self.asked_for_events.append(at_service_events)
        shown = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(shown, Exception):
            raise shown
        return shown

    def knows_kind(self) -> bool:
        return self._knows_kind

    def log(self, trouble: Trouble) -> list[str]:
        self.logs_of.append(trouble)
        return self._log

    def own_words(self, trouble: Trouble) -> str:
        return self._own_words if trouble.asks else ""


def wait(script: Script, *, target: Target = DEPLOYMENT, timeout: float = 600.0) -> tuple[Outcome, str]:
    out = io.StringIO()
    outcome = follow(target, script, Lines(target, out, out), AT_ONCE, timeout, Clock().time)
    return outcome, out.getvalue()


def test_a_rollout_that_finishes_ends_with_zero() -> None:
    outcome, told = wait(Script(STARTING, STARTING, OUT))
    assert outcome.exit is Exit.ROLLED_OUT
    assert outcome.sentence == "deployment/mnist is rolled out: 1 of 1 updated, 1 available"
    assert told.splitlines() == [
        (
            "   0 s  waiting for 1 pod of the current version to become ready (1 of 1 updated, 0 available); "
            "mnist-2-a ContainerCreating"
        )
    ], "what does not change is told once"


def test_a_crash_loop_ends_with_two_and_the_words_of_its_log() -> None:
    script = Script(CRASHING, log=["starting", "Traceback:", "ValueError: no such signature", "bye"])
    outcome, _ = wait(script)
    assert outcome.exit is Exit.FAILED
    assert outcome.sentence == (
        "container server of pod mnist-2-a has ended 4 times, last with exit code 1; "
        "its log says ValueError: no such signature"
    )
    assert outcome.seconds == pytest.approx(30, abs=1)
    assert script.logs_of[0].log_is_of == "previous"
    assert (outcome.reason, outcome.pod, outcome.container) == ("crash", "mnist-2-a", "server")


def test_the_timeout_ends_with_three_and_says_what_was_waited_for() -> None:
    outcome, _ = wait(Script(STARTING), timeout=20)
    assert outcome.exit is Exit.TIMEOUT
    assert outcome.sentence == (
        "deployment/mnist was not rolled out within 20 s: "
        "still waiting for 1 pod of the current version to become ready"
    )
    assert outcome.seconds == pytest.approx(20)


def test_the_timeout_tells_what_the_server_itself_says_of_not_being_ready() -> None:
    outcome, _ = wait(Script(NOT_READY, own_words='503: {"phase": "loading"}', log=["loading"]), timeout=20)
    assert outcome.exit is Exit.TIMEOUT
    assert outcome.sentence == (
        "deployment/mnist was not rolled out within 20 s: container server of pod mnist-2-a runs but is not ready: it "
        'has not passed its readiness probe; asked itself it says 503: {"phase": "loading"}; its log says loading'
    )


def test_no_time_at_all_is_one_look() -> None:
    assert wait(Script(OUT), timeout=0)[0].exit is Exit.ROLLED_OUT
    assert wait(Script(STARTING), timeout=0)[0].exit is Exit.TIMEOUT


def test_what_is_not_there_is_a_mistake_in_the_command() -> None:
    outcome, _ = wait(Script(NOTHING))
    assert (outcome.exit, outcome.sentence) == (Exit.USAGE, "there is no deployment/mnist in namespace models")
    outcome, _ = wait(Script(Seen(SERVICE, NOW), knows_kind=False), target=SERVICE)
    assert outcome.sentence == (
        "this cluster knows no InferenceService (serving.kserve.io/v1beta1): is KServe installed?"
    )


def test_what_goes_away_meanwhile_is_a_failure() -> None:
    outcome, _ = wait(Script(STARTING, NOTHING))
    assert (outcome.exit, outcome.reason) == (Exit.FAILED, "deleted")


def test_a_service_of_knative_is_refused() -> None:
    service = inference_service(status={"deploymentMode": "Knative"})
    outcome, _ = wait(Script(Seen(SERVICE, NOW, inference_service=service)), target=SERVICE)
    assert outcome.exit is Exit.USAGE
    assert "Standard mode" in outcome.sentence


def test_an_api_server_that_is_away_for_a_moment_costs_nothing() -> None:
    outcome, told = wait(Script(STARTING, *[Unreachable("no answer")] * 5, OUT))
    assert outcome.exit is Exit.ROLLED_OUT
    assert told.count("note: no answer; trying again") == 1


@pytest.mark.parametrize(
    ("first", "seconds"),
    [
        pytest.param([], FIRST_ANSWER_SECONDS, id="never there"),
        pytest.param([STARTING], LATER_ANSWER_SECONDS, id="gone"),
    ],
)
def test_an_api_server_that_stays_away_is_an_error(first: list[Seen], seconds: float) -> None:
    clock = Clock()
    with pytest.raises(Unreachable):
        follow(DEPLOYMENT, Script(*first, Unreachable("no answer")), Quiet(DEPLOYMENT), Rules(), 600, clock.time)
    assert clock.seconds == pytest.approx(seconds, abs=2.5)


def test_a_missing_right_is_an_error_at_once() -> None:
    clock = Clock()
    with pytest.raises(Forbidden):
        follow(DEPLOYMENT, Script(Forbidden("a right is missing")), Quiet(DEPLOYMENT), Rules(), 600, clock.time)
    assert clock.seconds == 0


def test_a_right_that_can_be_done_without_is_told_once() -> None:
    note = "reasons may be missed: a right is missing: list events"
    partial = Seen(
        DEPLOYMENT, NOW, deployment=STARTING.deployment, replica_sets=STARTING.replica_sets, missing_rights=(note,)
    )
    _, told = wait(Script(partial, partial, OUT))
    assert told.count(note) == 1


def test_events_of_the_service_are_read_when_kserve_is_what_is_waited_for() -> None:
    changed = inference_service({"containers": [{"name": "kserve-container", "image": "ecluse:2"}]})
    look = seen(deployment(), ready_pod(), target=SERVICE, inference_service=changed)
    script = Script(look)
    follow(SERVICE, script, Quiet(SERVICE), Rules(), 2, Clock().time)
    assert script.asked_for_events[:2] == [False, True]


def test_json_is_an_object_a_line_and_the_last_tells_the_end() -> None:
    out = io.StringIO()
    teller = JsonLines(DEPLOYMENT, out)
    outcome = follow(DEPLOYMENT, Script(STARTING, CRASHING, log=["boom"]), teller, Rules(), 600, Clock().time)
    teller.ended(outcome)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["progress", "progress", "ended"]
    assert lines[0]["pods"] == [{"name": "mnist-2-a", "state": "ContainerCreating"}]
    assert lines[1]["reason"] == "crash"
    assert (lines[-1]["outcome"], lines[-1]["exit"], lines[-1]["log"]) == ("failed", 2, ["boom"])


def test_quiet_says_nothing_but_the_failure_and_the_end_of_the_log() -> None:
    errors = io.StringIO()
    teller = Quiet(DEPLOYMENT, errors)
    teller.ended(Outcome(Exit.ROLLED_OUT, "fine", 1))
    assert errors.getvalue() == ""
    teller.ended(Outcome(Exit.FAILED, "bad", 1, pod="a", container="server", log=("one", "two")))
    assert errors.getvalue() == ("error: bad\nthe end of the log of container server of pod a:\n    one\n    two\n")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ""),
        (["loading", "", "done"], "done"),
        (["ecluse: model_dir /mnt/models cannot be read"], "ecluse: model_dir /mnt/models cannot be read"),
        (["Traceback (most recent call last):", "  File", "KeyError: 'a'", "bye"], "KeyError: 'a'"),
        (
            [
                '{"level": "error", "event": "load_failed", "reason": "no variables"}',
                '{"level": "info", "event": "bye"}',
            ],
            "load_failed: no variables",
        ),
        (
            ['{"level": "error", "event": "model_failed", "traceback": "Traceback:\\n  x\\nValueError: bad\\n"}'],
            "model_failed: ValueError: bad",
        ),
        (['{"level": "info", "event": "starting"}'], "starting"),
        (["[1, 2]"], "[1, 2]"),
    ],
)
def test_the_line_of_a_log_that_says_why(lines: list[str], words: str) -> None:
    assert last_words(lines) == words
