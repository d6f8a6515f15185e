"""Runs the model's two commands many times in one process, and tells how each ended.

TensorFlow takes seconds to start, so the cases share one start; each is called
exactly as `python -m model.train` and `python -m model.evaluate` call it, with
the options given here after a folder to work in and a model to judge. Prints one
JSON object: per case the status, what was printed, and what was left behind.
"""

import io
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from model import command, evaluate, train
from model.framework import tf

DISK_BYTES = 200_000
"""More than a small file needs, and less than the weights."""

LENIENT = ("--min-accuracy", "0", "--min-recall", "0", "--max-calibration-error", "1", "--allow-fallback")

Main = Callable[[Sequence[str]], int]


def run(main: Main, *arguments: str) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = command.run(main, arguments)
    return {"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}


def main(folder: Path, made_by_the_command: Path, trial: Sequence[str]) -> None:
    cases: dict[str, Any] = {}

    def case(name: str, main: Main, *arguments: str) -> None:
        cases[name] = run(main, *arguments)

    def refused(name: str, *arguments: str, around: AbstractContextManager[None] | None = None) -> None:
        place = folder / name
        place.mkdir()
        with around or nullcontext():
            case(name, train.main, *trial, "--output", str(place / "models"), *arguments)
        cases[name]["left"] = [str(path) for path in place.iterdir()]

    case("same seed", train.main, *trial, "--output", str(folder / "same"))
    case("other seed", train.main, *trial, "--output", str(folder / "other"), "--seed", "8")
    case("cnn", train.main, *trial, "--output", str(folder / "cnn"), "--network", "cnn", "--optimizer", "momentum")

    refused("diverging", "--optimizer", "sgd", "--learning-rate", "1e6", "--epochs", "50")
    refused("full-disk", around=small_disk())
    refused("interrupted", "--epochs", "10000", around=interrupt_at("epoch  3"))
    refused("no-data", "--data", str(folder / "nowhere"))
    refused("damaged-data", "--data", str(damaged_data(folder)))
    case("taken", train.main, *trial, "--output", str(folder / "same"), "--version", "1")

    mine, broken = str(made_by_the_command), folder / "broken"
    other_signature(broken / "signature", {"serving_default": one_more})
    other_signature(broken / "name", {"something_else": one_more})
    truncated_model(broken / "truncated", made_by_the_command)
    case("good enough", evaluate.main, mine, *LENIENT, "--against", mine, "--json", str(folder / "report.json"))
    case("not good enough", evaluate.main, mine, *LENIENT, "--min-accuracy", "1")
    for name in ("signature", "name", "truncated"):
        case(f"broken {name}", evaluate.main, str(broken / name), *LENIENT)

    cases["models"] = {
        "command": described(made_by_the_command),
        "same": described(folder / "same" / "1"),
        "other": described(folder / "other" / "1"),
        "cnn": described(folder / "cnn" / "1"),
    }
    json.dump(cases, sys.stdout)


@contextmanager
def small_disk() -> Iterator[None]:
    """No file may grow beyond a limit, which programs see as they see a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def interrupt_at(words: str) -> Iterator[None]:
    """Press Ctrl-C as soon as the words are on the terminal."""

    def press() -> None:
        while words not in str(getattr(sys.stderr, "getvalue", str)()):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    yield
    presser.join()


def damaged_data(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir()
    (data / "train-images-idx3-ubyte").write_bytes(bytes(1_000))
    return data


def one_more(x: Any) -> dict[str, Any]:
    return {"y": x + 1.0}


def other_signature(folder: Path, signatures: dict[str, Callable[[Any], Any]]) -> None:
    spec = tf.TensorSpec([None], tf.float32, name="x")
    functions = {name: tf.function(body, input_signature=[spec]) for name, body in signatures.items()}
    tf.saved_model.save(tf.Module(), str(folder), signatures=functions)


def truncated_model(folder: Path, whole: Path) -> None:
    folder.mkdir()
    graph = (whole / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(graph[: len(graph) // 2])


def described(folder: Path) -> dict[str, Any]:
    """What a client of the SavedModel sees, asked without our own code."""
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]
    images = tf.cast(tf.reshape(tf.range(2 * 28 * 28) % 256, [2, 28, 28]), tf.uint8)
    answer = signature(image=images)
    weights = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    return {
        "signatures": list(loaded.signatures),
        "inputs": shown(signature.structured_input_signature[1]),
        "outputs": shown(signature.structured_outputs),
        "probabilities": answer["probabilities"].numpy().tolist(),
        "digit": answer["digit"].numpy().tolist(),
        "weights": {
            name: weights.get_tensor(name).tobytes().hex()[:4096]
            for name in sorted(weights.get_variable_to_shape_map())
            if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
        },
    }


def shown(specs: dict[str, Any]) -> dict[str, str]:
    return {name: f"{spec.dtype.name} {spec.shape}" for name, spec in specs.items()}


if __name__ == "__main__":
    # What a shell starts in the background is deaf to Ctrl-C, and one of the cases is about it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
