"""Creating a sweep and executing its runs."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Callable, Optional, Union

from besom import _besom, _client, _function, _place, _progress, _say

Configuration = Union[Mapping[str, Any], str, "os.PathLike[str]", Callable[[], Mapping[str, Any]]]


def sweep(
    sweep: Configuration,
    entity: Optional[str] = None,
    project: Optional[str] = None,
    prior_runs: Optional[list[str]] = None,
    *,
    seed: Optional[int] = None,
    quiet: bool = False,
) -> str:
    """Create a sweep and return its id.

    ``sweep`` is a configuration as a dict, a function that returns one, or the path of a sweep file (YAML or JSON).
    ``prior_runs`` are ids of runs (``SWEEP-NUMBER``) of other sweeps in this store for the search to learn from. A line on
    standard error says what it is called and how to look at it, unless ``quiet``; notebooks show the sweep itself.

    Raises :class:`besom.ConfigError` with all problems of the configuration.
    """
    config = sweep() if callable(sweep) else sweep
    prior = [str(run) for run in prior_runs or ()]
    if isinstance(config, (str, os.PathLike)):
        id = _from_file(os.fspath(config), prior)
    else:
        id = create(with_owner(config, entity, project), seed=seed, prior_runs=prior)
    if not quiet and not _progress.in_notebook():
        _say.say(f'created sweep {id}; look at it with: besom status {id}, or besom.Api().sweep("{id}")')
    return id


def with_owner(config: Mapping[str, Any], entity: Optional[str], project: Optional[str]) -> dict[str, Any]:
    if not isinstance(config, Mapping):
        raise TypeError(f"a configuration must be a dict, the path of a file or a function, got {config!r}")
    return {**_place.optional_name(entity, "entity"), **_place.optional_name(project, "project"), **config}


def create(
    config: Mapping[str, Any],
    *,
    seed: Optional[int] = None,
    search: Any = None,
    stopper: Any = None,
    own: Optional[list[str]] = None,
    prior_runs: Optional[list[str]] = None,
) -> str:
    _, found = _besom.check_config(config, own=own or [])
    warn(found)
    store, here = _place.store_name(), os.getcwd()
    return _besom.create_sweep(
        store, config, here, seed=seed, search=search, stopper=stopper, own=own or [], prior_runs=prior_runs or []
    )


def _from_file(path: str, prior_runs: list[str]) -> str:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    _, found = _besom.check_text(text, path)
    warn(found)
    return _besom.create_sweep_from_text(_place.store_name(), text, path, prior_runs=prior_runs)


def warn(found: list[str]) -> None:
    for text in found:
        warnings.warn(text, UserWarning, stacklevel=4)


def agent(
    sweep_id: str,
    function: Optional[Callable[[], Any]] = None,
    entity: Optional[str] = None,
    project: Optional[str] = None,
    count: Optional[int] = None,
    *,
    processes: Optional[int] = None,
    gpus: Union[str, Iterable[Union[int, str]], None] = None,
    gpus_per_run: int = 1,
    share_gpus: bool = False,
    timeout: Optional[float] = None,
    quiet: bool = False,
    heartbeat_timeout: float = 60.0,
    wandb: str = "auto",
) -> int:
    """Execute runs of a sweep until it finishes, or until ``count`` runs were executed; return the number of runs executed.

    After ``timeout`` seconds no more runs are started; the one in hand is finished.

    With a ``function`` each run is a call of it, in this thread, so that Ctrl-C works, and so do libraries that require
    the main thread. ``processes=4`` executes four runs in parallel, each in a fresh process (the function must be
    importable, as for :mod:`multiprocessing`). Without a function the sweep's program is executed.

    ``gpus`` is ``"all"``, or numbers and UUIDs (``"0,1"`` or ``[0, 1]``): each run gets ``gpus_per_run`` of its own, as
    ``CUDA_VISIBLE_DEVICES``, waits while another program uses them (unless ``share_gpus``), and as many runs are executed in parallel
    as the GPUs suffice for, or ``processes``. A process chooses its GPUs once, so a function is then called in fresh processes, too.

    A run that is stopped early ends at its next ``besom.log`` with :class:`besom.RunStopped`, a process with SIGTERM.

    A line for each run that ends, with a mark at each new best, and the best run at the end are printed on standard error, unless
    ``quiet``; notebooks show a picture of the sweep in their place. Nothing is printed while the function executes. Others
    treat the agent as dead, and execute its run again, after ``heartbeat_timeout`` seconds without a heartbeat.

    Metrics that W&B's own client logs in the function or program arrive in its run, with no account: with ``wandb="auto"`` unless you
    have logged in to W&B or set where its client logs, with ``"local"`` always, with ``"off"`` never.

    Raises :class:`besom.SweepPaused` with the reason if anything but its owner pauses the sweep: the function or program
    fails quickly three times in a row, the search method or stopping rule fails, or three runs finish without a value of the
    metric that these need. Where it is not needed, a warning says what was logged instead.
    """
    id, store = _place.sweep_id(sweep_id), _place.store_name()
    if function is not None:
        _function.check(function)
    elif not _names_a_program(store, id):
        raise ValueError(f"function is None, and sweep {id} names no program: pass function=train, without parentheses")
    if count is not None and count < 0:
        raise ValueError(f"count must be >= 0, got {count}")
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be >= 1, got {processes}")
    slots = _slots(gpus, gpus_per_run, share_gpus)
    from besom import _api, _child

    in_thread = function is not None and processes is None and slots is None
    with contextlib.ExitStack() as stack:
        command = stack.enter_context(_child.command(function)) if function is not None and not in_thread else None
        watch = stack.enter_context(_progress.watching(id, quiet))
        called = function if in_thread else None
        to = stack.enter_context(_client.held(wandb, called))
        executed = _besom.run_agents(
            store,
            id,
            called,
            jobs=processes,
            count=count,
            timeout=timeout,
            gpus=slots,
            supervisor=_place.supervisor(),
            command=command,
            heartbeat_timeout=heartbeat_timeout,
            watch=watch,
            say=None if quiet else _say.say,
            wandb=to,
            imports_wandb=_client.seems_used(function),
        )
    _api.warn_of_missing_metric(_besom.Store(store), id)
    return executed


def _slots(gpus: Union[str, Iterable[Union[int, str]], None], per_run: int, share: bool) -> Optional[tuple[str, int, bool]]:
    """Return what the options of GPUs mean to the agents."""
    if per_run < 1:
        raise ValueError(f"gpus_per_run must be >= 1, got {per_run}")
    if gpus is None:
        if per_run != 1 or share:
            raise ValueError('gpus_per_run and share_gpus require gpus="all" or the GPUs to use, such as gpus=[0, 1]')
        return None
    if isinstance(gpus, bool) or not isinstance(gpus, (str, Iterable)):
        raise TypeError(f'gpus must be "all", or numbers and UUIDs such as [0, 1], got {gpus!r}')
    return (gpus if isinstance(gpus, str) else ",".join(map(str, gpus)), per_run, share)


def _names_a_program(store: str, id: str) -> bool:
    config = _besom.Store(store).config(id)
    return bool(config.get("program") or config.get("command"))
