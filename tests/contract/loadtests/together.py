"""Trials that are begun together, since a load mostly waits: each test looks at what came of its own.

A trial is a function of the folder that it may write to. All trials that the
tests of a session look at are begun when the first is asked for, a few at a
time and in the order of the tests; one that several tests look at is done once.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

AT_ONCE = 4
"""Loads at a time: so many leave the two cores of a small machine half idle."""

SEEN = "seen"
"""The fixture that gives what came of a trial."""

COME_OF = "come_of"
"""The fixture that begins all trials."""

Trial = Callable[[Path], Any]


def sees(*trials: Trial) -> pytest.MarkDecorator:
    """Mark a test that looks at what came of these trials, one after the other."""
    return sees_each({trial.__name__: trial for trial in trials})


def sees_each(trials: dict[str, Trial]) -> pytest.MarkDecorator:
    """Mark a test that looks at each of these, by their names."""
    given = [pytest.param(trial, id=name) for name, trial in trials.items()]
    return pytest.mark.parametrize(SEEN, given, indirect=True)


def trials_of(items: Sequence[pytest.Item]) -> list[Trial]:
    """Give the trials that these tests look at, each once."""
    asked: dict[Trial, None] = {}
    for item in items:
        # Tests elsewhere may have a parameter of the same name.
        if isinstance(item, pytest.Function) and COME_OF in item.fixturenames and hasattr(item, "callspec"):
            asked[cast(Trial, item.callspec.params[SEEN])] = None
    return list(asked)


@contextmanager
def begun(trials: Sequence[Trial], folder: Path) -> Iterator[Callable[[Trial], Any]]:
    """Begin all; give what came of one when it is over."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[Trial, Future[Any]] = {}
        for number, trial in enumerate(trials):
            own = folder / str(number)
            own.mkdir()
            futures[trial] = pool.submit(trial, own)
        yield lambda trial: futures[trial].result()
        pool.shutdown(cancel_futures=True)
