"""What a server tells of its models' accuracy is believed where it tells it of each."""

import pytest

from loadtests.engine.known_accuracy import known_accuracy

PAGE = """\
# HELP ecluse_baseline_accuracy_ratio Accuracy on the baseline's rows.
# TYPE ecluse_baseline_accuracy_ratio gauge
ecluse_baseline_accuracy_ratio{model_name="mnist",model_version="1"} 0.9846
ecluse_baseline_accuracy_ratio{model_name="mnist",model_version="2"} 0.97
ecluse_baseline_accuracy_ratio{model_name="fashion",model_version="1"} 0.88
ecluse_build_info{version="1"} 1
"""


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (["mnist"], 0.97),
        (["fashion"], 0.88),
        (["mnist", "fashion"], 0.88),
        (["mnist", "other"], None),
        (["other"], None),
    ],
)
def test_it_is_the_least_that_is_told_of_the_models_that_are_asked(models: list[str], expected: float | None) -> None:
    assert known_accuracy(PAGE, models) == expected


@pytest.mark.parametrize(
    "page",
    [
        "",
        "ecluse_baseline_accuracy_ratio{",
        'ecluse_baseline_accuracy_ratio{model_name="mnist"} NaN',
        "<html>no</html>",
    ],
)
def test_of_a_page_that_tells_nothing_nothing_is_known(page: str) -> None:
    assert known_accuracy(page, ["mnist"]) is None
