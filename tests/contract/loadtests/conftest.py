"""What came of a trial, for the tests of this folder that look at one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.loadtests.together import Trial, begun, trials_of


@pytest.fixture(scope="session")
def come_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Trial], Any]]:
    with begun(trials_of(request.session.items), tmp_path_factory.mktemp("trials")) as come_of:
        yield come_of


@pytest.fixture
def seen(request: pytest.FixtureRequest, come_of: Callable[[Trial], Any]) -> Any:
    return come_of(request.param)
