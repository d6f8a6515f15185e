"""A tag becomes a release, by the release workflow's own steps: their order, and what is left undone when one fails."""

import re

import pytest

from delivery.version import write
from tests.contract.delivery.conftest import Webhook
from tests.contract.delivery.workflow import Ran, Workplace

REGISTRY = "ghcr.io/owner"
JOBS = {"version", "model", "images", "sign", "chart", "publish", "notify", "release"}


@pytest.fixture
def tagged(workplace: Workplace) -> Workplace:
    """A clone in which every place names version 1.2.3."""
    write(workplace.clone, "1.2.3", "2026-11-23")
    workplace.commit()
    return workplace


def release(workplace: Workplace, webhook: Webhook, tag: str = "v1.2.3") -> Ran:
    return workplace.run("release", "push", ref=f"refs/tags/{tag}", secrets={"WEBHOOK_URL": webhook.address})


def first(told: list[str], words: str) -> int:
    return next(number for number, line in enumerate(told) if words in line)


def last(told: list[str], words: str) -> int:
    return max(number for number, line in enumerate(told) if words in line)


def test_a_tag_becomes_images_chart_signatures_and_notes(tagged: Workplace, webhook: Webhook) -> None:
    ran = release(tagged, webhook)
    assert ran.jobs == dict.fromkeys(JOBS, True), ran.said
    told, commit = tagged.told(), tagged.head

    # Built for both kinds of machine, pushed by commit, signed, checked; only then is there a version.
    built = last(told, f"docker push {REGISTRY}/ecluse/")
    joined = first(told, "imagetools create")
    listed = first(told, "syft scan registry:")
    signed = first(told, "cosign sign --yes")
    checked = last(told[: first(told, "helm push")], "cosign verify-attestation")
    named = first(told, f"imagetools create --tag {REGISTRY}/ecluse/serving:1.2.3 ")
    pushed = first(told, f"helm push build/delivery/ecluse-1.2.3.tgz oci://{REGISTRY}/ecluse/charts")
    published = first(told, "gh release create v1.2.3")
    assert built < joined < listed < signed < checked < named < pushed < published

    for name, tag, architectures in [
        ("serving", "", ["amd64"]),
        ("serving", "-demo", ["amd64"]),
        ("serving", "-gpu", ["amd64"]),
        ("loadtests", "", ["amd64"]),
        ("rollout", "", ["amd64", "arm64"]),
    ]:
        image = f"{REGISTRY}/ecluse/{name}:{commit}{tag}"
        pushes = sorted(line for line in told if line.startswith(f"docker push {image}-a"))
        assert pushes == [f"docker push {image}-{architecture}" for architecture in architectures]
        assert f"docker buildx imagetools create --tag {image} " in " ".join(told)
    assert sum("--type spdxjson --predicate" in line for line in told) == 6
    checks = [line for line in told if "cosign verify-attestation" in line and "--type spdxjson" in line]
    assert len(checks) == 5, "each image, and no chart"
    assert sum("cosign sign " in line for line in told) == 6
    assert sum("--type slsaprovenance1 --predicate" in line for line in told) == 6

    page = (tagged.standins / "published" / "notes.md").read_text()
    assert "### Added" in page
    assert f"helm install ecluse oci://{REGISTRY}/ecluse/charts/ecluse --version 1.2.3" in page
    files = (tagged.standins / "published" / "checksums.txt").read_text()
    assert "./ecluse-1.2.3.tgz" in files
    assert "./sbom/rollout-arm64.spdx.json" in files
    assert [one["text"].partition(" (")[0] for one in webhook.told] == ["success: release v1.2.3 is out"]


@pytest.mark.parametrize(
    ("fails", "broken", "undone"),
    [
        ("^gh run list", "version", {"model", "images", "sign", "chart", "publish"}),
        ("^cosign verify ", "sign", {"chart", "publish"}),
    ],
    ids=["a check has failed", "a signature does not hold"],
)
def test_nothing_is_published_when_a_step_fails(
    fails: str, broken: str, undone: set[str], tagged: Workplace, webhook: Webhook
) -> None:
    tagged.fail(fails)
    ran = release(tagged, webhook)
    assert ran.jobs[broken] is False
    assert ran.jobs["release"] is False
    assert undone.isdisjoint(ran.jobs)
    told = "\n".join(tagged.told())
    assert "helm push" not in told
    assert "gh release create" not in told
    assert not re.search(r"(imagetools create --tag|docker push) \S+:1\.2\.3", told)
    assert [one["outcome"] for one in webhook.told] == ["failure"]


def test_a_tag_that_is_not_the_version_is_a_sentence_and_nothing_is_built(tagged: Workplace, webhook: Webhook) -> None:
    ran = release(tagged, webhook, "v1.2.4")
    assert ran.jobs == {"version": False, "notify": True, "release": False}
    assert "version: helm/ecluse/Chart.yaml has appVersion 1.2.3, expected 1.2.4" in ran.said
    assert not any(line.startswith("docker") for line in tagged.told())
