"""TensorFlow and Keras, made quiet and made one while they are imported.

Both read the environment once, at import: this is the one place that sets it,
and the rest of the package takes `keras` and `tf` from here. Starting them
takes seconds, so the commands import this file only when it is needed.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Remarks on graph attributes drown the one sentence that matters; failures are raised all the same.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A SavedModel is written by TensorFlow alone, whatever a user's keras.json prefers.
os.environ["KERAS_BACKEND"] = "tensorflow"


@contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Show what native code writes to stderr only if the block fails.

    While TensorFlow is loaded its log level is not yet in force, and four long
    lines about oneDNN reach the terminal whatever the environment says.
    """
    with tempfile.TemporaryFile() as held:
        terminal = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


with _stderr_held_back():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
