"""Mistakes of who calls the command: one clear sentence, the right exit status, and nothing changed."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s.rollout.__main__ import main
from tests.contract.rollout.command import PLAN, TARGET, World, made_up, world
from tests.contract.rollout.fake_api_server import Answer, Asked
from tests.contract.rollout.made_up import route


@pytest.fixture
def tried(tmp_path: Path) -> Iterator[World]:
    with world(made_up(), tmp_path) as made:
        yield made
        assert made.cluster.written() == [], "a mistake changes nothing"


def called(tried: World, capsys: pytest.CaptureFixture[str], *words: str, **plan: Any) -> tuple[int, str]:
    """Call it in this process; give status and errors."""
    file = tried.folder / "plan.yaml"
    file.write_text(yaml.safe_dump({**PLAN, **plan}))
    given = {"--plan": str(file), "--prometheus": tried.address, "--kubeconfig": str(tried.folder / "kubeconfig")}
    rest = [part for name, value in given.items() if name not in words for part in (name, value)]
    try:
        status = main([*words, *rest])
    except SystemExit as left:
        status = int(str(left.code))
    return status, capsys.readouterr().err


def nobody() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ({"steps": [{"percent": 120}]}, "steps.1.percent must be 100 or less, and is 120"),
        ({"gates": [{"measure": "happiness", "most": 1}]}, "happiness"),
        ({"stepz": []}, "stepz"),
    ],
    ids=["an impossible share", "an unknown measure", "an unknown field"],
)
def test_a_broken_plan_is_told_with_its_place(
    tried: World, capsys: pytest.CaptureFixture[str], plan: dict[str, Any], sentence: str
) -> None:
    status, errors = called(tried, capsys, TARGET, **plan)
    assert status == 1
    assert sentence in errors
    assert all(line.startswith("error: ") for line in errors.splitlines())


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["httproute/mnist", "--plan", "/nowhere.yaml"], 1, "/nowhere.yaml cannot be read: No such file"),
        (["httproute/other"], 1, "other"),
        (["httproute/mnist", "--to", "blue-ecluse"], 1, "blue-ecluse"),
        (["httproute/mnist", "--to", "red-ecluse"], 1, "red-ecluse"),
        (["pod/mnist"], 1, "expected httproute/NAME, service/NAME or inferenceservice/NAME"),
        (["httproute/Mnist_"], 1, "is no name of an object in Kubernetes"),
        (["httproute/mnist", "--smoke", "/nowhere.json"], 1, "the smoke request /nowhere.json cannot be read"),
        (["httproute/mnist", "--slo", "/nowhere.yaml"], 1, "/nowhere.yaml"),
        (["httproute/mnist", "--prometheus", "ftp://x"], 1, "is no address of a Prometheus"),
        (["httproute/mnist", "--prometheus-token-file", "/nowhere"], 1, "credentials for Prometheus cannot be read"),
        (["httproute/mnist", "--prometheus-ca-file", "/nowhere"], 1, "/nowhere"),
        (["httproute/mnist", "--smoke-key-file", "/nowhere"], 1, "/nowhere cannot be read: No such file"),
        (["httproute/mnist", "--canary-name", "v2"], 1, "--canary-name names the new version that KServe makes"),
        (["httproute/mnist", "--backend", "gateway", "--storage-uri", "s3://x"], 1, "--storage-uri names the model of"),
        (["httproute/mnist", "--out", "/dev/null/nowhere"], 1, "no report can be written to /dev/null/nowhere: Not a"),
        (["httproute/mnist", "--lease-seconds", "0"], 1, "expected a number of seconds from 1 to 3600"),
        (["httproute/mnist", "--context", "other"], 1, "other"),
        (["httproute/mnist", "--status"], 1, "--status goes by the plan that the rollout was begun with"),
        (["httproute/mnist", "--dry-run", "--abort"], 1, "not allowed with"),
    ],
)
def test_a_wrong_word_is_told(
    tried: World, capsys: pytest.CaptureFixture[str], words: list[str], status: int, sentence: str
) -> None:
    found, errors = called(tried, capsys, *words)
    assert (found, sentence in errors) == (status, True), errors


def test_no_prometheus_at_all_is_told(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    status, errors = called(tried, capsys, TARGET, "--prometheus", "")
    assert status == 1
    assert "give --prometheus URL" in errors


def test_a_port_forward_that_has_died_is_guessed(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    address = nobody()
    status, errors = called(tried, capsys, TARGET, "--prometheus", address)
    assert status == 4
    assert (
        f"Prometheus at {address} cannot be asked: [Errno 111] Connection refused; does its port-forward still run?"
        in errors
    )


def test_a_cluster_that_cannot_be_reached_is_told(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = tried.folder / "kubeconfig"
    content = yaml.safe_load(file.read_text())
    content["clusters"][0]["cluster"]["server"] = nobody()
    file.write_text(yaml.safe_dump(content))
    status, errors = called(tried, capsys, TARGET)
    assert status == 4
    assert "cannot be reached" in errors


@pytest.mark.parametrize(
    ("verb", "plural"), [("get", "httproutes"), ("get", "leases"), ("patch", "httproutes"), ("create", "leases")]
)
def test_a_right_that_is_missing_is_named(
    tried: World, capsys: pytest.CaptureFixture[str], verb: str, plural: str
) -> None:
    words = f'{plural} is forbidden: User "ci" cannot {verb} resource "{plural}" in the namespace "models"'

    def deny(asked: Asked) -> Answer | None:
        if (asked.verb, asked.plural) != (verb, plural):
            return None
        return 403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": words, "code": 403}

    tried.cluster.faults.append(deny)
    status, errors = called(tried, capsys, TARGET)
    tried.cluster.asked = [each for each in tried.cluster.asked if each.plural != plural]
    assert status == 4
    assert words in errors


def test_a_route_that_helm_would_write_back_is_refused(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    route(tried.cluster, "HTTPRoute", labels={"app.kubernetes.io/managed-by": "Helm"})
    status, errors = called(tried, capsys, TARGET)
    assert status == 1
    assert "Helm" in errors


def test_a_mistake_is_an_object_where_objects_are_asked_for(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = tried.folder / "kubeconfig"
    assert main(["httproute/other", "--json", "--prometheus", tried.address, "--kubeconfig", str(file)]) == 1
    assert '"event": "ended", "exit": 1' in capsys.readouterr().out


def test_a_dry_run_tells_all_and_changes_nothing(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = tried.folder / "plan.yaml"
    file.write_text(yaml.safe_dump(dict(PLAN)))
    words = [TARGET, "--dry-run", "--plan", str(file), "--prometheus", tried.address]
    assert main([*words, "--kubeconfig", str(tried.folder / "kubeconfig")]) == 0
    out = capsys.readouterr().out
    for told in (
        "blue-ecluse → green-ecluse",
        "takes at least",
        "error_ratio: passed",
        'sum(increase(ecluse_requests_total{namespace="models",variant="green-ecluse"}',
        "nothing was changed",
    ):
        assert told in out
    assert tried.sheet() is None


def test_a_dry_run_tells_bounds_in_their_units(tried: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = tried.folder / "plan.yaml"
    gates = [{"measure": "memory", "worse_by": 2**27}, {"measure": "error_ratio", "most": 0.01}]
    file.write_text(yaml.safe_dump({**PLAN, "gates": gates}))
    words = [TARGET, "--dry-run", "--plan", str(file), "--prometheus", tried.address]
    assert main([*words, "--kubeconfig", str(tried.folder / "kubeconfig")]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["memory", "128", "MiB"] in lines
    assert ["error_ratio", "1", "%"] in lines
