"""What ``wandb.apis.reports`` has: besom has no reports, so that all of its names take every call and do nothing."""

from __future__ import annotations

from typing import Any

from besom import _media

_made: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'wandb.apis.reports' has no attribute '{name}'")
    return _made.setdefault(name, type(name, (_media.StandIn,), {"kind": "reports", "__doc__": f"{name} of W&B's reports."}))
