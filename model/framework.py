"""TensorFlow and Keras, made quiet and made one before they are imported.

Both read the environment once, at import: this is the one place that sets it,
and the rest of the package takes `keras` and `tf` from here. Starting them
takes seconds, so the commands import this file only when it is needed.
"""

import os

# The notes on oneDNN and CPU flags drown the one sentence that matters.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# A SavedModel is written by TensorFlow alone, whatever a user's keras.json prefers.
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

__all__ = ["keras", "tf"]
