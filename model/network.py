"""The two networks, from uint8 pixels to ten probabilities.

Scaling is a layer of the network, so that it travels inside the exported graph:
a caller sends pixels as they are and cannot forget a division. Nothing here
knows of data, optimizers or files.
"""

from typing import Any

from model.framework import keras

PIXELS = (28, 28)
CLASSES = 10

layers = keras.layers


def build(name: str, *, dropout: float) -> Any:
    """The network called `mlp` or `cnn`, with fresh weights."""
    return keras.Sequential(
        [
            keras.Input(PIXELS, dtype="uint8", name="image"),
            layers.Rescaling(1 / 255),
            *{"mlp": mlp, "cnn": cnn}[name](dropout),
            layers.Dense(CLASSES, activation="softmax", name="probabilities"),
        ],
        name=name,
    )


def mlp(dropout: float) -> list[Any]:
    """The reference course's: one hidden layer of 512, 407,050 weights with the output."""
    return [
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dropout(dropout),
    ]


def cnn(dropout: float) -> list[Any]:
    """Two rounds of convolution and pooling, shapes in (height, width, channels)."""
    return [
        layers.Reshape((*PIXELS, 1)),
        layers.Conv2D(32, 3, activation="relu"),  # (26, 26, 32)
        layers.MaxPooling2D(),  # (13, 13, 32)
        layers.Conv2D(64, 3, activation="relu"),  # (11, 11, 64)
        layers.MaxPooling2D(),  # (5, 5, 64)
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(128, activation="relu"),
        layers.Dropout(dropout),
    ]
