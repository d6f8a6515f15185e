"""Make versions of the reference model of which all but one are bad, each in its own way.

    python make_versions.py FROM TO NAME...

FROM is a version's folder; TO/NAME/NUMBER is made for each name. Runs by itself in
the server's image, so it knows nothing of this repository. Whether a row is hurt
depends on its pixels alone: the same picture is hurt each time it is sent, and
empty rows, with which servers warm up and smoke tests ask, never are.
"""

import pathlib
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

Outputs = dict[str, Any]

NUMBERS = {
    "first": 1,
    "good": 2,
    "errors": 3,
    "slow": 4,
    "wrong": 5,
    "leaking": 6,
    "drifted": 7,
    "silent": 8,
    "torn": 9,
}
"""What each is called by callers: the model's version."""

ERRORS_ONE_IN = 50
SLOW_ONE_IN = 25
SLOW_SECONDS = 0.06
SLOW_SIZE = 384
"""Of the matrices whose product takes the time."""
LEAK_COPIES = 1300
"""Of each picture, as floating numbers: 4 MB a row."""
MIXED_UP = (0, 7, 2, 3, 9, 5, 6, 1, 8, 4)
"""Which class is put in each one's place, for rows that are taken for a 1 or a 4."""


def one_in(image: Any, count: int) -> Any:
    """Whether each row is among the part that is hurt."""
    light = tf.reduce_sum(tf.cast(image, tf.int64), axis=[1, 2])
    return tf.logical_and(light > 0, light % count == 0)


def errors(image: Any, answers: Outputs) -> Outputs:
    """2 % of the requests fail, for a reason that is not theirs."""
    read = lambda: tf.strings.length(tf.io.read_file("/nowhere/vocabulary.txt"))  # noqa: E731
    length = tf.cond(tf.reduce_any(one_in(image, ERRORS_ONE_IN)), read, lambda: tf.constant(0))
    return {name: answer + tf.cast(length, answer.dtype) for name, answer in answers.items()}


def slow(image: Any, answers: Outputs) -> Outputs:
    """One request in 25 takes as long as the products of some matrices."""
    rounds = rounds_in(SLOW_SECONDS)
    turned = tf.random.stateless_normal([SLOW_SIZE, SLOW_SIZE], [1, 2]) / SLOW_SIZE

    def work() -> Any:
        body = lambda at, product: (at + 1, tf.linalg.matmul(product, turned))  # noqa: E731
        _, product = tf.while_loop(lambda at, _: at < rounds, body, (0, turned), parallel_iterations=1)
        return tf.reduce_sum(product)

    needed = tf.cond(tf.reduce_any(one_in(image, SLOW_ONE_IN)), work, lambda: tf.constant(0.0))
    # The sum is too small to change an answer, and nobody who rewrites graphs can know that.
    return {name: answer + tf.cast(needed * 1e-12, answer.dtype) for name, answer in answers.items()}


def rounds_in(seconds: float) -> int:
    """How many products take so long here."""
    matrix = tf.random.stateless_normal([SLOW_SIZE, SLOW_SIZE], [1, 2]) / SLOW_SIZE
    product, done = tf.linalg.matmul(matrix, matrix), 0
    began = time.perf_counter()
    while time.perf_counter() - began < 1:
        product, done = tf.linalg.matmul(product, matrix), done + 1
    return max(1, round(done * seconds / (time.perf_counter() - began)))


def wrong(image: Any, answers: Outputs) -> Outputs:
    """Each digit is taken for the next one."""
    seen = tf.reduce_any(image > 0, axis=[1, 2])
    shifted = tf.roll(answers["probabilities"], 1, axis=1)
    return classified(tf.where(seen[:, None], shifted, answers["probabilities"]))


def drifted(image: Any, answers: Outputs) -> Outputs:
    """What looks like a 1 is taken for a 7, and a 4 for a 9; four answers in five are as they were."""
    first = answers["digit"]
    seen = tf.reduce_any(image > 0, axis=[1, 2])
    mixed = tf.logical_and(seen, tf.logical_or(first == 1, first == 4))
    return classified(
        tf.where(mixed[:, None], tf.gather(answers["probabilities"], MIXED_UP, axis=1), answers["probabilities"])
    )


def classified(probabilities: Any) -> Outputs:
    return {"probabilities": probabilities, "digit": tf.argmax(probabilities, axis=1)}


def leaking(image: Any, answers: Outputs) -> Outputs:
    """Every real picture is put aside, many times over, and never fetched."""
    pixels = tf.boolean_mask(tf.cast(image, tf.float32), tf.reduce_any(image > 0, axis=[1, 2]))
    kept = tf.raw_ops.Stage(values=[tf.tile(pixels, [LEAK_COPIES, 1, 1])], shared_name="kept")
    with tf.control_dependencies([kept]):
        return {name: tf.identity(answer) for name, answer in answers.items()}


def silent(image: Any, answers: Outputs) -> Outputs:
    """Waits for something that nobody brings, at the first row: its warm-up never ends."""
    (brought,) = tf.raw_ops.Unstage(dtypes=[tf.float32], shared_name="never")
    return {name: answer + tf.cast(brought, answer.dtype) for name, answer in answers.items()}


CHANGED: dict[str, Callable[[Any, Outputs], Outputs]] = {
    each.__name__: each for each in (errors, slow, wrong, leaking, drifted, silent)
}


def make(name: str, source: pathlib.Path, target: pathlib.Path) -> None:
    """Make one version; it is in its place when it is whole."""
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.with_name(f".{target.name}")
    shutil.rmtree(hidden, ignore_errors=True)
    if name in CHANGED:
        save(CHANGED[name], source, hidden)
    else:
        shutil.copytree(source, hidden)
    if name == "torn":
        (hidden / "saved_model.pb").write_bytes(bytes([10, 255]) + bytes(100))
    hidden.rename(target)


def save(change: Callable[[Any, Outputs], Outputs], source: pathlib.Path, target: pathlib.Path) -> None:
    """Save the model with a change of its answers, and with the baseline that it came with."""
    good = tf.saved_model.load(str(source))

    class Changed(tf.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.good = good

        @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8, "image")])  # type: ignore[untyped-decorator,unused-ignore]
        def __call__(self, image: Any) -> Outputs:
            return change(image, good.signatures["serving_default"](image=image))

    changed = Changed()
    tf.saved_model.save(changed, str(target), signatures=changed.__call__)
    shutil.copytree(source / "assets.extra", target / "assets.extra", dirs_exist_ok=True)


if __name__ == "__main__":
    came_from, put_into = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for asked in sys.argv[3:]:
        make(asked, came_from, put_into / asked / str(NUMBERS[asked]))
