"""The cases in `helm/ecluse/ci`, rendered once each for all tests here."""

from functools import cache
from typing import Any

import yaml

from tests.helm import CHART, Manifest, helm

FILES = {file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*-values.yaml"))}
KSERVE = "serving.kserve.io/v1beta1"

Case = tuple[str, str]
"""A file of values, and the mode that it is rendered in."""


def _cases() -> list[Case]:
    modes = {name: yaml.safe_load(file.read_text()).get("mode", "auto") for name, file in FILES.items()}
    return [
        (name, mode) for name, said in modes.items() for mode in (("plain", "kserve") if said == "auto" else (said,))
    ]


CASES = _cases()
"""Each file in its mode, and one that leaves the mode open in both."""

NAMES = [f"{name}, {mode}" for name, mode in CASES]


def text(case: Case, major: int = 4, mode: str = "") -> str:
    """What Helm prints for a case, in another mode where one is given."""
    return made(case, major, "" if mode == case[1] else mode)


@cache
def made(case: Case, major: int, mode: str) -> str:
    name, own_mode = case
    arguments = ["template", "release", str(CHART), "--namespace", "models", "--kube-version", "1.34.0"]
    arguments += ["--values", str(FILES[name])]
    if mode:
        arguments += ["--set", f"mode={mode}"]
    elif own_mode == "kserve":
        arguments += ["--api-versions", KSERVE]
    return helm(*arguments, major=major)


def objects(case: Case, mode: str = "") -> list[Manifest]:
    """The objects of a case; they are the test's own to change."""
    return [manifest for manifest in yaml.load_all(text(case, mode=mode), _Loader) if manifest]


def abridged(rendered: str) -> str:
    """Name each rule file and dashboard where its text stands: of a thousand lines of JSON nobody reads a change."""
    for kind in ("rules", "dashboards"):
        for file in sorted((CHART / "files" / kind).glob("*")):
            indent = "  " if kind == "rules" else "    "
            text = "\n".join(indent + line for line in file.read_text().removesuffix("\n").split("\n"))
            rendered = rendered.replace(f"\n{text}\n", f"\n{indent}<files/{kind}/{file.name}>\n")
    return rendered


class _Loader(yaml.CSafeLoader):
    """YAML that refuses a key given twice, as server-side apply does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1} gives {twice} twice")
        return super().construct_mapping(node, deep=deep)
