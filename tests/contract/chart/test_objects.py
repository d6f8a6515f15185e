"""What the chart makes is what Kubernetes takes, for every case in `ci/`."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from tests.contract.chart.cases import CASES, FILES, NAMES, Case, made, objects, text
from tests.contract.chart.keep_schema import SCHEMAS
from tests.helm import CHART, Manifest, helm

OLDEST, NEWEST = "1.30", "1.37"
"""The first Kubernetes that Chart.yaml takes, and the newest whose schemas we have."""

KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
}
"""What tells the entries of a list apart for server-side apply; a Service's and a container's ports differ."""


@pytest.fixture(params=CASES, ids=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@cache
def schema_of(api_version: str, kind: str) -> jsonschema.Draft202012Validator | None:
    file = SCHEMAS / f"{api_version.replace('/', '-')}-{kind}.json"
    return jsonschema.Draft202012Validator(json.loads(file.read_text())) if file.exists() else None


def walk(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from walk(value, f"{path}.{name}")
    if isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, f"{path}[{number}]")


@pytest.mark.parametrize("name", FILES)
def test_lint_has_nothing_to_say(name: str, major: int) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), "--values", str(FILES[name]), major=major)


def test_both_helms_make_the_same_bytes(case: Case) -> None:
    assert text(case, 3) == text(case, 4)


@pytest.mark.parametrize("mode", ["plain", "kserve"])
def test_rendering_again_changes_nothing(mode: str) -> None:
    case = ("everything", mode)
    assert made.__wrapped__(case, 4, "") == text(case)


def test_every_object_is_one_that_the_oldest_and_the_newest_kubernetes_take(case: Case) -> None:
    for manifest in objects(case):
        schema = schema_of(manifest["apiVersion"], manifest["kind"])
        if schema is not None:
            assert [f"{error.json_path}: {error.message}" for error in schema.iter_errors(manifest)] == []
            continue
        for version in (OLDEST, NEWEST):
            # Claims are newer than the oldest; there, the chart makes an older version of them.
            if version == OLDEST and manifest["apiVersion"].startswith("resource.k8s.io/"):
                continue
            kubernetes_validate.validate(manifest, version, strict=True)


def test_nothing_is_null_or_said_twice(case: Case) -> None:
    for manifest in objects(case):
        for path, node in walk(manifest):
            assert node is not None, f"{manifest['kind']}{path} is null"
            keys = KEYS.get(path.rpartition(".")[2])
            if keys and isinstance(node, list):
                names = [tuple(entry.get(key) for key in keys) for entry in node]
                assert len(names) == len(set(names)), f"{manifest['kind']}{path} names one twice"
            if path.endswith(".ports") and isinstance(node, list):
                ports = [(entry.get("containerPort", entry.get("port")), entry["protocol"]) for entry in node]
                assert len(ports) == len(set(ports)), f"{manifest['kind']}{path} has a port twice"


def test_no_two_objects_are_one(case: Case) -> None:
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in objects(case)]
    assert len(names) == len(set(names))


def test_every_object_says_whose_it_is(case: Case) -> None:
    for manifest in objects(case):
        if manifest["metadata"]["name"].endswith("-more"):
            continue  # the user's own
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "release", manifest["kind"]
        assert labels["app.kubernetes.io/part-of"] == "ecluse", manifest["kind"]
        assert manifest["metadata"]["namespace"] == "models", manifest["kind"]


def test_nothing_that_changes_with_a_release_is_on_the_pods(case: Case) -> None:
    # A label that changed would restart every pod, and a selector cannot change at all.
    for manifest in objects(case):
        if manifest["kind"] in ("InferenceService", "Deployment"):
            said = json.dumps(manifest["spec"])
            assert "helm.sh/chart" not in said
            assert "app.kubernetes.io/version" not in said
        if manifest["kind"] == "InferenceService":
            assert manifest["metadata"]["labels"].keys().isdisjoint({"helm.sh/chart", "app.kubernetes.io/version"})


def test_kserve_does_not_take_our_objects_for_its_own(case: Case) -> None:
    # It deletes what carries both and is not what it made.
    for manifest in objects(case):
        labels: Manifest = manifest["metadata"].get("labels", {})
        assert not {"serving.kserve.io/inferenceservice", "component"} <= labels.keys()
