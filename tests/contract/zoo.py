"""A zoo of tiny SavedModels, one for each way in which models differ.

Run as a script with a folder to build them there, which keeps TensorFlow out of
the tests' own process. Every model's answer can be told by hand.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.prediction_logs import other_log, predict_log

SLOW_SECONDS = 0.05
TABLE = (10.0, 11.0, 12.0, 13.0, 14.0)
"""What `lookup` looks up."""

LABELS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""What the classes of `image` are called."""

NUMERIC = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "bfloat16": "BF16",
    "float32": "FP32",
    "float64": "FP64",
}
"""TensorFlow's name and V2's of every datatype that both know."""

Build = Callable[[Any, Path], None]
Call = Callable[..., Mapping[str, Any]]


def main() -> None:
    import tensorflow as tf

    root = Path(sys.argv[1])
    for name, build in MODELS.items():
        build(tf, root / name)


def save(tf: Any, folder: Path, specs: Mapping[str, Any], call: Call, **others: Call) -> None:
    """Save a function of tensors by name as `serving_default`, and `others` as further signatures."""
    save_as(tf, folder, specs, serving_default=call, **others)


def save_as(tf: Any, folder: Path, specs: Mapping[str, Any], **calls: Call) -> None:
    signatures = {
        name: tf.function(call, input_signature=list(specs.values()), autograph=False) for name, call in calls.items()
    }
    tf.saved_model.save(tf.Module(), str(folder), signatures)


def dense(tf: Any, folder: Path) -> None:
    weights = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    save(tf, folder, {"x": tf.TensorSpec([None, 3], tf.float32, "x")}, lambda x: {"y": x @ weights})


def image(tf: Any, folder: Path) -> None:
    def classify(image: Any) -> Any:
        pixels = tf.cast(tf.reshape(image, [-1, 16]), tf.float32)
        probabilities = tf.nn.softmax(pixels[:, :10] / 255.0)
        return {"probabilities": probabilities, "digit": tf.argmax(probabilities, axis=1)}

    save(tf, folder, {"image": tf.TensorSpec([None, 4, 4], tf.uint8, "image")}, classify)
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))


def two_inputs(tf: Any, folder: Path) -> None:
    specs = {
        "count": tf.TensorSpec([None, 2], tf.int32, "count"),
        "price": tf.TensorSpec([None], tf.float32, "price"),
    }
    save(
        tf,
        folder,
        specs,
        lambda count, price: {"cost": tf.cast(count, tf.float32) * price[:, None], "pieces": tf.reduce_sum(count, 1)},
    )


def echo(tf: Any, folder: Path) -> None:
    names = list(NUMERIC)
    specs = {name: tf.TensorSpec([None, 2], getattr(tf, name), name) for name in names}
    save(
        tf,
        folder,
        specs,
        lambda *tensors: {f"{name}_too": tf.identity(x) for name, x in zip(names, tensors, strict=True)},
    )


def text(tf: Any, folder: Path) -> None:
    save(
        tf,
        folder,
        {"text": tf.TensorSpec([None], tf.string, "text")},
        lambda text: {"shouted": tf.strings.join([text, "!"]), "length": tf.strings.length(text)},
    )


def one_word(tf: Any, folder: Path) -> None:
    save(
        tf,
        folder,
        {"word": tf.TensorSpec([], tf.string, "word")},
        lambda word: {"shouted": tf.strings.join([word, "!"]), "is_empty": tf.equal(word, "")},
    )


def open_length(tf: Any, folder: Path) -> None:
    save(
        tf,
        folder,
        {"x": tf.TensorSpec([None, None], tf.float32, "x")},
        lambda x: {"total": tf.reduce_sum(x, axis=1), "same": tf.identity(x)},
    )


def fixed_matrix(tf: Any, folder: Path) -> None:
    save(tf, folder, {"x": tf.TensorSpec([2, 3], tf.float32, "x")}, lambda x: {"y": tf.transpose(x)})


def scalar(tf: Any, folder: Path) -> None:
    save(tf, folder, {"x": tf.TensorSpec([], tf.float32, "x")}, lambda x: {"y": x * 2.0})


def mean(tf: Any, folder: Path) -> None:
    save(tf, folder, {"x": tf.TensorSpec([None, 2], tf.float32, "x")}, lambda x: {"mean": tf.reduce_mean(x, axis=0)})


def constant(tf: Any, folder: Path) -> None:
    save(
        tf,
        folder,
        {"x": tf.TensorSpec([None], tf.float32, "x")},
        lambda x: {"y": x + 1.0, "classes": tf.constant(["one", "two", "three"])},
    )


def distinct(tf: Any, folder: Path) -> None:
    """Its output is as long as its input has distinct values, which no signature tells."""
    save(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, lambda x: {"y": tf.unique(x).y})


def any_rank_out(tf: Any, folder: Path) -> None:
    def call(x: Any) -> Any:
        return {"y": tf.compat.v1.placeholder_with_default(x * 2.0, shape=None)}

    save(tf, folder, {"x": tf.TensorSpec([None, 2], tf.float32, "x")}, call)


def any_rank_in(tf: Any, folder: Path) -> None:
    save(tf, folder, {"x": tf.TensorSpec(None, tf.float32, "x")}, lambda x: {"y": x * 2.0})


def root(tf: Any, folder: Path) -> None:
    """Refuses negative numbers."""

    def call(x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, "a negative number has no root")]):
            return {"y": tf.sqrt(x)}

    save(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, call)


def positive(tf: Any, folder: Path) -> None:
    """Refuses zero, and with it the rows that warm-up makes up."""

    def call(x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_positive(x, "only what is above zero has a logarithm")]):
            return {"y": tf.math.log(x)}

    save(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, call)


def broken(tf: Any, folder: Path) -> None:
    """Reads a file that is not there where its input is above zero: a fault of the model's, whatever came."""

    def call(x: Any) -> Any:
        length = tf.cond(
            tf.reduce_any(x > 0.0),
            lambda: tf.strings.length(tf.io.read_file("/nowhere/vocabulary.txt")),
            lambda: tf.constant(0),
        )
        return {"y": x + tf.cast(length, tf.float32)}

    save(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, call)


def lookup(tf: Any, folder: Path) -> None:
    """Fails on an index outside its table."""
    table = tf.constant(TABLE)
    save(
        tf,
        folder,
        {"index": tf.TensorSpec([None], tf.int32, "index")},
        lambda index: {"value": tf.gather(table, index)},
    )


def slow(tf: Any, folder: Path) -> None:
    """Takes a fixed time on any machine, whatever its input."""

    def call(x: Any) -> Any:
        until = tf.timestamp() + SLOW_SECONDS
        waited = tf.while_loop(lambda _: tf.timestamp() < until, lambda turns: [turns + 1.0], [tf.constant(0.0)])
        return {"y": x + 0.0 * waited[0]}

    save(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, call)


def other_name(tf: Any, folder: Path) -> None:
    save_as(tf, folder, {"x": tf.TensorSpec([None], tf.float32, "x")}, classify=lambda x: {"y": x + 1.0})


def two_signatures(tf: Any, folder: Path) -> None:
    specs = {"x": tf.TensorSpec([None], tf.float32, "x")}
    save(tf, folder, specs, lambda x: {"y": x + 1.0}, double=lambda x: {"y": x * 2.0})


def complex_numbers(tf: Any, folder: Path) -> None:
    save(tf, folder, {"x": tf.TensorSpec([None], tf.complex64, "x")}, lambda x: {"y": x})


def no_input(tf: Any, folder: Path) -> None:
    save(tf, folder, {}, lambda: {"y": tf.constant([1.0])})


def versions(tf: Any, folder: Path) -> None:
    """Versions 1, 2 and 10, among what else is found in such folders."""
    for version in (1, 2, 10):
        save(
            tf,
            folder / str(version),
            {"x": tf.TensorSpec([None], tf.float32, "x")},
            lambda x, version=version: {"version": x * 0.0 + float(version)},
        )
    for junk in ("latest", "10.backup", ".11.tmp", "12", "assets"):
        (folder / junk).mkdir()
    (folder / "13").write_text("a file whose name is a number")
    (folder / "README.md").write_text("about these versions")


def warmed(tf: Any, folder: Path) -> None:
    """Refuses zero as `positive` does, and brings requests along; of these three fit, and six do not."""
    positive(tf, folder)
    tensors = [tf.make_tensor_proto(values, tf.float32) for values in ([1.0, 2.0], [3.0], [4.0])]
    records = [predict_log({"x": tensor.SerializeToString()}) for tensor in tensors]
    wrong = {
        "another name": {"z": tensors[0].SerializeToString()},
        "another datatype": {"x": tf.make_tensor_proto([1], tf.int32).SerializeToString()},
        "another shape": {"x": tf.make_tensor_proto([[1.0]], tf.float32).SerializeToString()},
        "no tensor": {"x": b"\xff\xff"},
        "nothing": {},
    }
    records += [predict_log(inputs) for inputs in wrong.values()] + [other_log(2)]
    file = folder / "assets.extra/tf_serving_warmup_requests"
    file.parent.mkdir()
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in records:
            writer.write(record)


def tensorflow_1(tf: Any, folder: Path) -> None:
    """What a session of TensorFlow 1 leaves behind."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        weights = v1.get_variable("weights", initializer=tf.ones([3, 2]))
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"x": x}, {"y": tf.matmul(x, weights)})


def damaged(tf: Any, folder: Path) -> None:
    dense(tf, folder)
    graph = folder / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:100])


MODELS: Mapping[str, Build] = {
    build.__name__: build
    for build in (
        dense,
        image,
        two_inputs,
        echo,
        text,
        one_word,
        open_length,
        fixed_matrix,
        scalar,
        mean,
        constant,
        distinct,
        any_rank_out,
        any_rank_in,
        root,
        positive,
        broken,
        lookup,
        slow,
        other_name,
        two_signatures,
        complex_numbers,
        no_input,
        versions,
        warmed,
        tensorflow_1,
        damaged,
    )
}


if __name__ == "__main__":
    main()
