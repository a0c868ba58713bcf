"""Runs a program as if besom were W&B's client:  python -m besom.wandb [-m MODULE | SCRIPT] [ARGUMENTS ..]

The program and those that it starts with this interpreter ``import wandb``, unchanged, and get besom.
"""

from __future__ import annotations

import os
import sys
from types import CodeType, ModuleType

from besom import wandb


def main(arguments: list[str]) -> int:
    """Run the program that the arguments name."""
    is_asked = arguments[:1] in (["-h"], ["--help"])
    if is_asked or arguments in ([], ["-m"]):
        print((__doc__ or "").strip(), file=sys.stdout if is_asked else sys.stderr)
        return 0 if is_asked else 2
    wandb.install()
    # Programs that this one starts, and processes that get its path, find besom by a package of the name of the client.
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "path")
    sys.path.insert(1, here)
    os.environ["PYTHONPATH"] = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH")) if part)
    if arguments[0] == "-m":
        import runpy

        sys.argv = arguments[1:]
        sys.path[0] = os.getcwd()
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    return _run(arguments)


def _run(arguments: list[str]) -> int:
    """Execute a script in a module of its own, which stays the main one until the process ends."""
    script = arguments[0]
    try:
        code = _compiled(script)
    except OSError as error:
        print(f"besom: cannot read the script {script}: {error.strerror}", file=sys.stderr)
        return 2
    sys.argv = arguments
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    module = ModuleType("__main__")
    module.__file__ = script
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    exec(code, module.__dict__)
    return 0


def _compiled(script: str) -> CodeType:
    with open(script, "rb") as file:
        return compile(file.read(), script, "exec", dont_inherit=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
