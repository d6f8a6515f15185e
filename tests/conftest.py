"""Which tests run on this machine, for how long, and what was left out.

Fixtures and doubles live beside the tests that use them; this file holds only
the rules that are the same for all of them.
"""

import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import settings
from pytest_timeout import Settings

TESTS = Path(__file__).parent

TIMEOUT_SECONDS = {"unit": 2, "contract": 120, "chaos": 120}
"""The longest a test of each layer may take, unless it is marked with a limit of its own.

A fault in batching shows as a caller who waits for ever, so a test that hangs must fail.
"""

AGAIN_SECONDS = 1.0
"""A test of a single file that is past its limit is interrupted so often, since a task can swallow the first one."""


class TookTooLong(BaseException):
    """A test hangs. Hypothesis would take any Exception, and pytest's own Failed, for an example
    to be tried again, and hang again."""


# The layer's limit is the one that counts: a busy machine is no reason to fail an example.
settings.register_profile("ecluse", deadline=None)
settings.load_profile("ecluse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        layer = item.path.relative_to(TESTS).parts[0]
        if layer in TIMEOUT_SECONDS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS[layer]))
        if layer != "unit" and item.get_closest_marker("looptime") is not None:
            raise pytest.UsageError(f"{item.nodeid}: sockets and processes know no simulated time")


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> Generator[None, object, object]:
    """Have pytest-timeout's signal raise what nothing on the way catches."""
    was_set = yield

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"the test was not over after {settings.timeout:g} seconds")

    if settings.method == "signal":
        is_unit = item.path.is_relative_to(TESTS / "unit")
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, AGAIN_SECONDS if is_unit else 0)
    return was_set


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = os.environ.get("REQUIRE_TOOLS", "").split()
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is not None:
                continue
            if tool in required:
                pytest.fail(f"{tool} is not installed, and REQUIRE_TOOLS names it", pytrace=False)
            pytest.skip(f"{tool} is not installed")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """List last, after coverage and failures, what was not run and why."""
    yield
    skipped = dict(skipped_tests(terminalreporter))
    # What `make check` could not check before the tests, a sentence a line.
    noted = Path(os.environ.get("SKIPPED_STEPS", ""))
    steps = noted.read_text().splitlines() if noted.is_file() else []
    if not skipped and not steps:
        return
    terminalreporter.section("not run on this machine")
    for step in steps:
        terminalreporter.line(step)
    for reason, tests in skipped.items():
        terminalreporter.line(reason)
        for test in tests:
            terminalreporter.line(f"    {test}")


def skipped_tests(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, list[str]]]:
    tests = defaultdict(list)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        tests[reason.removeprefix("Skipped: ")].append(report.nodeid)
    yield from tests.items()
