"""TensorFlow's settings, carried to the one place where TensorFlow takes each.

Written against the few functions of `tf.config` that it calls, so that what
happens on a machine with GPUs is tried without one. A setting that TensorFlow
takes only before it has touched its devices, and that comes too late because
code of a user's touched them, is not lost in silence: its name is given back.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from serving.settings import Tensorflow

ALL = ""
NONE = "none"


class Threading(Protocol):
    def get_intra_op_parallelism_threads(self) -> int: ...
    def set_intra_op_parallelism_threads(self, threads: int) -> None: ...
    def get_inter_op_parallelism_threads(self) -> int: ...
    def set_inter_op_parallelism_threads(self, threads: int) -> None: ...


class Optimizer(Protocol):
    def get_experimental_options(self) -> dict[str, Any]: ...
    def set_experimental_options(self, options: dict[str, Any]) -> None: ...
    def get_jit(self) -> str: ...
    def set_jit(self, enabled: bool | str) -> None: ...


class Experimental(Protocol):
    def get_memory_growth(self, device: Any) -> bool | None: ...
    def set_memory_growth(self, device: Any, enable: bool) -> None: ...


class Config(Protocol):
    """What is used of `tf.config`."""

    @property
    def threading(self) -> Threading: ...
    @property
    def optimizer(self) -> Optimizer: ...
    @property
    def experimental(self) -> Experimental: ...

    def list_physical_devices(self, device_type: str) -> Sequence[Any]: ...
    def get_visible_devices(self, device_type: str) -> Sequence[Any]: ...
    def set_visible_devices(self, devices: Sequence[Any], device_type: str) -> None: ...
    def get_logical_device_configuration(self, device: Any) -> Sequence[Any] | None: ...
    def set_logical_device_configuration(self, device: Any, logical_devices: Sequence[Any]) -> None: ...
    def LogicalDeviceConfiguration(self, memory_limit: int) -> Any: ...  # noqa: N802 - TensorFlow's name


class NoSuchDevice(Exception):
    """A GPU was named that this machine does not have."""


def apply(config: Config, wanted: Tensorflow, *, intra_op_threads: int) -> list[str]:
    """Set what is not set yet; gives the names of settings that came too late. Raises NoSuchDevice."""
    gpus = _visible(list(config.list_physical_devices("GPU")), wanted.visible_devices)
    steps: list[tuple[str, Callable[[], bool], Callable[[], None]]] = [
        (
            "intra_op_threads",
            lambda: config.threading.get_intra_op_parallelism_threads() == intra_op_threads,
            lambda: config.threading.set_intra_op_parallelism_threads(intra_op_threads),
        ),
        (
            "inter_op_threads",
            lambda: config.threading.get_inter_op_parallelism_threads() == wanted.inter_op_threads,
            lambda: config.threading.set_inter_op_parallelism_threads(wanted.inter_op_threads),
        ),
        (
            "visible_devices",
            lambda: list(config.get_visible_devices("GPU")) == gpus,
            lambda: config.set_visible_devices(gpus, "GPU"),
        ),
    ]
    too_late = _take(steps)
    for gpu in gpus:
        too_late += _take([_memory(config, gpu, wanted)])
    # These are read anew for every graph, so they are never too late.
    config.optimizer.set_experimental_options(_mixed_precision(wanted.mixed_precision))
    config.optimizer.set_jit("autoclustering" if wanted.xla else False)
    return list(dict.fromkeys(too_late))


def _visible(gpus: list[Any], numbers: str) -> list[Any]:
    if numbers == ALL:
        return gpus
    if numbers == NONE:
        return []
    chosen = [int(number) for number in numbers.split(",")]
    missing = [number for number in chosen if number >= len(gpus)]
    if missing:
        raise NoSuchDevice(f"tensorflow_visible_devices names GPU {missing[0]}, and there are {len(gpus)} here")
    return [gpus[number] for number in chosen]


def _memory(config: Config, gpu: Any, wanted: Tensorflow) -> tuple[str, Callable[[], bool], Callable[[], None]]:
    """A limit is an allocation of its own, beside which TensorFlow takes no word on growth."""
    if wanted.memory_limit_mib:
        limit = config.LogicalDeviceConfiguration(memory_limit=wanted.memory_limit_mib)
        return (
            "memory_limit_mib",
            lambda: config.get_logical_device_configuration(gpu) == [limit],
            lambda: config.set_logical_device_configuration(gpu, [limit]),
        )
    return (
        "memory_growth",
        lambda: config.experimental.get_memory_growth(gpu) is wanted.memory_growth,
        lambda: config.experimental.set_memory_growth(gpu, wanted.memory_growth),
    )


def _mixed_precision(datatype: str) -> dict[str, bool]:
    """The graph is rewritten as it is loaded: BF16 by oneDNN on processors, FP16 on GPUs."""
    return {
        "auto_mixed_precision": datatype == "float16",
        "auto_mixed_precision_onednn_bfloat16": datatype == "bfloat16",
    }


def _take(steps: list[tuple[str, Callable[[], bool], Callable[[], None]]]) -> list[str]:
    too_late = []
    for name, is_so, make_so in steps:
        if is_so():
            continue
        try:
            make_so()
        except RuntimeError:
            too_late.append(name)
    return too_late
