#!/usr/bin/env python3
"""Which of W&B's names programs use, and which of them `import besom as wandb` has:  benches/scripts/wandb_names.py FOLDER [--missing]

FOLDER has one folder for each repository, with its Python files that import `wandb` in it. With a clone of each repository in `clones/`:

    for clone in clones/*; do git -C $clone grep -lE '^ *(import|from) wandb' '*.py' | while read -r file; do
      install -D $clone/$file files/$(basename $clone)/$file; done; done
    python benches/scripts/wandb_names.py files

A name counts where it is read of the module (however it was imported), of the run that `wandb.init` returned, of `wandb.Api()` and of the runs and sweeps that
this returned, as far as the file alone tells. Files of equal content count once. A name exists if it can be read; so does a module that can be imported.
"""
import argparse
import ast
import contextlib
import importlib
import io
import os
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

#: What a call of these returns, by what they are called on.
RETURNS = {
    ("module", "init"): "run", ("module", "Api"): "api", ("api", "run"): "api run", ("api", "sweep"): "api sweep", ("api", "runs"): "api runs",
    ("api sweep", "best_run"): "api run",
}  # fmt: skip
#: What items of these are.
ITEMS = {"api runs": "api run"}
#: Attributes that are objects of a kind of their own, and those of which any name may be read.
ATTRIBUTES = {("api sweep", "runs"): "api runs", ("api run", "sweep"): "api sweep"}
FREE = ("config", "summary")


class Names(ast.NodeVisitor):
    """The names that a file reads, as (kind, dotted name)."""

    def __init__(self, tree):
        self.kinds = defaultdict(set)
        self.modules = {}
        self.found = set()
        for _ in range(3):  # an object of an object of an object
            for node in ast.walk(tree):
                self.learn(node)
        self.visit(tree)

    def learn(self, node):
        """Take in what variables and imports are."""
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] == "wandb":
                    self.found.add(("import", name.name))
                    self.modules[name.asname or "wandb"] = name.name if name.asname else "wandb"
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").partition(".")[0] == "wandb":
            for name in node.names:
                self.found.add(("import", f"{node.module}:{name.name}"))
                self.modules[name.asname or name.name] = f"{node.module}.{name.name}"
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.assign(target, self.kind(node.value))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self.assign(node.optional_vars, self.kind(node.context_expr))
        elif isinstance(node, (ast.For, ast.comprehension)):
            self.assign(node.target, ITEMS.get(self.kind(node.iter)))

    def assign(self, target, kind):
        if kind is not None and isinstance(target, (ast.Name, ast.Attribute)):
            self.kinds[ast.unparse(target)].add(kind)

    def dotted(self, node):
        """The dotted name below the module that an expression reads, or None."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if isinstance(node, ast.Attribute):
            below = self.dotted(node.value)
            return below and f"{below}.{node.attr}"
        return None

    def kind(self, node):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            name = self.dotted(node.func)
            if name is not None:
                return RETURNS.get(("module", name.removeprefix("wandb.")))
            return RETURNS.get((self.kind(node.func.value), node.func.attr)) if isinstance(node.func, ast.Attribute) else None
        if isinstance(node, ast.Subscript):
            return ITEMS.get(self.kind(node.value))
        if isinstance(node, ast.Attribute):
            if self.dotted(node) == "wandb.run":
                return "run"
            found = ATTRIBUTES.get((self.kind(node.value), node.attr))
            if found:
                return found
        if isinstance(node, (ast.Name, ast.Attribute)):
            kinds = self.kinds.get(ast.unparse(node), ())
            # A variable that is one thing here and another there says nothing.
            return next(iter(kinds)) if len(kinds) == 1 else None
        return None

    def visit_Attribute(self, node):
        dotted = self.dotted(node)
        if dotted is not None and dotted.startswith("wandb."):
            self.found.add(("module", dotted.removeprefix("wandb.")))
        kind = self.kind(node.value)
        if kind is not None and isinstance(node.ctx, ast.Load):
            self.found.add((kind, node.attr))
        if dotted is None:
            self.generic_visit(node)


def objects():
    """One object of each kind, of besom."""
    import besom

    besom.install_as_wandb()
    wandb = sys.modules["wandb"]
    sweep_id = wandb.sweep({"method": "grid", "parameters": {"x": {"values": [1]}}}, project="p")
    wandb.agent(sweep_id, function=lambda: wandb.log({"loss": 1}))
    sweep = wandb.Api().sweep(sweep_id)
    return {"module": wandb, "api": wandb.Api(), "api sweep": sweep, "api run": sweep.runs[0], "api runs": sweep.runs, "run": wandb.init()}


def exists(objects, kind, name):
    if kind == "import":
        module, _, member = name.partition(":")
        try:
            found = importlib.import_module(module)
            return not member or member == "*" or hasattr(found, member) or bool(importlib.import_module(f"{module}.{member}"))
        except ImportError:
            return False
    found = objects[kind]
    for part in name.split("."):
        if part in FREE:
            return True
        if kind == "module" and part == "run":
            found = objects["run"]
            continue
        try:
            found = getattr(found, part)
        except AttributeError:
            return False
        except Exception:
            return True  # it is there, and has no value now
        if not hasattr(found, "__dict__") or isinstance(found, type) or callable(found):
            return True  # what its attributes are is for its users to know
    return True


def shown(kind, name):
    """A name as a line of the table has it: of the module its first part alone."""
    if kind == "import":
        module, _, member = name.partition(":")
        return f"import {module}" if module != "wandb" else member or "import wandb"
    return name.partition(".")[0] if kind == "module" else f"{kind}.{name}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--missing", action="store_true", help="list the files with names that do not exist")
    given = arguments.parse_args()
    folder = given.folder.resolve()
    os.chdir(tempfile.mkdtemp())
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = objects()
    seen, files, lacking, used = set(), 0, {}, defaultdict(set)
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(errors="replace")
        with contextlib.suppress(SyntaxError, ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = Names(ast.parse(text)).found
            if text in seen or not names:
                continue
            seen.add(text)
            files += 1
            for kind, name in names:
                used[kind, name].add(path)
    found = {key: exists(there, *key) for key in used}
    for key, paths in used.items():
        for path in paths if not found[key] else ():
            lacking.setdefault(path, []).append(shown(*key))
    repositories = {path.relative_to(folder).parts[0] for paths in used.values() for path in paths}
    table = defaultdict(lambda: [set(), True])
    for key, paths in used.items():
        table[shown(*key)][0].update(paths)
        table[shown(*key)][1] &= found[key]
    whole = len(repositories) - len({path.relative_to(folder).parts[0] for path in lacking})
    print(f"{files} files of {len(repositories)} repositories; every name exists in {files - len(lacking)} files ({(files - len(lacking)) / files:.1%})")
    print(f"and in all files of {whole} repositories ({whole / len(repositories):.1%})\n")
    print("| name | files | repositories | exists |\n|---|---|---|---|")
    for name, (paths, is_there) in sorted(table.items(), key=lambda item: -len(item[1][0])):
        print(f"| `{name}` | {len(paths)} | {len({path.relative_to(folder).parts[0] for path in paths})} | {'yes' if is_there else 'no'} |")
    missing = Counter(f"{kind} {name}" for (kind, name), paths in used.items() if not found[kind, name] for _ in paths)
    print("\nmissing:", *(f"{count:4} {name}" for name, count in missing.most_common()), sep="\n")
    for path, names in lacking.items() if given.missing else ():
        print(path.relative_to(folder), *sorted(set(names)))


if __name__ == "__main__":
    main()
