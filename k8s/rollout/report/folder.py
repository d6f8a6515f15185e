"""The files of a report. A disk that takes none of them costs the report, and never the rollout's verdict."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from k8s.rollout.report import json_text, markdown, picture
from k8s.rollout.report.told import Told

JSON, MARKDOWN, PICTURE = "report.json", "report.md", "traffic.svg"
FORMS = {JSON: json_text.write, MARKDOWN: markdown.write, PICTURE: picture.draw}


def write(told: Told, folder: Path, summary: Path | None = None) -> list[str]:
    """Write what can be written; give a sentence for each file that could not be.

    What stands there is replaced as a whole or not at all. `summary` is the page
    of a CI job, to which report.md is added.
    """
    troubles = []
    for name, form in FORMS.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / name, form(told))
        except OSError as error:
            troubles.append(f"{folder / name} was not written: {error.strerror or error}")
    if summary is not None:
        try:
            with summary.open("a", encoding="utf-8") as page:
                page.write(markdown.write(told))
        except OSError as error:
            troubles.append(f"the page of the CI job ({summary}) was not written: {error.strerror or error}")
    return troubles


def try_it(folder: Path) -> None:
    """Make the folder and see whether it takes a file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def _replace(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
