"""The callback of ``wandb.integration.sb3``, for Stable-Baselines3.

It logs no metrics itself, as W&B's does not: these are read of TensorBoard's writer, with ``wandb.init(sync_tensorboard=True)`` and
``PPO(.., tensorboard_log="runs")``.
"""

from __future__ import annotations

import os
from typing import Any, Optional

from besom import _media, _saved
from besom.wandb._base import base, run

_Callback: Any = base("stable_baselines3.common.callbacks.BaseCallback")

__all__ = ["WandbCallback"]


class WandbCallback(_Callback):  # type: ignore[misc]
    """Adds the attributes of the model to the configuration, and saves the model."""

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: Optional[str] = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: Optional[str] = "all",
    ) -> None:
        super().__init__(verbose)
        self._run = run("WandbCallback()")
        if model_save_path is None and model_save_freq:
            raise ValueError("model_save_freq requires model_save_path")
        self._path, self._every = model_save_path, model_save_freq
        if gradient_save_freq:
            _media.keeps_no("gradients")

    def _init_callback(self) -> None:
        given = {"algo": type(self.model).__name__, **vars(self.model)}
        self._run.config.setdefaults({name: value if isinstance(value, (float, int, str)) else str(value) for name, value in given.items()})

    def _on_step(self) -> bool:
        if self._every and self.n_calls % self._every == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self._path is not None:
            self.save_model()

    def save_model(self) -> None:
        """Save the model to ``model_save_path``, with a copy in the directory of the run."""
        assert self._path is not None
        os.makedirs(self._path, exist_ok=True)
        path = os.path.join(self._path, "model.zip")
        self.model.save(path)
        _saved.save(self._run, path, self._path)
