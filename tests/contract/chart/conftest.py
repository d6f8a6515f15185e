"""The chart as Helm renders it, for every file here.

A test asks for the fixture `major` where both versions of Helm have to agree;
elsewhere Helm 4 speaks for both, and the snapshots show that they are equal.
Where there is no Helm for this machine, all of it is skipped with the reason.
"""

import pytest

from tests.helm import PACKAGES, NoHelm, program


@pytest.fixture(scope="session", autouse=True)
def helm_is_here() -> None:
    try:
        program("helm")
    except NoHelm as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=sorted(PACKAGES), ids=lambda major: f"helm-{major}")
def major(request: pytest.FixtureRequest) -> int:
    """Each major version of Helm in turn."""
    number: int = request.param
    return number
