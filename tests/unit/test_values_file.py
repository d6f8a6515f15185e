"""The marked parts of values.yaml are written anew, and nothing else is."""

import pytest
import yaml

from helm.generate.setting_values import setting_values
from helm.generate.values_file import Unmarked, as_yaml, with_settings

FILE = """\
# by hand
model:
  name: mnist
drain:
  # >>> settings of drain
  stale: 1
  # <<< settings
  preStopSeconds: 5
# >>> settings of the server: written
# <<< settings
last: 1
"""


def test_every_setting_is_written_once_with_its_default() -> None:
    written = yaml.safe_load(with_settings(FILE))
    for value in setting_values():
        if value.path[0] != "model":
            node = written
            for name in value.path:
                node = node[name]
            assert node == value.default, value.path


def test_what_is_outside_the_marks_is_left_as_it_is() -> None:
    text = with_settings(FILE)
    assert text.startswith("# by hand\nmodel:\n  name: mnist\ndrain:\n")
    assert text.endswith("# <<< settings\nlast: 1\n")
    assert "stale" not in text
    assert list(yaml.safe_load(text)["drain"]) == ["lameDuckSeconds", "timeoutSeconds", "preStopSeconds"]


def test_writing_again_changes_nothing() -> None:
    once = with_settings(FILE)
    assert with_settings(once) == once


def test_other_settings_are_named_as_values() -> None:
    text = with_settings(FILE)
    assert "(`grpc.transport`)" in text
    assert "`model_name`" not in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\n", "values.yaml has no line '# >>> settings of the server'"),
        (FILE.replace("of drain", "of rain"), "values.yaml marks settings of rain, and there is no such group"),
        (FILE.removesuffix("# <<< settings\nlast: 1\n"), "values.yaml never closes its settings"),
        (FILE.replace("  # <<< settings\n", ""), "values.yaml opens settings twice in line 8"),
    ],
    ids=["no mark", "unknown group", "never closed", "opened twice"],
)
def test_marks_that_do_not_fit_are_named(text: str, sentence: str) -> None:
    with pytest.raises(Unmarked, match=sentence):
        with_settings(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (268435456, "268435456"), (30.0, "30"), (0.002, "0.002"), ("off", '"off"'), ("", '""')],
)
def test_defaults_are_written_as_a_person_would(value: object, text: str) -> None:
    assert as_yaml(value) == text
    assert yaml.safe_load(text) == value
