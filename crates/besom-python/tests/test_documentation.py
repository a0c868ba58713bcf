"""The examples in docstrings run, and the stubs match the native module."""

import ast
import doctest
import importlib
import pathlib
import pkgutil
import sys

import pytest

import besom
import besom._besom

PACKAGE = pathlib.Path(besom.__file__).parent
CRATE = pathlib.Path(__file__).parents[1]
OPTIONAL = ("besom.integrations", "besom.plot")


def modules():
    names = [module.name for module in pkgutil.walk_packages([str(PACKAGE)], "besom.")]
    return [importlib.import_module(name) for name in names if not name.startswith(OPTIONAL)] + [besom]


def test_examples_run(monkeypatch):
    # W&B's client, if another test has imported it: an example puts besom in its place.
    for name in [name for name in sys.modules if name.partition(".")[0] == "wandb"]:
        monkeypatch.delitem(sys.modules, name)
    tried = 0
    for module in modules():
        result = doctest.testmod(module)
        assert result.failed == 0, module
        tried += result.attempted
    finder = doctest.DocTestFinder()
    for test in finder.find(besom.Sweep, "Sweep", globs={}):
        result = doctest.DocTestRunner().run(test)
        assert result.failed == 0
        tried += result.attempted
    assert tried > 15


def test_the_stubs_name_everything_native_and_nothing_else():
    tree = ast.parse((PACKAGE / "_besom.pyi").read_text())
    stubs = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    native = {name for name in vars(besom._besom) if not name.startswith("_")}
    assert native == set(stubs)
    for name, node in stubs.items():
        if isinstance(node, ast.ClassDef) and not issubclass(getattr(besom._besom, name), BaseException):
            said = {item.name for item in node.body if isinstance(item, ast.FunctionDef)} - {"__init__", "__iter__"}
            there = {n for n in vars(getattr(besom._besom, name)) if not n.startswith("__") or n in ("__len__", "__getitem__")}
            assert said == there, name


def test_everything_public_is_documented():
    for name in besom.__all__:
        value = getattr(besom, name)
        if callable(value):
            assert value.__doc__, name


def test_modules_do_not_import_each_other_in_a_circle():
    """Also not by imports inside functions. `__init__` is left out: it loads everything, when asked."""
    files = {path.stem: path for path in PACKAGE.glob("[!_]*.py")} | {path.stem: path for path in PACKAGE.glob("_[!_]*.py")}
    below = {name: imported_by(path) & set(files) for name, path in files.items()}
    while leaves := {name for name, imports in below.items() if not imports}:
        below = {name: imports - leaves for name, imports in below.items() if name not in leaves}
    assert not below


def imported_by(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "besom":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("besom."):
            found.add(node.module.split(".")[1])
    return found


def test_importing_is_cheap(script):
    out = script.run("""
        import sys
        import besom
        print(sorted({name.partition(".")[0] for name in sys.modules} & {"json", "threading", "numpy", "pandas", "optuna", "ray"}))
    """)
    assert out == "[]\n", "importing the package loads what it may need later"


def test_the_package_and_code_that_uses_it_are_typed(script, request):
    api = pytest.importorskip("mypy.api")
    # What mypy has read of other packages holds until these change.
    strict = ["--strict", "--cache-dir", str(request.config.cache.mkdir("mypy"))]
    script.write("""
        import besom
        from besom.sweeps import SweepRun, next_run

        def train() -> None:
            run = besom.init()
            besom.log({"loss": run.config.x})

        sweep_id: str = besom.sweep({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
        executed: int = besom.agent(sweep_id, function=train, count=3)
        best = besom.Api().sweep(sweep_id).best_run()
        value: float | None = best.best if best is not None else None
        asked = besom.Sweep({}, seed=1).ask()
        number: int = asked.number if asked is not None else 0
        following: SweepRun | None = next_run({}, [])
    """)
    script.write("import besom\nbesom.agent(3)\nbesom.Sweep({}).ask().number\n", "wrong.py")
    out, err, code = api.run([*strict, "program.py", "wrong.py"])
    assert code == 1 and "arg-type" in out and "union-attr" in out, out + err
    assert all(line.startswith(("wrong.py", "Found")) for line in out.splitlines()), out
    # The sources, also where the tests are run with the installed package: their settings are beside them.
    out, err, code = api.run([*strict, "--config-file", str(CRATE / "pyproject.toml"), str(CRATE / "python" / "besom")])
    assert code == 0, out + err
