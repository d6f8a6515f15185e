"""Where the model comes from, in each mode."""

from typing import Any

import pytest

from tests.helm import HelmFailed, Manifest, one, render

CLAIM = {"source": "existingClaim", "existingClaim": {"name": "models", "path": "/digits/"}}


def uri(address: str, **others: Any) -> dict[str, Any]:
    return {"model": {"source": "storageUri", "storageUri": address, **others}}


def plain(values: dict[str, Any]) -> Manifest:
    spec: Manifest = one(render({**values, "mode": "plain"}), "Deployment")["spec"]["template"]["spec"]
    return spec


def predictor(values: dict[str, Any]) -> Manifest:
    spec: Manifest = one(render({**values, "mode": "kserve"}), "InferenceService")["spec"]["predictor"]
    return spec


def mount(container: Manifest) -> Manifest:
    found: Manifest = next(mount for mount in container["volumeMounts"] if mount["mountPath"] == "/mnt/models")
    return found


def test_a_claim_is_mounted_read_only_by_the_chart_itself_in_both_modes() -> None:
    wanted = {"name": "model", "mountPath": "/mnt/models", "readOnly": True, "subPath": "digits"}
    volume = {"name": "model", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}}
    in_plain, in_kserve = plain({"model": CLAIM}), predictor({"model": CLAIM})
    assert mount(in_plain["containers"][0]) == mount(in_kserve["model"]) == wanted
    assert volume in in_plain["volumes"]
    assert volume in in_kserve["volumes"]


@pytest.mark.parametrize("model", [{}, CLAIM])
def test_kserve_does_not_take_a_model_without_an_address_for_a_server_of_many(model: dict[str, Any]) -> None:
    made = predictor({"model": model})["model"]
    assert made["storage"] == {}
    assert "storageUri" not in made


def test_kserve_is_given_the_address() -> None:
    made = predictor(uri("s3://bucket/mnist"))
    assert made["model"]["storageUri"] == "s3://bucket/mnist"
    assert "storage" not in made["model"]
    assert "initContainers" not in made


def test_the_address_of_a_claim_is_mounted_in_mode_plain() -> None:
    made = plain(uri("pvc://models/a/b"))
    assert mount(made["containers"][0])["subPath"] == "a/b"
    assert "initContainers" not in made
    assert "subPath" not in mount(plain(uri("pvc://models"))["containers"][0])


def test_an_image_of_ones_choice_fetches_in_mode_plain() -> None:
    made = plain(uri("s3://bucket/mnist", fetcher={"image": "fetcher:1"}))
    (fetcher,) = made["initContainers"]
    assert fetcher["image"] == "fetcher:1"
    assert fetcher["args"] == ["s3://bucket/mnist", "/mnt/models"]
    assert "readOnly" not in mount(fetcher)
    assert mount(made["containers"][0])["readOnly"] is True
    assert fetcher["securityContext"] == made["containers"][0]["securityContext"]


def test_without_such_an_image_it_is_refused() -> None:
    with pytest.raises(HelmFailed, match=r"in mode plain nobody fetches it: name an image that does"):
        render({**uri("s3://bucket/mnist"), "mode": "plain"})


def test_an_image_of_ones_choice_takes_the_place_of_kserves_own() -> None:
    values = uri("s3://bucket/mnist", fetcher={"image": "fetcher:1"})
    made = predictor(values)
    assert made["initContainers"] == plain(values)["initContainers"]
    assert made["model"]["storage"] == {}
    assert "storageUri" not in made["model"]
