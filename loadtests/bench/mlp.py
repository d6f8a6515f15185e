"""Make the model that the goals are stated for: 784 floats, 512 hidden units, 10 classes.

Small enough that the server is what is measured, and of floats, which JSON
writes at length. It learns ten noisy prototypes, the same on every run, so its
answers are sure ones that servers can be compared by. Runs in a process of its
own: `python -m loadtests.bench.mlp FOLDER`.
"""

import sys
from pathlib import Path

import tensorflow as tf

PIXELS, HIDDEN, CLASSES = 784, 512, 10
STEPS, BATCH = 200, 128
NOISE = 0.3
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


def train(model: Mlp) -> None:
    draw = tf.random.Generator.from_seed(21)
    prototypes = draw.uniform([CLASSES, PIXELS])

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        classes = draw.uniform([BATCH], maxval=CLASSES, dtype=tf.int32)
        pixels = tf.gather(prototypes, classes) + draw.normal([BATCH, PIXELS], stddev=NOISE)
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, model.logits(pixels))
            loss = tf.reduce_mean(losses)
        variables = model.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(LEARNING_RATE * gradient)

    for _ in range(STEPS):
        step()


if __name__ == "__main__":
    made = Mlp()
    train(made)
    tf.saved_model.save(made, str(Path(sys.argv[1]) / "1"), {"serving_default": made.serve})
