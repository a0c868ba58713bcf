"""Options of W&B's ``init`` that besom has no use for, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from besom import _say
from besom._besom import BesomError

#: Of a server, an account or a client: nobody would miss their effect.
SILENT = frozenset((
    "anonymous", "allow_val_change", "dir", "force", "settings", "telemetry", "wandb_service", "config_include_keys", "config_exclude_keys",
))  # fmt: skip
#: What they would keep, by option.
KEEPS = {
    "monitor_gym": "videos of gym", "save_code": "code", "magic": "what frameworks would log by themselves (magic=)", "log_code": "code",
}  # fmt: skip
#: What they would do, and what to do in place of it.
REFUSED = {
    "resume_from": "besom cannot continue a run from an earlier step; start a new run from the checkpoint of that step",
    "fork_from": "besom cannot fork a run; start a new run from its checkpoint",
}
#: Handled by `init`.
HANDLED = ("id", "mode", "sync_tensorboard", "tensorboard")


def check(given: Mapping[str, Any], named: Iterable[str]) -> None:
    """Say which options have no effect; refuse what would have another effect than expected, and what W&B has not."""
    known = {*SILENT, *KEEPS, *REFUSED, *HANDLED, *named}
    for name, value in given.items():
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            raise TypeError(f"init() has no option {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        if value in (None, False):
            continue
        if name in REFUSED:
            raise BesomError(f"init({name}={value!r}): {REFUSED[name]}")
        if name in KEEPS:
            _say.once(f"besom keeps no {KEEPS[name]}: ignored")
        if name == "mode" and value == "disabled":
            _say.once("besom: init(mode='disabled') has no effect: what the run logs is kept", "mode")
