"""The names of W&B's engine package and of its controller: algorithms to configure a controller with."""

from __future__ import annotations


class GridSearch:
    """Every point of the grid (``method: grid``)."""

    _besom_name = "grid"


class RandomSearch:
    """Points at random (``method: random``)."""

    _besom_name = "random"


class BayesianSearch:
    """Points that a Gaussian process expects the most of (``method: bayes``)."""

    _besom_name = "bayes"


class HyperbandEarlyTerminate:
    """Stops what is not among the best at certain steps (``early_terminate: {type: hyperband}``)."""

    _besom_name = "hyperband"


class EnvelopeEarlyTerminate:
    """Stops what is below the envelope of the best runs (``early_terminate: {type: envelope}``)."""

    _besom_name = "envelope"
