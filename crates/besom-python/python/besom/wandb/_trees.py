"""What the callbacks of libraries of trees have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from besom import _media

#: What a metric of a tree library is to be, by words in its name.
MINIMIZE = ("loss", "rmse", "rmsle", "mae", "mape", "mphe", "error", "merror", "l1", "l2", "huber", "fair", "poisson", "quantile", "gamma", "kullback")
MAXIMIZE = ("auc", "aucpr", "ndcg", "map", "average_precision", "accuracy", "f1")


def define(run: Any, key: str, metric: str) -> None:
    """Let the summary of a metric be its best value."""
    name = metric.lower().partition("@")[0].rstrip("-")
    if "loss" in name or name in MINIMIZE:
        run.define_metric(key, summary="min")
    elif name in MAXIMIZE:
        run.define_metric(key, summary="max")


def log_importances(run: Any, importances: Mapping[str, Any]) -> None:
    """Log the importances of features as a table."""
    table = _media.Table(columns=["Feature", "Importance"], data=[list(item) for item in importances.items()])
    run.log({"Feature Importance": table}, commit=False)
