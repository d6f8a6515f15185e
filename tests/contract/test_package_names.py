"""The folders are import packages, so no installed package may bear the name of one."""

from importlib.metadata import packages_distributions

import pytest


@pytest.mark.parametrize("folder", ["model", "serving", "monitoring", "loadtests", "k8s", "helm", "delivery", "tests"])
def test_nothing_installed_shadows_our_folder(folder: str) -> None:
    assert packages_distributions().get(folder, []) == []
