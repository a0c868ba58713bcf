"""The observer of ``wandb.sacred``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from besom import _init
from besom.wandb._base import base

_Observer: Any = base("sacred.observers.RunObserver")

__all__ = ["WandbObserver"]


class WandbObserver(_Observer):  # type: ignore[misc]
    """Begins a run with :func:`besom.init`, and logs what an experiment of Sacred logs and returns."""

    def __init__(self, **options: Any) -> None:
        self._run = _init.init(**options)

    def started_event(self, ex_info: Any, command: Any, host_info: Any, start_time: Any, config: Mapping[str, Any], meta_info: Any, _id: Any) -> None:
        """Add the configuration."""
        self._run.config.update(dict(config))

    def completed_event(self, stop_time: Any, result: Any) -> None:
        """Log what the experiment returned: numbers as ``result_0``, ``result_1`` .., dicts as they are."""
        for number, value in enumerate(result if isinstance(result, tuple) else (result,)):
            if isinstance(value, Mapping):
                self._run.log(value)
            elif isinstance(value, (int, float)):
                self._run.log({f"result_{number}": float(value)})

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: Any) -> None:
        """Log the newest values of metrics."""
        for name, metric in metrics_by_name.items():
            for value in metric["values"]:
                self._run.log({name: value})

    def artifact_event(self, name: str, filename: Any, metadata: Any = None, content_type: Any = None) -> None:
        """Save a file."""
        self._run.save(filename)

    def resource_event(self, filename: str) -> None:
        """Do nothing."""
