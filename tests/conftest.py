"""Which tests run on this machine, for how long, and what was left out.

Fixtures and doubles live beside the tests that use them; this file holds only
the rules that are the same for all of them.
"""

import asyncio
import gc
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import settings
from pytest_timeout import is_debugging  # type: ignore[import-untyped]

TESTS = Path(__file__).parent

TIMEOUT_SECONDS = {"unit": 2, "contract": 120, "monitoring": 120, "chaos": 120, "cluster": 300}
"""The longest a test of each layer may take, unless it is marked with a limit of its own.

A fault in batching shows as a caller who waits for ever, so a test that hangs must fail.
"""

COVERED_UNIT_SECONDS = 20
"""The same for unit tests whose lines are counted, which makes them some three times slower."""

AGAIN_SECONDS = 1.0
"""A unit test past its limit is interrupted again so often, since a task can swallow one interruption."""

HANGS = pytest.StashKey[bool]()


class TookTooLong(BaseException):
    """A test hangs.

    No Exception, and not pytest's own Failed either: Hypothesis would take those for a failing
    example, try it again, and hang again.
    """


# The layer's limit is the one that counts: a busy machine is no reason to fail an example.
# CI runs the same examples each time, so that a red run means the change; anywhere else they are drawn anew.
settings.register_profile("ecluse", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ecluse")


def pytest_sessionstart() -> None:
    # looptime asks even for the event loop of a plain test, and asyncio would make one that nobody closes.
    asyncio.set_event_loop(None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    limits = dict(TIMEOUT_SECONDS)
    if config.pluginmanager.has_plugin("_cov"):
        limits["unit"] = COVERED_UNIT_SECONDS
    for item in items:
        layer = item.path.relative_to(TESTS).parts[0]
        if layer in limits and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(limits[layer]))
        if layer != "unit" and item.get_closest_marker("looptime") is not None:
            raise pytest.UsageError(f"{item.nodeid}: sockets and processes know no simulated time")


@contextmanager
def limited(item: pytest.Item) -> Iterator[None]:
    """Interrupt a phase of a test that takes longer than the limit of pytest-timeout, which alone does not suffice.

    What it raises is caught by Hypothesis, and after a first failure it stops watching.
    """
    marker = item.get_closest_marker("timeout")
    if marker is None:
        yield
        return
    seconds = marker.args[0] if marker.args else marker.kwargs["timeout"]

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not is_debugging():
            item.stash[HANGS] = True
            raise TookTooLong(f"the test was not over after {seconds} seconds")

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS if item.path.is_relative_to(TESTS / "unit") else 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with limited(item):
        yield


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    with limited(item):
        yield
    if item.stash.get(HANGS, False):
        gc.collect()  # what a task of this test still has to complain of, it says here and not in the next test


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
