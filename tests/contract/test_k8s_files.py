"""What stands around the chart in k8s/ is whole: it parses, is pinned, fits the schemas, and is told of in the README.

Kinds that are Kubernetes' own are held against its schemas, values files against the
chart. Definitions that others install (KServe, Gateway API, KEDA) are not here: a
cluster judges those objects.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from k8s.rollout.plan.form import Plan
from tests.helm import CHART, HelmFailed, NoHelm, helm, program

K8S = Path(__file__).parents[2] / "k8s"
FILES = sorted(K8S.rglob("*.yaml"))
PLATFORM = sorted((K8S / "platform").glob("*.yaml"))
VALUES = sorted(file for file in FILES if file.name.startswith("values"))
PLANS = sorted(K8S.rglob("plan*.yaml"))
NOT_OBJECTS = {*PLATFORM, *VALUES, *PLANS, K8S / "kind.yaml"}
WORKFLOWS = K8S.parent / ".github" / "workflows"

KUBERNETES = "1.34"
"""Whose schemas are taken for Kubernetes' own kinds."""

OTHERS = (".io/", ".org/", ".sh/", ".dev/")
"""Groups of others have a domain; of Kubernetes' own some have one too, k8s.io."""


class Strict(yaml.SafeLoader):
    """YAML in which a key that is written twice is an error, as the API server has it."""


def no_key_twice(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"{twice} is written twice", node.start_mark)
    return loader.construct_mapping(node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, no_key_twice)


def documents(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.load_all(text, Strict) if document]


def named(file: Path) -> str:
    return str(file.relative_to(K8S))


def is_kubernetes_own(manifest: dict[str, Any]) -> bool:
    group = manifest["apiVersion"].rpartition("/")[0]
    return "." not in group or group in {"rbac.authorization.k8s.io", "networking.k8s.io", "storage.k8s.io"}


def hold_against_schema(manifest: dict[str, Any]) -> None:
    if is_kubernetes_own(manifest):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def images(value: Any) -> Iterator[str]:
    """Every value under a key `image` that is text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str):
                yield inner
            yield from images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from images(inner)


def tool(name: str) -> Path:
    try:
        return program(name)
    except NoHelm as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_is_yaml_without_a_key_twice_and_names_no_moving_version(file: Path) -> None:
    found = documents(file.read_text())
    assert found or file in PLATFORM, "the file is empty"
    for image in images(found):
        assert re.search(r"(:[^:/]+|@sha256:[0-9a-f]{64})$", image), f"{image} has no tag"
        assert not image.endswith(":latest"), image


@pytest.mark.parametrize("file", sorted(set(FILES) - NOT_OBJECTS), ids=named)
def test_objects_fit_kubernetes_schemas_and_name_no_namespace(file: Path) -> None:
    for manifest in documents(file.read_text()):
        assert {"apiVersion", "kind"} <= set(manifest)
        assert "namespace" not in manifest.get("metadata", {}), "`kubectl apply --namespace` decides that"
        if manifest["kind"] != "Kustomization":
            hold_against_schema(manifest)


@pytest.mark.parametrize("folder", sorted(file.parent for file in K8S.rglob("kustomization.yaml")), ids=named)
def test_what_kustomize_puts_together_fits_kubernetes_schemas(folder: Path) -> None:
    built = subprocess.run([tool("kubectl"), "kustomize", folder], capture_output=True, text=True, check=True)
    manifests = documents(built.stdout)
    assert manifests
    for manifest in manifests:
        hold_against_schema(manifest)


@pytest.mark.parametrize("file", VALUES, ids=named)
def test_values_are_such_as_the_chart_takes(file: Path) -> None:
    tool("helm")
    mode = documents(file.read_text())[0].get("mode", "kserve")
    try:
        text = helm("template", "ecluse", CHART, "--values", file, "--set", f"mode={mode},capabilities.force=true")
    except HelmFailed as refusal:
        pytest.fail(f"{named(file)}: {refusal}", pytrace=False)
    for manifest in documents(text):
        hold_against_schema(manifest)


@pytest.mark.parametrize("file", PLANS, ids=named)
def test_plans_of_rollouts_are_such_as_the_tool_takes(file: Path) -> None:
    (found,) = documents(file.read_text())
    Plan.model_validate(found)


@pytest.mark.parametrize("file", PLATFORM, ids=named)
def test_a_chart_of_others_is_pinned_and_installed_by_one_command(file: Path) -> None:
    done = subprocess.run(
        ["sh", K8S / "platform" / "install.sh", "--print", file.stem], capture_output=True, text=True, check=True
    )
    command = r"helm upgrade --install [a-z-]+ (oci://\S+|[a-z-]+ --repo https://\S+) --version v?\d+\.\d+\.\d+ "
    assert re.match(command + r"--namespace [a-z-]+ --create-namespace --values \S+ --wait", done.stdout)


def test_a_chart_that_is_not_there_is_named() -> None:
    done = subprocess.run(
        ["sh", K8S / "platform" / "install.sh", "nothing"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (2, f"there is no {K8S / 'platform' / 'nothing.yaml'}")


def test_every_port_that_kind_hands_out_is_mapped_to_this_machine() -> None:
    (cluster,) = documents((K8S / "kind.yaml").read_text())
    (patch,) = (yaml.safe_load(text) for text in cluster["kubeadmConfigPatches"])
    first, last = map(int, patch["apiServer"]["extraArgs"]["service-node-port-range"].split("-"))
    mapped = cluster["nodes"][0]["extraPortMappings"]
    assert [each["containerPort"] for each in mapped] == list(range(first, last + 1))
    assert all(each["hostPort"] == each["containerPort"] and each["listenAddress"] == "127.0.0.1" for each in mapped)


def test_the_newest_cluster_of_the_workflow_is_the_one_of_a_laptop() -> None:
    (cluster,) = documents((K8S / "kind.yaml").read_text())
    (workflow,) = documents((WORKFLOWS / "cluster.yml").read_text())
    newest = workflow["jobs"]["cluster"]["strategy"]["matrix"]["include"][-1]
    assert {node["image"] for node in cluster["nodes"]} == {newest["node-image"]}
    assert f"\n# version: {newest['kserve']}\n" in (K8S / "platform" / "kserve.yaml").read_text()


def test_the_definitions_of_kserve_are_of_the_controllers_version() -> None:
    versions = {
        re.search(r"^# version: (.+)$", (K8S / "platform" / f"{name}.yaml").read_text(), re.MULTILINE)[1]  # type: ignore[index]
        for name in ("kserve", "kserve-crd")
    }
    assert len(versions) == 1


@pytest.mark.parametrize("file", FILES, ids=named)
def test_the_readme_says_what_a_file_is_for(file: Path) -> None:
    told = (K8S / "README.md").read_text()
    assert any(f"]({named(path)}" in told for path in (file, *file.parents) if K8S in path.parents)
