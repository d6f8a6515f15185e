"""What reaches TensorFlow of its settings, on a machine with two GPUs that is not there."""

from collections.abc import Sequence
from typing import Any

import pytest

from serving.settings import Tensorflow
from serving.tensorflow_options import NoSuchDevice, apply


class FakeConfig:
    """As much of `tf.config` as is used, with TensorFlow's rule that devices cannot be changed once they are in use."""

    def __init__(self, gpus: Sequence[str] = ("gpu:0", "gpu:1"), *, is_in_use: bool = False) -> None:
        self.gpus = list(gpus)
        self.visible = list(gpus)
        self.limits: dict[str, list[Any]] = {}
        self.growth: dict[str, bool] = {}
        self.options: dict[str, Any] = {}
        self.jit: bool | str = ""
        self.intra = self.inter = 0
        self.is_in_use = is_in_use
        self.threading = self.optimizer = self.experimental = self

    def change(self) -> None:
        if self.is_in_use:
            raise RuntimeError("Physical devices cannot be modified after being initialized")

    def get_intra_op_parallelism_threads(self) -> int:
        return self.intra

    def set_intra_op_parallelism_threads(self, threads: int) -> None:
        self.change()
        self.intra = threads

    def get_inter_op_parallelism_threads(self) -> int:
        return self.inter

    def set_inter_op_parallelism_threads(self, threads: int) -> None:
        self.change()
        self.inter = threads

    def get_experimental_options(self) -> dict[str, Any]:
        return self.options

    def set_experimental_options(self, options: dict[str, Any]) -> None:
        self.options |= options

    def get_jit(self) -> str:
        return str(self.jit)

    def set_jit(self, enabled: bool | str) -> None:
        self.jit = enabled

    def get_memory_growth(self, device: str) -> bool | None:
        return self.growth.get(device)

    def set_memory_growth(self, device: str, enable: bool) -> None:
        self.change()
        if device in self.limits:
            raise ValueError("Cannot set memory growth on device when virtual devices configured")
        self.growth[device] = enable

    def list_physical_devices(self, device_type: str) -> list[str]:
        return self.gpus if device_type == "GPU" else ["cpu:0"]

    def get_visible_devices(self, device_type: str) -> list[str]:
        return self.visible if device_type == "GPU" else ["cpu:0"]

    def set_visible_devices(self, devices: Sequence[str], device_type: str) -> None:
        assert device_type == "GPU"
        self.change()
        self.visible = list(devices)

    def get_logical_device_configuration(self, device: str) -> list[Any] | None:
        return self.limits.get(device)

    def set_logical_device_configuration(self, device: str, logical_devices: Sequence[Any]) -> None:
        self.change()
        if device in self.growth:
            raise ValueError("Cannot set virtual device configuration on device with memory growth")
        self.limits[device] = list(logical_devices)

    def LogicalDeviceConfiguration(self, memory_limit: int) -> int:  # noqa: N802 - TensorFlow's name
        return memory_limit


def applied(config: FakeConfig, **settings: Any) -> FakeConfig:
    assert apply(config, Tensorflow(**settings), intra_op_threads=3) == []
    return config


def test_without_a_word_every_gpu_grows_and_nothing_is_rewritten() -> None:
    config = applied(FakeConfig())
    assert (config.visible, config.growth, config.limits) == (["gpu:0", "gpu:1"], {"gpu:0": True, "gpu:1": True}, {})
    assert (config.intra, config.inter) == (3, 1)
    assert not any(config.options.values())
    assert not config.jit


def test_a_machine_without_gpus_needs_no_word_of_them() -> None:
    config = applied(FakeConfig(gpus=()), memory_limit_mib=100, inter_op_threads=2)
    assert (config.visible, config.growth, config.limits, config.inter) == ([], {}, {}, 2)


def test_growth_can_be_switched_off() -> None:
    assert applied(FakeConfig(), memory_growth=False).growth == {"gpu:0": False, "gpu:1": False}


def test_a_limit_takes_the_place_of_growth() -> None:
    config = applied(FakeConfig(), memory_limit_mib=2048)
    assert (config.limits, config.growth) == ({"gpu:0": [2048], "gpu:1": [2048]}, {})


@pytest.mark.parametrize(
    ("numbers", "visible"),
    [
        pytest.param("", ["gpu:0", "gpu:1"], id="all"),
        pytest.param("1", ["gpu:1"], id="one"),
        pytest.param("1,0", ["gpu:1", "gpu:0"], id="both"),
        pytest.param("none", [], id="none"),
    ],
)
def test_only_the_gpus_named_are_seen_and_set_up(numbers: str, visible: list[str]) -> None:
    config = applied(FakeConfig(), visible_devices=numbers)
    assert config.visible == visible
    assert set(config.growth) == set(visible)


def test_a_gpu_that_is_not_there_is_told() -> None:
    with pytest.raises(NoSuchDevice, match="names GPU 2, and there are 2 here"):
        apply(FakeConfig(), Tensorflow(visible_devices="0,2"), intra_op_threads=1)


@pytest.mark.parametrize(
    ("datatype", "rewriters"),
    [
        pytest.param("off", set(), id="off"),
        pytest.param("float16", {"auto_mixed_precision"}, id="for GPUs"),
        pytest.param("bfloat16", {"auto_mixed_precision_onednn_bfloat16"}, id="for processors"),
    ],
)
def test_mixed_precision_is_a_rewriter_of_graphs(datatype: str, rewriters: set[str]) -> None:
    config = applied(FakeConfig(), mixed_precision=datatype)
    assert {name for name, is_on in config.options.items() if is_on} == rewriters


@pytest.mark.parametrize(("xla", "jit"), [(True, "autoclustering"), (False, False)])
def test_xla_is_on_or_off(xla: bool, jit: bool | str) -> None:
    assert applied(FakeConfig(), xla=xla).jit == jit


def test_what_comes_too_late_is_named() -> None:
    config = FakeConfig(is_in_use=True)
    late = apply(config, Tensorflow(visible_devices="0"), intra_op_threads=3)
    assert late == ["intra_op_threads", "inter_op_threads", "visible_devices", "memory_growth"]


def test_what_is_set_already_is_not_set_again() -> None:
    config = applied(FakeConfig())
    config.is_in_use = True
    assert apply(config, Tensorflow(), intra_op_threads=3) == []
