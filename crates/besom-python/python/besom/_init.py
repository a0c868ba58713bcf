"""``init``, ``log`` and ``finish``: the current run of a program."""

from __future__ import annotations

import atexit
import glob
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from besom import _active, _options, _place, _say
from besom._besom import BesomError, RunLog
from besom._config import Config
from besom._plain import as_dict, of_file, with_floats
from besom._run import Run

#: The defaults of a program, as W&B reads them from its working directory.
DEFAULTS = "config-defaults.yaml"

#: The run of this program, once an agent that started it is found.
_of_program: Optional[Run] = None


def init(
    project: Optional[str] = None,
    entity: Optional[str] = None,
    config: Any = None,
    name: Optional[str] = None,
    tags: Optional[Sequence[str]] = None,
    notes: Optional[str] = None,
    group: Optional[str] = None,
    job_type: Optional[str] = None,
    resume: Any = None,
    reinit: Any = None,
    config_include_keys: Optional[Iterable[str]] = None,
    config_exclude_keys: Optional[Iterable[str]] = None,
    **ignored: Any,
) -> Run:
    """Return the run that this code executes.

    In a function or program that an agent started it is the agent's run, with the sweep's parameters, which take
    precedence over ``config``. Elsewhere it is a new run in ``.besom/alone``, so that a script also runs without a sweep.

    ``config`` is a dict, an ``argparse.Namespace``, another object with attributes, or the path of a YAML file; values in
    ``config-defaults.yaml`` in the working directory count where it has none. ``config``, ``name``, ``tags``, ``notes``,
    ``group`` and ``job_type`` are kept with the run. ``resume=True`` says that it goes on from the checkpoint of an earlier
    attempt, whose rows count then before its own; in a first attempt it means nothing. Outside a sweep, ``id`` names the run, and
    ``resume="allow"`` or ``"must"`` goes on with the run of this name: ``run.resumed`` and ``run.step`` say so.

    ``reinit=True`` while a run is active returns a part of it, a fold of a cross validation say: what that logs is in its own
    directory and does not count for the sweep; after its ``finish`` the run is the current one again.

    ``sync_tensorboard=True`` logs what goes to TensorBoard's writers. Options of W&B that have no meaning here do nothing; what
    they would keep is said once. Raises ``TypeError`` for other options, and :class:`besom.BesomError` for ``fork_from`` and
    ``resume_from``, which a run cannot do here.
    """
    _options.check(ignored, ("project", "entity", "config", "name", "tags", "notes", "group", "job_type", "resume", "reinit"))
    run = _active.current()
    _active.restore_names()
    if run is None:
        run = first(ignored.get("id"), resume)
    elif run.begun and (reinit is True or reinit in ("finish_previous", "create_new")):
        run = _another(run, ignored.get("id"), resume)
    run.begun = True
    if ignored.get("id") not in (None, run.id) and run.sweep_id is not None:
        _say.once(f"besom: init(id={ignored['id']!r}) is ignored: in a sweep a run is called {run.id}", "id")
    given = as_dict(config)
    wanted, unwanted = set(config_include_keys or given), set(config_exclude_keys or ())
    run.config.setdefaults({key: value for key, value in given.items() if key in wanted and key not in unwanted})
    if os.path.exists(DEFAULTS):
        run.config.setdefaults(of_file(DEFAULTS))
    run.project, run.entity = project or run.project, entity or run.entity
    run.describe(name=name, tags=None if tags is None else list(tags), notes=notes, group=group, job_type=job_type)
    if resume is True and run.attempt > 1:
        run.mark_resumed()
    if ignored.get("sync_tensorboard") or ignored.get("tensorboard"):
        from besom.wandb import tensorboard

        tensorboard.patch()
    return run


def first(id: Optional[str] = None, resume: Any = None) -> Run:
    """Return the run of the agent that started this code, or one outside any sweep, new unless it is to be resumed."""
    global _of_program
    begun = getattr(_active.here, "function_run", None) or _of_program
    if begun is not None and begun.finished:
        what = "keep it (run = besom.init()) and begin its parts with besom.init(reinit=True)"
        raise BesomError(f"run {begun.id} has been finished, and a call of the program is one run: to log parts of a run, {what}")
    run = _of_program = _of_environment()
    run = run or _alone(None, id, resume)
    _active.remember(run)
    atexit.register(run.settle_at_exit)
    return run


def _another(run: Run, id: Optional[str] = None, resume: Any = None) -> Run:
    """Return a part of a sweep's run, or outside any sweep a run of its own, until the end of which the given one waits."""
    whole = run.parent or run
    if run is not whole:
        run.finish()
    if whole.sweep_id is None:
        another = _alone(whole, id, resume)
    else:
        id, directory = _new_directory(whole.dir, "part")
        config = Config(whole.config.swept())
        another = Run(f"{whole.id}-{id}", config, _log(directory), directory, whole.sweep_id, None, whole.attempt, whole)
    _active.remember(another)
    if not whole.is_function:
        atexit.register(another.settle_at_exit)
    return another


def _of_environment() -> Optional[Run]:
    """Return the run of a program that an agent started."""
    metrics, params = os.environ.get("BESOM_METRICS"), os.environ.get("BESOM_PARAMS")
    if not metrics:
        return None
    swept: dict[str, Any] = {}
    if params:
        with open(params, encoding="utf-8") as file:
            swept = with_floats(json.load(file))
    environ = os.environ
    number = environ.get("BESOM_RUN_NUMBER")
    return Run(
        environ.get("BESOM_RUN_ID", "run"),
        Config(swept),
        RunLog(metrics),
        environ.get("BESOM_RUN_DIR") or os.path.dirname(metrics),
        environ.get("BESOM_SWEEP_ID"),
        int(number) if number else None,
        int(environ.get("BESOM_ATTEMPT") or 1),
    )


def _alone(parent: Optional[Run] = None, id: Optional[str] = None, resume: Any = None) -> Run:
    """Return a run outside any sweep: a new one, or the one of this id, if it is to be resumed."""
    base = os.path.join(_place.files_directory(), "alone")
    # In older programs the id itself.
    if isinstance(resume, str) and resume not in ("allow", "must", "never", "auto"):
        id, resume = id or resume, "allow"
    before = _earlier(base, id)
    if before and resume in (True, "allow", "must", "auto"):
        assert id is not None
        directory, attempt = os.path.join(base, id), len(before) + 1
        run = Run(id, Config({}), _log(directory, attempt), directory, None, None, attempt, parent)
        run.step = sum(_rows(path) for path in before)
        return run
    if resume == "must" or (before and resume == "never"):
        raise BesomError(f"init(resume={resume!r}): there is {'already a' if before else 'no'} run {id} in {base}")
    name, directory = _new_directory(base, id or f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    return Run(name, Config({}), _log(directory), directory, None, None, parent=parent)


def _earlier(base: str, id: Optional[str]) -> list[str]:
    """Return the metrics files of a run outside any sweep."""
    if id is None:
        return []
    _place.check_name(id, "id")
    return glob.glob(os.path.join(glob.escape(os.path.join(base, id)), "metrics-*.jsonl"))


def _rows(path: str) -> int:
    with open(path, "rb") as file:
        return sum(1 for line in file if line.startswith(b"{"))


def _new_directory(base: str, name: str) -> tuple[str, str]:
    """Create a directory of this name, or of the first that is free of ``NAME-1``, ``NAME-2`` ..; return name and path."""
    for count in range(100_000):
        id = name + (f"-{count}" if count else "")
        directory = os.path.join(base, id)
        try:
            os.makedirs(directory)
        except FileExistsError:
            continue
        return id, directory
    raise BesomError(f"cannot create a directory for a run in {base}")


def _log(directory: str, attempt: int = 1) -> RunLog:
    return RunLog(os.path.join(directory, f"metrics-{attempt}.jsonl"))


def log(
    data: Mapping[str, Any], step: Optional[int] = None, commit: Optional[bool] = None, sync: Optional[bool] = None
) -> None:
    """Log one row of metrics of the current run; see :meth:`Run.log`."""
    run: Run = getattr(_active.here, "run", None) or _active.needed("besom.log()")
    run.log(data, step, commit)


def finish(exit_code: Optional[int] = None, quiet: Optional[bool] = None) -> None:
    """Finish the current run; do nothing without one."""
    run = _active.current()
    if run is not None:
        run.finish(exit_code)


def define_metric(name: str, *given: Any, **named: Any) -> None:
    """Keep the minimum or another summary of a key of the current run; see :meth:`Run.define_metric`."""
    _active.needed("besom.define_metric()").define_metric(name, *given, **named)


def mark_preempting() -> None:
    """Mark the machine as being taken away; see :meth:`Run.mark_preempting`."""
    _active.needed("besom.mark_preempting()").mark_preempting()
