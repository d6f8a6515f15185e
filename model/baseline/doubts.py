"""What a user should know of a baseline before trusting it.

Each doubt is a sentence that says what will not be seen, or cried too often,
and what would help. Pure: reads the content of the file.
"""

from typing import Any

from model.errors import NoBaseline

Json = dict[str, Any]

LEAST_ROWS = 100
"""With fewer rows there is no histogram of ten bins to speak of."""
ENOUGH_ROWS = 1_000
"""With fewer, chance alone hides what alerts are set to see."""
ENOUGH_LABELS = 100
MOST_CALIBRATION_ERROR = 0.1
"""Beyond it the accuracy that confidence promises means nothing."""
MOST_MISSING = 0.5


def refuse_few(rows: int) -> None:
    """Raise NoBaseline where there is nothing to compare with."""
    if rows < LEAST_ROWS:
        raise NoBaseline(
            f"{rows} rows are too few for a baseline: at least {LEAST_ROWS} are needed, "
            f"and {ENOUGH_ROWS:,} to see drift well"
        )


def doubts(content: Json) -> list[str]:
    """Every reservation about this file."""
    said = []
    rows = content["rows"]
    if rows < ENOUGH_ROWS:
        said.append(
            f"{rows:,} rows are few: the noise floor is {_noise(content):.2f} of PSI even for long windows, "
            f"and smaller drift is not told from chance; {ENOUGH_ROWS:,} rows or more are better"
        )
    for feature in content.get("features", ()):
        if feature["lower_bound"] == feature["upper_bound"]:
            said.append(
                f"feature {feature['name']!r} is constant at {feature['lower_bound']:g}: "
                "any other value will be out of range"
            )
        missing = feature["missing"] / rows
        if missing > MOST_MISSING:
            said.append(f"feature {feature['name']!r} is missing in {missing:.0%} of the rows")
    if "output" in content and "quality" not in content:
        said.append("there are no labels: accuracy has nothing to fall below, and expected accuracy is not told")
    if "quality" in content:
        said.extend(_doubts_on_quality(content))
    return said


def _doubts_on_quality(content: Json) -> list[str]:
    measured, said = content["quality"], []
    error = measured["expected_calibration_error"]
    if error > MOST_CALIBRATION_ERROR:
        said.append(
            f"the calibration error is {error:.2f}, above {MOST_CALIBRATION_ERROR:g}: "
            "confidence says little of accuracy, and expected accuracy will not be alerted on"
        )
    absent = [each["name"] for each in measured["classes"] if each["rows"] == 0]
    if absent:
        said.append(f"no row is labelled {', '.join(absent[:10])}: the recall of such classes has nothing to fall from")
    return said


def _noise(content: Json) -> float:
    floors = [feature["chi2_critical"] / feature["observations"] for feature in content.get("features", ())]
    classes = content.get("classes")
    return max([*floors, *([classes["chi2_critical"] / content["rows"]] if classes else [])], default=0.0)
