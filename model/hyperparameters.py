"""The settings of one training run: all that is needed to train the same weights again.

A frozen value that travels from the command line through the fit to the model
card. Defaults and bounds are the command's business, in `train.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    network: str
    optimizer: str
    learning_rate: float
    """At the first step; it falls to zero along half a cosine."""
    epochs: int
    batch_size: int
    """Rows per step."""
    dropout: float
    """Share of units silenced per step."""
    seed: int
