"""What ``wandb.catboost`` has: a callback, and a summary of the model."""

from __future__ import annotations

import os
from typing import Any

from besom.wandb import _trees
from besom.wandb._base import run

__all__ = ["WandbCallback", "log_summary"]


class WandbCallback:
    """Logs ``DATA-METRIC`` and the iteration each time CatBoost has evaluated its metrics."""

    def __init__(self, metric_period: int = 1) -> None:
        self._run, self._period, self._seen = run("WandbCallback()"), metric_period, 0

    def after_iteration(self, info: Any) -> bool:
        """Log the newest values; return True: go on."""
        values = {f"{data}-{metric}": log for data, metrics in info.metrics.items() for metric, log in metrics.items()}
        seen = sum(map(len, values.values()))
        if seen > self._seen:
            self._seen = seen
            self._run.log({**{key: log[-1] for key, log in values.items()}, f"iteration@metric-period-{self._period}": info.iteration})
        return True


def log_summary(model: Any, log_all_params: bool = True, save_model_checkpoint: bool = False, log_feature_importance: bool = True) -> None:
    """State ``best_iteration`` and ``best_score`` in the summary; log the importances as a table."""
    this = run("log_summary()")
    this.config.setdefaults(model.get_all_params() if log_all_params else model.get_params())
    this.summary.update({"best_iteration": model.get_best_iteration(), "best_score": model.get_best_score()})
    if log_feature_importance:
        frame = model.get_feature_importance(prettified=True)
        _trees.log_importances(this, dict(zip(frame["Feature Id"], frame["Importances"])))
    if save_model_checkpoint:
        model.save_model(os.path.join(this.dir, "model"))
