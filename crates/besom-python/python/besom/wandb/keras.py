"""Callbacks of ``wandb.keras``: what Keras reports, logged under W&B's names.

Models are saved to the directory of the run; predictions and gradients are not kept.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, Optional, Union

from besom import _media, _say
from besom.wandb._base import base, run

_Callback: Any = base("keras.callbacks.Callback", "tensorflow.keras.callbacks.Callback")
_ModelCheckpoint: Any = base("keras.callbacks.ModelCheckpoint", "tensorflow.keras.callbacks.ModelCheckpoint")

__all__ = ["WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint"]

Logs = Optional[Mapping[str, Any]]


class WandbMetricsLogger(_Callback):  # type: ignore[misc]
    """Logs ``epoch/loss``, ``epoch/val_loss``, ``epoch/learning_rate`` .. after each epoch, or ``batch/loss`` .. every ``log_freq`` batches."""

    def __init__(self, log_freq: Union[str, int] = "epoch", initial_global_step: int = 0, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._run = run("WandbMetricsLogger()")
        self._every = 1 if log_freq == "batch" else log_freq if isinstance(log_freq, int) else None
        self._batch, self._step = 0, initial_global_step

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Log what the epoch has come to."""
        self._log("epoch", {"epoch": epoch}, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Log what the batch has come to, if it is its turn."""
        self._step += 1
        if self._every is not None and batch % self._every == 0:
            self._log("batch", {"batch_step": self._batch}, logs)
            self._batch += self._every

    def _log(self, of: str, count: Mapping[str, int], logs: Logs) -> None:
        values = {**(logs or {}), **count, **_learning_rate(self.model, self._step)}
        self._run.log({f"{of}/{name}": value for name, value in values.items()})


def _learning_rate(model: Any, step: int) -> dict[str, float]:
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    try:
        return {} if rate is None else {"learning_rate": float(rate(step) if callable(rate) else rate)}
    except (TypeError, ValueError):
        return {}


class WandbCallback(_Callback):  # type: ignore[misc]
    """Logs ``epoch``, ``loss``, ``val_loss`` .. after each epoch; states ``best_val_loss`` and ``best_epoch`` in the summary.

    The model of the best epoch is saved as ``model-best.keras`` in the directory of the run, unless ``save_model=False``.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        verbose: int = 0,
        mode: str = "auto",
        save_weights_only: bool = False,
        save_model: bool = True,
        log_batch_frequency: Optional[int] = None,
        log_best_prefix: Optional[str] = "best_",
        **ignored: Any,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
        self._run = run("WandbCallback()")
        self._monitor, self._save, self._weights_only = monitor, save_model, save_weights_only
        # As Keras itself guesses.
        self._sign = -1 if mode == "max" or (mode == "auto" and ("acc" in monitor or monitor.startswith("fmeasure"))) else 1
        self._every, self._prefix = log_batch_frequency, log_best_prefix
        self._best: Optional[float] = None
        for name in ("log_weights", "log_gradients", "log_evaluation"):
            if ignored.get(name):
                _media.keeps_no({"log_weights": "weights", "log_gradients": "gradients"}.get(name, "predictions"))

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Log what the batch has come to, if it is its turn."""
        if self._every and batch % self._every == 0:
            self._run.log(dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Log what the epoch has come to; keep the best."""
        self._run.log({"epoch": epoch, **(logs or {})})
        value = float((logs or {}).get(self._monitor, math.nan))
        if not math.isfinite(value) or (self._best is not None and self._sign * value >= self._sign * self._best):
            return
        self._best = value
        if self._prefix:
            self._run.summary.update({f"{self._prefix}{self._monitor}": self._best, f"{self._prefix}epoch": epoch})
        if self._save:
            self._save_model()

    def _save_model(self) -> None:
        try:
            if self._weights_only:
                self.model.save_weights(os.path.join(self._run.dir, "model-best.weights.h5"))
            else:
                self.model.save(os.path.join(self._run.dir, "model-best.keras"))
        except Exception as error:
            # Not every model can be saved, and saving is the default.
            self._save = False
            _say.say(f"besom: the model of run {self._run.id} cannot be saved, and is not any more: {error}")


class WandbModelCheckpoint(_ModelCheckpoint):  # type: ignore[misc]
    """Keras' ``ModelCheckpoint``; what it saves is not uploaded anywhere."""

    def __init__(self, filepath: Any, *given: Any, initial_value_threshold: Optional[float] = None, **named: Any) -> None:
        run("WandbModelCheckpoint()")
        if initial_value_threshold is not None:
            named["initial_value_threshold"] = initial_value_threshold
        super().__init__(os.fspath(filepath), *given, **named)


class WandbEvalCallback(_Callback):  # type: ignore[misc]
    """Base of callbacks that make a table of predictions after each epoch: ``pred_table``, logged as ``PREDICTIONS_eval``."""

    def __init__(self, data_table_columns: list[str], pred_table_columns: list[str], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._run = run("WandbEvalCallback()")
        self.data_table_columns, self.pred_table_columns = data_table_columns, pred_table_columns

    def on_train_begin(self, logs: Logs = None) -> None:
        """Make the table of the data."""
        self.init_data_table(self.data_table_columns)
        self.add_ground_truth(logs)
        self.log_data_table()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Make the table of the predictions."""
        self.init_pred_table(self.pred_table_columns)
        self.add_model_predictions(epoch, logs)
        self.log_pred_table()

    def add_ground_truth(self, logs: Logs = None) -> None:
        """Add the data to ``data_table``."""
        raise NotImplementedError(f"{type(self).__name__}.add_ground_truth")

    def add_model_predictions(self, epoch: int, logs: Logs = None) -> None:
        """Add the predictions to ``pred_table``."""
        raise NotImplementedError(f"{type(self).__name__}.add_model_predictions")

    def init_data_table(self, column_names: list[str]) -> None:
        """Begin ``data_table``."""
        self.data_table = _media.Table(columns=column_names)

    def init_pred_table(self, column_names: list[str]) -> None:
        """Begin ``pred_table``."""
        self.pred_table = _media.Table(columns=column_names)

    def log_data_table(self, name: str = "val", type: str = "dataset", table_name: str = "val_data") -> None:
        """Keep ``data_table``, which predictions refer to as ``data_table_ref``."""
        self._run.log({table_name: self.data_table}, commit=False)
        self.data_table_ref = self.data_table

    def log_pred_table(self, type: str = "evaluation", table_name: str = "eval_data", aliases: Any = None) -> None:
        """Keep ``pred_table``."""
        self._run.log({table_name: self.pred_table}, commit=False)
