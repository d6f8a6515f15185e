"""What can be asked for on the command line, and what a mistake there is answered with."""

from pathlib import Path

import pytest

from k8s.wait.__main__ import main
from k8s.wait.options import parse_options
from k8s.wait.target import BadTarget, TargetKind, parse_target


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("inferenceservice/mnist", TargetKind.INFERENCE_SERVICE),
        ("isvc/mnist", TargetKind.INFERENCE_SERVICE),
        ("inferenceservice.serving.kserve.io/mnist", TargetKind.INFERENCE_SERVICE),
        ("deployment/mnist", TargetKind.DEPLOYMENT),
        ("Deployment.apps/mnist", TargetKind.DEPLOYMENT),
        ("deploy/mnist", TargetKind.DEPLOYMENT),
    ],
)
def test_what_kubectl_prints_can_be_waited_for(words: str, kind: TargetKind) -> None:
    target = parse_target(words, "models")
    assert (target.kind, target.name, target.namespace) == (kind, "mnist", "models")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("mnist", "expected inferenceservice/NAME or deployment/NAME, got 'mnist'"),
        ("pod/mnist", "'pod' cannot be waited for: expected inferenceservice/NAME or deployment/NAME"),
        ("deploy/", "'' is no name of an object in Kubernetes"),
        ("deploy/../secrets", "'../secrets' is no name of an object in Kubernetes"),
    ],
)
def test_other_words_are_told_what_was_expected(words: str, sentence: str) -> None:
    with pytest.raises(BadTarget) as caught:
        parse_target(words, "models")
    assert str(caught.value) == sentence


def test_what_is_not_asked_for_is_as_documented() -> None:
    options = parse_options(["deploy/mnist"])
    assert (options.timeout_seconds, options.rules.grace_seconds, options.rules.patience_seconds) == (600, 30, 120)
    assert options.rules.with_old_pods
    assert not options.rules.zero_is_fine


def test_every_option_arrives() -> None:
    words = "deploy/mnist -n models --timeout 60s --fail-fast --patience 5 --ignore-terminating"
    words += " --allow-zero --context a --steady 9"
    options = parse_options([*words.split(), "--kubeconfig", "here", "--json", "--quiet"])
    assert (options.namespace, options.timeout_seconds, options.context) == ("models", 60, "a")
    assert (options.kubeconfig, options.json, options.quiet) == (Path("here"), True, True)
    assert (options.rules.grace_seconds, options.rules.patience_seconds) == (0, 5)
    assert options.rules.zero_is_fine
    assert options.rules.steady_seconds == 9
    assert not options.rules.with_old_pods


@pytest.mark.parametrize(
    "words", [[], ["deploy/a", "--timeout", "soon"], ["deploy/a", "--grace", "-1"], ["deploy/a", "--no"]]
)
def test_a_command_that_makes_no_sense_ends_with_one(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_options(words)
    assert caught.value.code == 1
    assert "error: " in capsys.readouterr().err


def test_a_kubeconfig_that_is_not_there_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy/mnist", "--kubeconfig", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.startswith("error: the kubeconfig cannot be used: ")


def test_a_target_that_makes_no_sense_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mnist"]) == 1
    assert capsys.readouterr().err == "error: expected inferenceservice/NAME or deployment/NAME, got 'mnist'\n"
