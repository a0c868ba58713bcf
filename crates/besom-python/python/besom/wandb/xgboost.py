"""The callback of ``wandb.xgboost``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from besom.wandb import _trees
from besom.wandb._base import base, run

_Callback: Any = base("xgboost.callback.TrainingCallback")

__all__ = ["WandbCallback", "wandb_callback"]


class WandbCallback(_Callback):  # type: ignore[misc]
    """Logs ``DATA-METRIC`` and ``epoch`` after each iteration, and at the end the importances, ``best_score`` and ``best_iteration``.

    The summary of a metric is its best value: ``run.summary["eval-rmse"]["min"]``. The model is saved as ``RUN_model.json`` in
    the directory of the run with ``log_model=True``.
    """

    def __init__(self, log_model: bool = False, log_feature_importance: bool = True, importance_type: str = "gain", define_metric: bool = True) -> None:
        super().__init__()
        self._run = run("WandbCallback()")
        self._log_model, self._importance = log_model, importance_type if log_feature_importance else None
        self._define = define_metric

    def before_training(self, model: Any) -> Any:
        """Add the parameters of the model to the configuration."""
        self._run.config.setdefaults(json.loads(model.save_config()))
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[Any]]]) -> bool:
        """Log the newest values."""
        row: dict[str, Any] = {}
        for data, metrics in evals_log.items():
            for metric, values in metrics.items():
                if self._define:
                    _trees.define(self._run, f"{data}-{metric}", metric)
                row[f"{data}-{metric}"] = values[-1]
        self._define = False
        self._run.log({**row, "epoch": epoch})
        return False

    def after_training(self, model: Any) -> Any:
        """Log what there is at the end."""
        if self._log_model:
            model.save_model(os.path.join(self._run.dir, f"{self._run.id}_model.json"))
        if self._importance is not None:
            _trees.log_importances(self._run, model.get_score(importance_type=self._importance))
        score = model.attr("best_score")
        self._run.log({} if score is None else {"best_score": float(score), "best_iteration": int(model.attr("best_iteration"))})
        return model


def wandb_callback() -> Any:
    """Return the callback of XGBoost before 1.3: a function that logs each evaluation."""
    this = run("wandb_callback()")

    def callback(env: Any) -> None:
        this.log(dict(env.evaluation_result_list))

    return callback
