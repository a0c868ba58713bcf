"""What ``wandb.sklearn`` draws, of which besom keeps nothing."""

from __future__ import annotations

from typing import Any

from besom import _wandb


def __getattr__(name: str) -> Any:
    if name not in _wandb.SKLEARN:
        raise AttributeError(f"module 'wandb.sklearn' has no attribute '{name}'")
    return _wandb.chart_of(name)


def __dir__() -> list[str]:
    return list(_wandb.SKLEARN)
