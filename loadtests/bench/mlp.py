"""Make the model that the goals are stated for: 784 floats, 512 hidden units, 10 classes.

Small enough that the server is what is measured, and of floats, which JSON
writes at length. It learns ten noisy prototypes, the same on every run, so its
answers are sure ones that servers can be compared by. Beside it are rows that it
was not trained on, for its baseline. Runs in a process of its own:
`python -m loadtests.bench.mlp FOLDER`.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

PIXELS, HIDDEN, CLASSES = 784, 512, 10
STEPS, BATCH = 200, 128
NOISE = 0.3
HELD_OUT = 2000
LEARNING_RATE = 0.05


class Mlp(tf.Module):  # type: ignore[misc]  # tensorflow has no types
    """Two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        draw = tf.random.Generator.from_seed(20)
        self.hidden = tf.Variable(draw.normal([PIXELS, HIDDEN], stddev=(2 / PIXELS) ** 0.5))
        self.hidden_bias = tf.Variable(tf.zeros([HIDDEN]))
        self.out = tf.Variable(draw.normal([HIDDEN, CLASSES], stddev=(1 / HIDDEN) ** 0.5))
        self.out_bias = tf.Variable(tf.zeros([CLASSES]))

    def logits(self, pixels: tf.Tensor) -> tf.Tensor:
        hidden = tf.nn.relu(pixels @ self.hidden + self.hidden_bias)
        return hidden @ self.out + self.out_bias

    @tf.function(input_signature=[tf.TensorSpec([None, PIXELS], tf.float32, "pixels")])  # type: ignore[untyped-decorator]
    def serve(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": tf.nn.softmax(self.logits(pixels))}


def train(model: Mlp) -> dict[str, np.ndarray]:
    """Give rows that were held out, with their classes."""
    draw = tf.random.Generator.from_seed(21)
    prototypes = draw.uniform([CLASSES, PIXELS])

    def rows(count: int) -> tuple[tf.Tensor, tf.Tensor]:
        classes = draw.uniform([count], maxval=CLASSES, dtype=tf.int32)
        return tf.gather(prototypes, classes) + draw.normal([count, PIXELS], stddev=NOISE), classes

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        pixels, classes = rows(BATCH)
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, model.logits(pixels))
            loss = tf.reduce_mean(losses)
        variables = model.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(LEARNING_RATE * gradient)

    for _ in range(STEPS):
        step()
    pixels, classes = rows(HELD_OUT)
    return {"pixels": np.clip(pixels.numpy(), 0, 1), "labels": classes.numpy()}


if __name__ == "__main__":
    made = Mlp()
    held_out: dict[str, Any] = train(made)
    tf.saved_model.save(made, str(Path(sys.argv[1]) / "1"), {"serving_default": made.serve})
    np.savez(Path(sys.argv[1]) / "held-out.npz", **held_out)
