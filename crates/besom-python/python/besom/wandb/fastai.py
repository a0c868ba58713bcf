"""What ``wandb.integration.fastai`` has, the callback of fastai 1: it logs the losses and metrics of each epoch.

fastai 2 has a callback of its own, ``fastai.callback.wandb``, which uses names of ``wandb``.
"""

from __future__ import annotations

from typing import Any, Optional

from besom import _media, _say
from besom.wandb._base import base, run

__all__ = ["WandbCallback"]

_Base: Any = base("fastai.callbacks.TrackerCallback")


class WandbCallback(_Base):  # type: ignore[misc]
    """Log ``train_loss``, ``valid_loss`` and the metrics after each epoch."""

    def __init__(
        self, learn: Any, log: Optional[str] = "gradients", save_model: bool = True, monitor: Optional[str] = None, mode: str = "auto",
        input_type: Optional[str] = None, validation_data: Optional[list[Any]] = None, predictions: int = 36, seed: int = 12345,
    ) -> None:  # fmt: skip
        self._run = run("WandbCallback()")
        if _Base is object:
            self.learn = learn
        else:
            super().__init__(learn, mode=mode) if monitor is None else super().__init__(learn, monitor=monitor, mode=mode)
        if save_model:
            _say.once("besom.wandb.fastai saves no models: save them with learn.save, or a callback of fastai")
        if input_type or validation_data:
            _media.keeps_no("predictions")

    def on_epoch_end(self, epoch: int, smooth_loss: Any, last_metrics: list[Any], **ignored: Any) -> None:
        """Log a row."""
        self._run.log(dict(zip(self.learn.recorder.names, [epoch, smooth_loss, *last_metrics])))
