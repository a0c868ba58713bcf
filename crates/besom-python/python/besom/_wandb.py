"""Names of W&B that are none of besom's own, so that programs that use them run.

What has a meaning here has it. The rest takes every call and does nothing, and one line per kind says so. What would have to
return something that is not there raises an error.
"""

from __future__ import annotations

import os
from enum import Enum
from types import SimpleNamespace
from typing import Any, Callable, Optional

from besom import _active, _artifact, _media, _say, errors
from besom._media import Chart, StandIn, keeps_no, nothing

#: Modules of W&B with a class that a row keeps something of, and that class.
DATA = {
    "audio": "Audio", "bokeh": "Bokeh", "graph": "Graph", "histogram": "Histogram", "html": "Html", "image": "Image", "molecule": "Molecule",
    "object_3d": "Object3D", "plotly": "Plotly", "table": "Table", "video": "Video",
}  # fmt: skip
#: These classes.
KEPT: dict[str, Any] = {name: getattr(_media, name) for name in DATA.values()}
#: Classes that hold nothing, and what their objects are called.
MEDIA = {"JoinedTable": "joined tables", "EvalTable": "tables of evaluations", "box3d": "3D objects", "Classes": "classes", "ArtifactTTL": "artifacts"}
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
    "watch": "gradients", "log_code": "code", "write_traces": "traces",
    "link_artifact": "registries", "link_model": "registries", "display": "pages", "pin_config_keys": "pages", "get_sweep_url": "pages",
    "get_project_url": "pages", "status": "pages", "to_html": "pages",
}  # fmt: skip
#: Those whose effect nobody would miss.
SILENT = ("_label", "ensure_configured", "load_ipython_extension", "require", "setup", "teardown", "termsetup", "unwatch")
#: Modules of W&B, and where they are here.
MODULES = {
    **{name: f"besom.wandb.{name}" for name in ("catboost", "fastai", "gym", "keras", "lightgbm", "sacred", "sb3", "sklearn", "tensorboard", "xgboost")},
    **{f"{name}.{name}": f"besom.wandb.{name}" for name in ("catboost", "keras", "sb3", "xgboost")},
    **{f"keras.callbacks{part}": "besom.wandb.keras" for part in ("", ".metrics_logger", ".model_checkpoint", ".tables_builder")},
    **{name: f"besom.{name}" for name in ("errors", "plot", "sweeps")},
    **{f"apis.reports{version}": "besom.wandb.reports" for version in ("", ".v1", ".v2")},
}


def _of(home: str, *names: str) -> dict[str, str]:
    return {name: f"{home}.{name}" for name in names}


_TYPES = _of("besom", "AlertLevel", "Artifact", "Classes", "JoinedTable", *DATA.values())
_API = {"Api": "besom._api.Api", "Run": "besom._api.ApiRun", "Sweep": "besom._api.ApiSweep", "File": "besom._saved.File"}
#: Modules that hold only names that are elsewhere, and those names.
GROUPS: dict[str, dict[str, str]] = {
    "integration": {}, "integrations": {}, "data_types": _TYPES, "wandb_run": _of("besom", "Run"),
    "sdk": {**_TYPES, **_of("besom", "Artifact", "Config", "Run", "Settings", "finish", "init", "log", "login", "sweep")},
    "sdk.wandb_run": _of("besom", "Run"), "sdk.wandb_config": _of("besom", "Config"), "sdk.wandb_init": _of("besom", "init"),
    "sdk.wandb_settings": _of("besom", "Settings"), "sdk.wandb_login": _of("besom", "login"), "sdk.wandb_alerts": _of("besom", "AlertLevel"),
    "sdk.wandb_summary": _of("besom._summary", "Summary"), "sdk.wandb_artifacts": _of("besom", "Artifact"),
    "sdk.artifacts": _of("besom", "Artifact"), "sdk.artifacts.artifact": _of("besom", "Artifact"),
    "sdk.lib": {"RunDisabled": "besom.Run"}, "sdk.lib.runid": _of("besom._wandb", "generate_id"),
    "sdk.lib.telemetry": {"context": "besom._wandb.Telemetry"}, "sdk.lib.disabled": {"RunDisabled": "besom.Run"},
    "sdk.lib.paths": {"StrPath": "besom._besom.Path", "FilePathStr": "builtins.str"},
    "sdk.data_types": _TYPES, "sdk.data_types.video.util": _of("besom._wandb", "generate_id"), "sdk.data_types.base_types": {},
    "sdk.data_types.base_types.wb_value": {"WBValue": "besom._media.StandIn"},
    "sdk.data_types.base_types.media": {"Media": "besom._media.Media"},
    **{f"sdk.data_types.{module}": _of("besom", name) for module, name in DATA.items()},
    "apis": {"PublicApi": "besom._api.Api"}, "apis.public": _API, "apis.public.runs": _API, "apis.public.sweeps": _API, "apis.public.api": _API,
    "errors.errors": _of("besom.errors", *errors.__all__), "errors.term": _of("besom", "termlog", "termwarn", "termerror"),
    "util": {**_of("besom._wandb", "generate_id", "make_artifact_name_safe"), "FilePathStr": "builtins.str"},
    "plots": _of("besom._wandb", "ROC", "HeatMap", "precision_recall"),
    "api": {"api_key": "besom._wandb.API_KEY"},
}  # fmt: skip
#: Programs look whether there is a key before they log; none is needed.
API_KEY = "none-is-needed"


#: Those that need its client.
CLIENT = ("beta", "jupyter", "launch", "proto", "sagemaker_auth", "tensorflow", "weave", "wandb_sdk")


class AlertLevel(Enum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


def _nothing_of(kind: str) -> Callable[..., Any]:
    return lambda *given, **named: keeps_no(kind)


def login(*given: Any, **named: Any) -> bool:
    """Return True: besom needs no login."""
    _say.once("besom needs no login: ignored")
    return True


def _log_artifact(run: Any, artifact_or_path: Any, *given: Any, **named: Any) -> _artifact.Artifact:
    """Keep files as the next version of an artifact; see :class:`besom.Artifact`."""
    return _artifact.log(run, artifact_or_path, *given, **named)


def _log_model(run: Any, path: Any, name: Optional[str] = None, aliases: Any = None) -> _artifact.Artifact:
    """Keep a file or directory as the next version of a model."""
    return _artifact.log(run, path, name, "model", aliases)


def _use_artifact(run: Any, artifact_or_name: Any, type: Optional[str] = None, aliases: Any = None, *given: Any, **named: Any) -> _artifact.Artifact:
    """Return a version of an artifact."""
    if isinstance(artifact_or_name, _artifact.Artifact):
        return _artifact.log(run, artifact_or_name, aliases=aliases)
    return _artifact.use(artifact_or_name, type)


def _use_model(run: Any, name: str) -> str:
    """Return the file of a version of a model, or its directory if there are several."""
    artifact = _artifact.use(name, "model")
    return artifact.file() if len(artifact.files()) == 1 else artifact.download()


def _of_current(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        return method(_active.needed(f"besom.{name}()"), *given, **named)

    call.__name__, call.__doc__ = name, method.__doc__
    return call


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


def save(glob_str: Any = None, base_path: Any = None, policy: str = "live", **ignored: Any) -> Any:
    """Copy files into the directory of the current run; see :meth:`besom.Run.save`."""
    return _active.needed("besom.save()").save(glob_str, base_path, policy)


class Settings(SimpleNamespace):
    """Settings of W&B's client, which have no effect."""

    def update(self, *given: Any, **settings: Any) -> None:
        """Set some."""
        self.__dict__.update(*given, **settings)


class Telemetry(SimpleNamespace):
    """Takes what integrations say of themselves."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(feature=SimpleNamespace())

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(self, *given: Any) -> None:
        return None


def make_artifact_name_safe(name: str) -> str:
    """Return a name without characters that names of artifacts may not have."""
    import re

    return re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)[:128]


def generate_id(length: int = 8) -> str:
    """Return a random name of lowercase letters and digits."""
    import random
    import string

    return "".join(random.SystemRandom().choices(string.ascii_lowercase + string.digits, k=length))


def chart(name: str) -> Any:
    """Return the function of `wandb.plot` with this name."""
    if name not in CHARTS:
        raise AttributeError(f"module 'besom.plot' has no attribute '{name}'")
    return chart_of(name)


def chart_of(name: str) -> Any:
    """Return a function that stands for one which draws a chart."""
    return type(name, (Chart,), {"__doc__": f"{name} of W&B; of a chart, a row keeps its table."})


ROC, HeatMap, precision_recall = chart_of("ROC"), chart_of("HeatMap"), chart_of("precision_recall")


def _class(name: str, kind: str) -> type[StandIn]:
    return type(name, (StandIn,), {"kind": kind, "__doc__": f"{name} of W&B; besom keeps no {kind}."})


#: What a run has, too.
METHODS: dict[str, Any] = {name: _nothing_of(kind) for name, kind in NOTHING.items()}
METHODS.update({name: nothing for name in SILENT}, alert=alert)
#: Methods of a run that take it as their first argument.
OF_RUN: dict[str, Callable[..., Any]] = {
    "log_artifact": _log_artifact, "upsert_artifact": _log_artifact, "finish_artifact": _log_artifact, "log_model": _log_model,
    "use_artifact": _use_artifact, "use_model": _use_model,
}  # fmt: skip
#: All names of the module.
NAMES: dict[str, Any] = {**KEPT, **{name: _class(name, kind) for name, kind in MEDIA.items()}, **METHODS}
NAMES.update({name: getattr(errors, name) for name in errors.__all__}, restore=restore, join=join)
NAMES.update(
    Artifact=_artifact.Artifact, AlertLevel=AlertLevel, login=login, Settings=Settings, termlog=term, termwarn=term, termerror=term, save=save,
)  # fmt: skip
NAMES.update({name: _of_current(name, method) for name, method in OF_RUN.items()})
NAMES["plot_table"] = chart("plot_table")


def module(path: str) -> Any:
    """Return the module of W&B at this path, or None."""
    from importlib import import_module

    return import_module("besom.wandb._finder").module(path)


def found(name: str) -> Any:
    """Return what a name of the module stands for, or None."""
    if name == "PublicApi":
        return module("apis").PublicApi
    return NAMES.get(name) or module(name)


def no_module(path: str) -> str:
    """Return what to do without a module of W&B."""
    text = "it needs W&B's own client, which logs to besom in programs under 'besom run' and 'besom agent'; or log what it would log with besom.log"
    return f"besom has no 'wandb.{path}': {text}"


def unknown(name: str, known: list[str]) -> AttributeError:
    """Return the error for a name that the module has not."""
    if name in CLIENT:
        return AttributeError(no_module(name))
    import difflib

    near = difflib.get_close_matches(name, [*known, *NAMES], 1)
    meant = f" (did you mean '{near[0]}'?)" if near else ""
    there = ", ".join(known)
    return AttributeError(f"module 'besom' has no attribute '{name}'{meant}; it has {there}; what else W&B has is not kept")
