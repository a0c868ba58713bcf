"""What ``wandb.lightgbm`` has: a callback, and a summary of the model."""

from __future__ import annotations

import os
from typing import Any, Callable

from besom.wandb import _trees
from besom.wandb._base import run

__all__ = ["log_summary", "wandb_callback"]


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> Callable[[Any], None]:
    """Return a callback that logs ``DATA_METRIC`` and ``iteration`` after each iteration.

    The summary of a metric is its best value: ``run.summary["valid_0_l2"]["min"]``.
    """
    this = run("wandb_callback()")

    def callback(env: Any) -> None:
        is_first = env.iteration == env.begin_iteration
        if is_first and log_params:
            this.config.setdefaults(env.params)
        row: dict[str, Any] = {}
        for data, metric, *values in map(_named, env.evaluation_result_list):
            for suffix, value in zip(("",) if len(values) == 1 else ("-mean", "-stdv"), values):
                row[f"{data}_{metric}{suffix}"] = value
                if is_first and define_metric and suffix != "-stdv":
                    _trees.define(this, f"{data}_{metric}{suffix}", metric)
        this.log({**row, "iteration": env.iteration})

    callback.order = 20  # type: ignore[attr-defined]
    return callback


def _named(item: Any) -> tuple[Any, ...]:
    """Return data, metric and value, of a cross validation mean and deviation."""
    if len(item) == 4:
        return tuple(item[:3])
    data, metric = item[1].split(" ", 1) if " " in item[1] else ("cv_agg", item[1])
    return (data, metric, item[2], item[4])


def log_summary(model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False) -> None:
    """State ``best_iteration`` and ``best_score`` in the summary; log the importances as a table."""
    this = run("log_summary()")
    this.summary.update({"best_iteration": model.best_iteration, "best_score": {data: dict(of) for data, of in model.best_score.items()}})
    if feature_importance:
        _trees.log_importances(this, dict(zip(model.feature_name(), model.feature_importance())))
    if save_model_checkpoint:
        model.save_model(os.path.join(this.dir, f"model_ckpt_{model.best_iteration}.txt"), num_iteration=model.best_iteration)
