"""What follows from the settings and from values.yaml is as they are now."""

import pytest

from helm.generate.__main__ import main


def test_no_generated_file_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--check"])
    assert capsys.readouterr().err == ""
    assert status == 0
