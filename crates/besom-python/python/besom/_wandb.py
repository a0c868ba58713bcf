"""Names of W&B for what besom does not keep, so that programs that use them run.

Media, tables and artifacts are classes whose objects take every call and hold nothing; `log` leaves them out and keeps the
numbers beside them. One line per kind says so. What would have to return something that is not there raises an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Optional

from besom import _active, _say, errors
from besom._besom import BesomError

#: The classes, and what their objects are called.
MEDIA = {
    "Image": "images", "Video": "videos", "Audio": "sounds", "Object3D": "3D objects", "Molecule": "molecules", "box3d": "3D objects",
    "Histogram": "histograms", "Table": "tables", "JoinedTable": "tables", "EvalTable": "tables", "Html": "HTML pages",
    "Plotly": "figures", "Graph": "graphs", "Bokeh": "figures", "Classes": "images", "ArtifactTTL": "artifacts",
}  # fmt: skip
#: What `wandb.sklearn` draws.
SKLEARN = tuple(
    f"plot_{what}" for what in (
        "calibration_curve", "class_proportions", "classifier", "clusterer", "confusion_matrix", "elbow_curve", "feature_importances",
        "learning_curve", "outlier_candidates", "precision_recall", "regressor", "residuals", "roc", "silhouette", "summary_metrics",
    )
)  # fmt: skip
#: The functions of `wandb.plot`.
CHARTS = ("bar", "confusion_matrix", "histogram", "line", "line_series", "plot_table", "pr_curve", "roc_curve", "scatter")
#: Functions of the module and methods of a run that do nothing, and what besom keeps none of.
NOTHING = {
    "watch": "gradients", "log_code": "code", "save": "copies of files", "write_traces": "traces",
    "log_artifact": "artifacts", "link_artifact": "artifacts", "upsert_artifact": "artifacts", "finish_artifact": "artifacts",
    "log_model": "artifacts", "link_model": "artifacts", "display": "pages", "pin_config_keys": "pages", "get_sweep_url": "pages",
    "get_project_url": "pages", "status": "pages", "to_html": "pages",
}  # fmt: skip
#: Those whose effect nobody would miss.
SILENT = ("load_ipython_extension", "require", "setup", "teardown", "termsetup", "unwatch")
#: Modules of W&B that need its own client.
CLIENT = (
    "catboost", "fastai", "gym", "integration", "integrations", "keras", "lightgbm", "sacred", "tensorboard", "tensorflow", "xgboost",
)  # fmt: skip


class StandIn:
    """An object of W&B that besom does not keep. It takes every call; `besom.log` leaves it out."""

    kind = "objects"

    def __init__(self, *given: Any, **named: Any) -> None:
        _keeps_no(self.kind)

    def __getattr__(self, name: str) -> Any:
        # What data has, by which `log` would take it for some.
        if name.startswith("_") or name in ("tolist", "item", "keys", "isoformat", "total_seconds"):
            raise AttributeError(name)
        return _nothing


class Artifact(StandIn):
    """An artifact. What is added to it is not kept, and there is nothing to download."""

    kind = "artifacts"

    def __init__(self, name: str = "", type: str = "", description: Optional[str] = None, metadata: Any = None, **more: Any) -> None:
        super().__init__()
        self.name, self.type, self.description, self.metadata = name, type, description, dict(metadata or {})

    def new_file(self, name: str, mode: str = "w", encoding: Optional[str] = None) -> Any:
        """Open a file to write to that nobody reads."""
        return open(os.devnull, mode, encoding=encoding)

    def wait(self, timeout: Optional[int] = None) -> Artifact:
        """Return the artifact."""
        return self

    def download(self, *given: Any, **named: Any) -> str:
        """Raise :class:`besom.BesomError`: there is nothing to download."""
        raise BesomError(f"besom keeps no artifacts: '{self.name}' cannot be read; read the file that it was made of")

    get = get_path = checkout = file = files = download


class AlertLevel(Enum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


def _nothing(*given: Any, **named: Any) -> None:
    """Do nothing."""


def _keeps_no(kind: str) -> None:
    _say.once(f"besom keeps no {kind}: ignored")


def _nothing_of(kind: str) -> Callable[..., Any]:
    def ignore(*given: Any, **named: Any) -> Any:
        _keeps_no(kind)
        if kind != "artifacts":
            return None
        # Programs wait for the artifact that they get.
        return given[0] if given and isinstance(given[0], StandIn) else Artifact()

    return ignore


def login(*given: Any, **named: Any) -> bool:
    """Return True: besom needs no login."""
    _say.once("besom needs no login: ignored")
    return True


def use_artifact(artifact: Any, *given: Any, **named: Any) -> Any:
    """Return the artifact, from which nothing can be read."""
    return artifact if isinstance(artifact, StandIn) else Artifact(str(artifact))


def restore(name: str, run_path: Optional[str] = None, *given: Any, **named: Any) -> Any:
    """Open a file in the directory of the current run, or of another one of the store."""
    if run_path is not None:
        from besom._api import Api

        return open_in(Api().run(run_path).dir, name)
    return open_in(_active.needed("besom.restore()").dir, name)


def open_in(directory: str, name: str) -> Any:
    """Open a file in the directory of a run."""
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        raise ValueError(f"besom restores what lies in the directory of the run only, and there is no {path}; write files there: run.dir")
    return open(path, "rb") if _is_binary(path) else open(path, encoding="utf-8")


def _is_binary(path: str) -> bool:
    with open(path, "rb") as file:
        return b"\0" in file.read(8192)


def alert(title: str, text: str = "", level: Any = None, wait_duration: Any = None) -> None:
    """Print the alert on standard error."""
    _say.say(f"besom: alert: {title}" + (f": {text}" if text else ""))


def term(text: str = "", *given: Any, **named: Any) -> None:
    """Print a line on standard error."""
    _say.say(f"besom: {text}")


def join(exit_code: Optional[int] = None) -> None:
    """Finish the current run, as `besom.finish` does."""
    run = _active.current()
    if run is not None:
        run.finish(exit_code)


def generate_id(length: int = 8) -> str:
    """Return a random name of lowercase letters and digits."""
    import random
    import string

    return "".join(random.SystemRandom().choices(string.ascii_lowercase + string.digits, k=length))


def chart(name: str) -> Any:
    """Return the function of `wandb.plot` with this name."""
    if name not in CHARTS:
        raise AttributeError(f"module 'besom.plot' has no attribute '{name}'")
    return _class(name, "charts")


def _class(name: str, kind: str) -> type[StandIn]:
    return type(name, (StandIn,), {"kind": kind, "__doc__": f"{name} of W&B; besom keeps no {kind}."})


#: What a run has, too.
METHODS: dict[str, Any] = {name: _nothing_of(kind) for name, kind in NOTHING.items()}
METHODS.update({name: _nothing for name in SILENT}, use_artifact=use_artifact, use_model=use_artifact, alert=alert)
#: All names of the module.
NAMES: dict[str, Any] = {**{name: _class(name, kind) for name, kind in MEDIA.items()}, **METHODS}
NAMES.update({name: getattr(errors, name) for name in errors.__all__}, restore=restore, join=join)
NAMES.update(
    Artifact=Artifact, AlertLevel=AlertLevel, login=login, Settings=SimpleNamespace, termlog=term, termwarn=term, termerror=term,
    util=SimpleNamespace(generate_id=generate_id), data_types=SimpleNamespace(**{name: NAMES[name] for name in MEDIA}),
)  # fmt: skip
NAMES["plot_table"] = chart("plot_table")
NAMES["sklearn"] = SimpleNamespace(**{name: _class(name, "charts") for name in SKLEARN})


def types(name: str) -> Any:
    """Return `wandb.apis` or `wandb.sdk`, with the classes that programs name as types."""
    import besom
    from besom import _api

    if name == "apis":
        return SimpleNamespace(public=SimpleNamespace(Api=_api.Api, Run=_api.ApiRun, Sweep=_api.ApiSweep))
    run = SimpleNamespace(Run=besom.Run)
    return SimpleNamespace(Run=besom.Run, Config=besom.Config, wandb_run=run, wandb_config=SimpleNamespace(Config=besom.Config))


def unknown(name: str, known: list[str]) -> AttributeError:
    """Return the error for a name that the module has not."""
    if name in CLIENT:
        text = f"W&B's '{name}' needs W&B's own client; log what it would log with besom.log"
        return AttributeError(f"module 'besom' has no attribute '{name}': {text}")
    import difflib

    near = difflib.get_close_matches(name, [*known, *NAMES], 1)
    meant = f" (did you mean '{near[0]}'?)" if near else ""
    there = ", ".join(known)
    return AttributeError(f"module 'besom' has no attribute '{name}'{meant}; it has {there}; what else W&B has is not kept")


def left_out(value: Any) -> bool:
    """Return whether `log` leaves a value out: a picture, a table or a list of such; say so."""
    if isinstance(value, StandIn):
        return True
    if isinstance(value, (list, tuple)):
        return any(left_out(inner) for inner in value[:1])
    module = value.__name__ if isinstance(value, ModuleType) else type(value).__module__
    if module.partition(".")[0] in ("matplotlib", "plotly", "PIL", "bokeh"):
        _keeps_no("figures")
        return True
    return False


def numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without what is not kept."""
    return {name: numbers(value) if isinstance(value, dict) else value for name, value in row.items() if not left_out(value)}
