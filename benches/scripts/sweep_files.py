"""Sweep files as people write them: kinds seen in public repositories, combined. `files(count, seed)` yields (label, text).

Each table maps what is special to the text. The first of a pair of tables is ordinary, and most of a file is; the second is odd: what public
files have now and then, right or wrong. A file has up to two odd things, so that what refuses it can be named.
"""
import itertools
import json
import random

METHODS = ["grid", "random", "bayes"]
ODD_METHODS = {"upper": "Grid", "other tool": "hyperopt", "custom": "custom", "quoted": '"random"', "null": "null"}

# Countable, as a grid needs them.
COUNTABLE = {
    "value int": "{value: 12}", "value float": "{value: 0.9}", "value text": "{value: resnet18}", "value bool": "{value: true}",
    "value list": "{value: [3, 5]}", "value dict": "{value: {depth: 3, act: relu}}", "value null": "{value: null}",
    "value scientific": "{value: 1e-3}",
    "values ints": "{values: [16, 32, 64]}", "values floats": "{values: [0.1, 0.01, 0.5]}", "values texts": "{values: [adam, sgd]}",
    "values quoted": "{values: ['a b', \"c\", 'null', '1']}", "values bools": "{values: [true, false]}", "values yes": "{values: [yes, no]}",
    "values block": "\nvalues:\n  - 1\n  - 2\n", "values flat block": "\nvalues:\n- relu\n- tanh\n",
    "values mixed": "{values: [1, 0.5, two, null, false]}",
    "values whole floats": "{values: [1.0, 2.0, 3]}", "values lists": "{values: [[1, 2], [3, 4]]}", "values empty list": "{values: [[], [64]]}",
    "values dicts": "{values: [{a: 1}, {a: 2, b: x}]}", "values one": "{values: [7]}", "values equal": "{values: [1, 1, 2]}",
    "values paths": "{values: [data/a.csv, ./b, ~/c]}",
    "values scientific": "{values: [1e-3, 1e-4]}", "values scientific dot": "{values: [1.0e-3, 1.e-4, 2.5E+3]}",
    "values big": "{values: [1000000, 1_000_000, 0x10]}",
    "values null": "{values: [null, 0.1]}", "values None": "{values: [None, 3]}", "values negative": "{values: [-1, -0.5]}",
    "values distribution": "{distribution: categorical, values: [1, 2]}",
    "constant": "{distribution: constant, value: 5}", "ints": "{min: 1, max: 4}", "int_uniform": "{distribution: int_uniform, min: 2, max: 5}",
    "q_uniform ints": "{distribution: q_uniform, min: 0, max: 8, q: 2}", "q_uniform": "{distribution: q_uniform, min: 0.1, max: 0.9, q: 0.2}",
    "q_uniform default": "{distribution: q_uniform, min: 1, max: 5}",
    "nested": "\nparameters:\n  depth:\n    values: [2, 3]\n  act:\n    value: relu\n",
    "nested twice": "\nparameters:\n  inner:\n    parameters:\n      width: {values: [8, 16]}\n", "values dates": "{values: [2024-01-01, 12:30:00]}",
}
CONTINUOUS = {
    "floats": "{min: 0.0, max: 0.5}", "float int": "{min: 0, max: 0.5}", "uniform": "{distribution: uniform, min: 0.1, max: 1}",
    "uniform ints": "{distribution: uniform, min: 0, max: 5}",
    "scientific dot": "{min: 1.0e-5, max: 1.0e-1}", "block": "\ndistribution: uniform\nmin: 0.001\nmax: 0.1\n", "max first": "{max: 0.3, min: 0.1}",
    "log_uniform_values": "{distribution: log_uniform_values, min: 0.00001, max: 0.1}",
    "log_uniform_values ints": "{distribution: log_uniform_values, min: 1, max: 1000}",
    "q_log_uniform_values": "{distribution: q_log_uniform_values, min: 16, max: 512, q: 8}",
    "q_log_uniform_values default": "{distribution: q_log_uniform_values, min: 1, max: 100}",
    "q_log_uniform_values float": "{distribution: q_log_uniform_values, min: 0.1, max: 10, q: 0.1}",
    "inv_log_uniform_values": "{distribution: inv_log_uniform_values, min: 0.01, max: 1}",
    "normal": "{distribution: normal, mu: 0, sigma: 1}", "normal default": "{distribution: normal}",
    "log_normal": "{distribution: log_normal, mu: -2, sigma: 0.5}",
    "q_normal": "{distribution: q_normal, mu: 100, sigma: 10, q: 5}", "q_normal default": "{distribution: q_normal, mu: 3}",
    "q_log_normal": "{distribution: q_log_normal, mu: 1, sigma: 1, q: 0.5}",
    "beta": "{distribution: beta, a: 2, b: 5}", "beta default": "{distribution: beta}", "q_beta": "{distribution: q_beta, a: 2, b: 2, q: 0.1}",
    "log_uniform": "{distribution: log_uniform, min: -9.2, max: -2.3}", "log_uniform ints": "{distribution: log_uniform, min: -5, max: 0}",
    "q_log_uniform": "{distribution: q_log_uniform, min: 0, max: 5, q: 1}",
    "q_log_uniform float": "{distribution: q_log_uniform, min: 1, max: 4.5, q: 2.0}",
    "inv_log_uniform": "{distribution: inv_log_uniform, min: 0, max: 6}", "nested continuous": "\nparameters:\n  lr: {min: 0.001, max: 0.1}\n",
    "probabilities": "{values: [a, b, c], probabilities: [0.2, 0.3, 0.5]}", "probabilities ints": "{values: [1, 2], probabilities: [0, 1]}",
    "probabilities named": "{distribution: categorical_w_probabilities, values: [1, 2], probabilities: [0.5, 0.5]}",
    "probabilities thirds": "{values: [1, 2, 3], probabilities: [0.33333333, 0.33333333, 0.33333334]}",
    "nested log_uniform": "\nparameters:\n  lr: {distribution: log_uniform, min: -6, max: -1}\n", "negative": "{min: -5.5, max: -1}",
}
ODD_PARAMETERS = {
    "scientific bounds": "{min: 1e-5, max: 1e-1}", "scientific log": "{distribution: log_uniform_values, min: 1e-5, max: 1e-1}",
    "scientific one": "{min: 0.00001, max: 1e-1}",
    "quoted bounds": "{min: '0.1', max: '0.5'}", "reversed": "{min: 5, max: 1}", "equal bounds": "{min: 3, max: 3}", "only min": "{min: 3}",
    "bare list": "[1, 2, 3]", "bare value": "0.1",
    "bare null": "", "empty": "{}", "q alone": "{min: 0, max: 10, q: 2}", "step": "{min: 0, max: 10, step: 2}", "values text": "{values: adam}",
    "values none": "{values: []}",
    "values null key": "{values: null}", "value and values": "{value: 1, values: [1, 2]}", "default": "{values: [1, 2], default: 1}",
    "description": "{values: [1, 2], description: how many}",
    "desc": "{min: 0.1, max: 0.5, desc: rate}", "distribution misspelled": "{distribution: unifrom, min: 0.1, max: 1}",
    "loguniform": "{distribution: loguniform, min: 0.1, max: 1}",
    "choice": "{distribution: choice, values: [1, 2]}", "range": "{distribution: range, min: 0, max: 5}",
    "log_uniform values": "{distribution: log_uniform, min: 0.00001, max: 0.1}",
    "int_uniform floats": "{distribution: int_uniform, min: 1.0, max: 5.0}", "int_uniform halves": "{distribution: int_uniform, min: 0.5, max: 5.5}",
    "probabilities sum": "{values: [1, 2], probabilities: [0.5, 0.4]}",
    "probabilities few": "{values: [1, 2, 3], probabilities: [0.5, 0.5]}", "probabilities text": "{values: [1, 2], probabilities: ['0.5', '0.5']}",
    "sigma zero": "{distribution: normal, sigma: 0}", "q zero": "{distribution: q_normal, q: 0}",
    "log zero": "{distribution: log_uniform_values, min: 0, max: 1}",
    "mean std": "{distribution: normal, mean: 0, std: 1}", "type": "{type: categorical, values: [1, 2]}",
    "nested no keyword": "{inner: {values: [1, 2]}}", "nested reversed": "{parameters: {a: {min: 3, max: 1}}}",
    "nested probabilities": "{parameters: {a: {values: [1, 2], probabilities: [0.1, 0.1]}}}",
    "nested and value": "{parameters: {a: {value: 1}}, value: 2}", "nested none": "{parameters: {}}",
    "distribution null": "{distribution: null, values: [1, 2]}",
    "values nan": "{values: [.nan, 1]}", "values inf": "{values: [.inf, -.inf]}", "value inf": "{value: .inf}",
    "normal bounds": "{distribution: normal, mu: 0, sigma: 1, min: -1, max: 1}", "beta zero": "{distribution: beta, a: 0, b: 1}",
    "uniform with mu": "{distribution: uniform, min: 0.0, max: 1.0, mu: 0}", "values of nested lists": "{values: [[[1], [2]], [{a: [1]}]]}",
    "values octal": "{values: [010, 0o10]}", "value multi-line": "\nvalue: >\n  some\n  words\n",
    "bool bounds": "{min: false, max: true}", "inf bounds": "{min: 0, max: .inf}",
    "huge ints": "{values: [9223372036854775807, 18446744073709551616]}", "q too wide": "{distribution: q_uniform, min: 1, max: 2, q: 100}",
    "values tagged": "{values: [!!float 1, !!str 2]}", "values python tuple": "{values: [!!python/tuple [1, 2]]}",
    "values percent": "{values: [50%, 5e-4, 1e5]}", "upper distribution": "{distribution: Uniform, min: 0.0, max: 1.0}",
    "value range text": "{values: range(5)}", "values sexagesimal": "{values: [1:30, 190:20:30]}", "values colon": "{values: ['a:b', c:d]}",
    "value empty text": "{value: ''}", "value blank": "{value: }", "values with blank": "\nvalues:\n  - 1\n  -\n  - 2\n",
}
NAMES = ["lr", "batch_size", "optimizer.lr", "batch-size", "model", "_hidden", "MAX_LEN"]
ODD_NAMES = {
    "plus": "++model.width", "one plus": "+seed", "tilde": "~trainer", "slash": "group/sub", "at": "db@main", "digit": "1x", "blank": "'my name'",
    "bracket": "'a[0]'", "letter": "größe", "quoted": "'lr'",
    "int": "1", "bool": "on", "dot first": "'.x'", "empty": "''", "hyphens": "--lr", "null": "null", "dot last": "x.", "colon": "a:b",
    "dollar": "$x", "percent": "x%", "newline": '"a\\n"', "y": "y", "n": "n",
}
METRICS = {
    "minimize": "metric:\n  name: loss\n  goal: minimize\n", "maximize": "metric: {goal: maximize, name: accuracy}\n",
    "no goal": "metric:\n  name: val_loss\n",
    "dots": "metric:\n  name: val.loss\n  goal: minimize\n", "slash": "metric:\n  name: val/loss\n  goal: minimize\n",
    "blank in name": "metric:\n  name: best loss\n  goal: minimize\n",
    "target": "metric:\n  name: acc\n  goal: maximize\n  target: 0.95\n", "quoted": "metric:\n  \"name\": 'loss'\n  \"goal\": \"minimize\"\n",
    "impute": "metric: {name: loss, goal: minimize, impute: worst, impute_while_running: latest}\n",
}
ODD_METRICS = {
    "absent": "", "goal min": "metric: {name: loss, goal: min}\n", "goal Maximize": "metric: {name: loss, goal: Maximize}\n",
    "goal words": "metric: {name: loss, goal: lowest}\n", "goal null": "metric:\n  name: loss\n  goal:\n",
    "null": "metric: null\n", "text": "metric: loss\n", "list": "metric: [{name: loss}]\n", "name number": "metric: {name: 1}\n",
    "empty": "metric: {}\n", "more": "metric: {name: loss, goal: minimize, summary: max}\n", "mode": "metric: {name: loss, mode: min}\n",
    "target text": "metric: {name: loss, target: '0.9'}\n", "target scientific": "metric: {name: loss, goal: minimize, target: 1e-3}\n",
    "impute": "metric: {name: loss, impute: mean}\n", "running bool": "metric: {name: loss, impute_while_running: false}\n",
    "metrics": "metrics:\n  - {name: loss}\n  - {name: acc}\n", "goal maximise": "metric: {name: acc, goal: maximise}\n",
    "goal minimum": "metric: {name: loss, goal: minimum}\n", "name empty": "metric: {name: ''}\n", "no name": "metric: {goal: minimize}\n",
}
STOPS = {
    "none": "", "min_iter": "early_terminate:\n  type: hyperband\n  min_iter: 3\n",
    "max_iter": "early_terminate: {type: hyperband, max_iter: 27, s: 2}\n", "eta": "early_terminate:\n  type: hyperband\n  min_iter: 5\n  eta: 2\n",
    "strict": "early_terminate: {type: hyperband, min_iter: 3, strict: true}\n",
    "eta fraction": "early_terminate: {type: hyperband, min_iter: 1, eta: 1.5}\n",
}
ODD_STOPS = {
    "null": "early_terminate: null\n", "blank": "early_terminate:\n", "empty": "early_terminate: {}\n", "text": "early_terminate: hyperband\n",
    "type only": "early_terminate: {type: hyperband}\n", "envelope": "early_terminate: {type: envelope}\n",
    "median": "early_terminate: {type: median}\n", "median with min_iter": "early_terminate: {type: median, min_iter: 3}\n",
    "other": "early_terminate: {type: sha, min_iter: 3}\n", "upper": "early_terminate: {type: Hyperband, min_iter: 3}\n",
    "more": "early_terminate: {type: hyperband, min_iter: 3, patience: 2}\n",
    "no s": "early_terminate: {type: hyperband, min_iter: 3, max_iter: 27}\n", "max only": "early_terminate: {type: hyperband, max_iter: 27}\n",
    "zero": "early_terminate: {type: hyperband, min_iter: 0}\n",
    "float": "early_terminate: {type: hyperband, min_iter: 2.5}\n",
    "strict text": "early_terminate: {type: hyperband, min_iter: 3, strict: 'true'}\n",
    "eta one": "early_terminate: {type: hyperband, min_iter: 3, eta: 1}\n",
    "s negative": "early_terminate: {type: hyperband, max_iter: 27, s: -1}\n",
    "none type": "early_terminate: {type: none}\n", "false": "early_terminate: false\n", "no type": "early_terminate: {min_iter: 3}\n",
    "list": "early_terminate:\n  - type: hyperband\n    min_iter: 3\n", "whole float": "early_terminate: {type: hyperband, min_iter: 2.0}\n",
}
WORDS = ["${env}", "${interpreter}", "${program}", "${args}"]
COMMANDS = {
    "none": "", "usual": "command:\n" + "".join(f"  - {word}\n" for word in WORDS), "python3": 'command: ["python3", "${program}", "${args}"]\n',
    "no hyphens": "command:\n  - ${env}\n  - python\n  - ${program}\n  - ${args_no_hyphens}\n",
    "flags": "command: [python, '${program}', '${args_no_boolean_flags}']\n", "json": "command: [python, '${program}', '${args_json}']\n",
    "json file": "command: [python, '${program}', --file, '${args_json_file}']\n",
    "hydra": "command:\n  - python\n  - ${program}\n  - ${args_append_hydra}\n",
    "envvar": "command: ['${env}', 'GPU=${envvar:GPU}', python, '${program}', '${args}']\n",
    "options": "command:\n  - ${env}\n  - python\n  - -m\n  - pkg.train\n  - --epochs\n  - 10\n  - --flag=true\n  - ${args}\n",
    "torchrun": "command: [torchrun, --nproc_per_node=2, '${program}', '${args}']\n", "no args": "command: [python, '${program}']\n",
    "no equals": "command: [python, '${program}', '${args_no_equals}']\n",
    "override": "command: [python, '${program}', '${args_override_hydra}']\n",
}
ODD_COMMANDS = {
    "text": "command: python train.py\n", "null": "command: null\n", "empty": "command: []\n", "mixed": "command: [python, 3, null, true, 0.5]\n",
    "dict": "command: {run: python}\n", "shell": "command: [sh, -c, 'python train.py ${args}']\n",
    "inside a word": "command: [python, '${program}', '--lr=${lr}']\n", "unknown macro": "command: [python, '${program}', '${foo}']\n",
    "nested list": "command: [python, [a, b], '${args}']\n", "dict word": "command: [python, {a: 1}]\n", "commands": "commands: [python, t.py]\n",
    "date": "command: [python, 2024-01-01, '${args}']\n", "args_dict": "command: [python, '${args_dict}']\n",
    "blank word": "command:\n  - python\n  -\n  - ${args}\n", "json on": "command: [python, '${program}', '--no=off', off, '${args}']\n",
}
TOPS = {
    "none": "", "run_cap": "run_cap: 20\n", "project": "project: vision\n", "entity": "entity: team\n", "name": "name: first sweep\n",
    "description": "description: |\n  Two\n  lines.\n", "controller": "controller:\n  type: local\n", "cloud": "controller: {type: cloud}\n",
        "all": "name: s\nproject: p\nentity: e\ndescription: d\nrun_cap: 5\n", "kind": "kind: sweep\n", "x-": "x-team: {a: 1}\n"}
ODD_TOPS = {
    "entity blank": "entity:\n", "project null": "project: null\n", "name number": "name: 7\n", "name date": "name: 2024-01-01\n",
    "description number": "description: 3\n", "run_cap text": "run_cap: '5'\n", "run_cap zero": "run_cap: 0\n", "run_cap float": "run_cap: 5.0\n",
    "run_cap null": "run_cap:\n",
    "run_cap negative": "run_cap: -1\n", "run_cap bool": "run_cap: true\n", "run_cap scientific": "run_cap: 1e2\n",
    "controller text": "controller: local\n", "controller empty": "controller: {}\n", "controller null": "controller:\n",
    "controller other": "controller: {type: edge}\n", "controller more": "controller: {type: local, debug: 1}\n",
    "count": "count: 20\n", "max_runs": "max_runs: 20\n", "args_no_hyphens": "args_no_hyphens: true\n", "tags": "tags: [a, b]\n",
    "notes": "notes: text\n", "group": "group: g\n", "early_stopping": "early_stopping: {patience: 3}\n",
    "earlyterminate": "early_terminat: {type: hyperband, min_iter: 3}\n",
    "job": "job: e/p/j:v1\n", "image_uri": "image_uri: a/b:c\n", "scheduler wandb": "scheduler: {engine: wandb}\n",
    "scheduler optuna": "scheduler: {engine: optuna}\n", "scheduler job": "scheduler: {job: e/p/j:v1, num_workers: 2}\n",
    "settings": "settings: {a: 1}\n", "seed": "seed: 3\n", "seed text": "seed: abc\n", "order": "order: random\n",
    "program upper": "Program: train.py\n", "env": "env: {A: 1}\n", "version": "version: 1\n", "kind other": "kind: run\n",
    "defaults": "defaults:\n  - _self_\n", "hydra": "hydra: {run: {dir: x}}\n", "num_runs": "num_runs: 10\n", "sweep_id": "sweep_id: abc\n",
    "data": "dataset: cifar\n", "timeout": "timeout: 60\n", "retry": "retry: 2\n",
    "resources": "resources: {gpu: 1}\n", "log": "log: debug\n", "apiVersion": "apiVersion: v1\n", "prior_runs": "prior_runs: [a]\n",
    "int key": "1: one\n", "null key": "~: x\n", "yes key": "on: push\n", "list key": "? [a]\n: 1\n",
    "nested parameter key": "parameter: {a: {value: 1}}\n", "description null": "description:\n", "program list": "programs: [a]\n",
}
PROGRAMS = {
    "plain": "program: train.py\n", "path": "program: src/train.py\n", "absent": "", "dot": "program: ./run.sh\n", "quoted": 'program: "train.py"\n',
}
ODD_PROGRAMS = {
    "null": "program:\n", "number": "program: 3\n", "blank inside": "program: train.py --fast\n", "list": "program: [python, train.py]\n",
    "macro": "program: ${program}\n", "empty": "program: ''\n", "module": "program: -m pkg.train\n",
}


def indented(text, by):
    return "".join(f"{' ' * by}{line}\n" if line.strip() else "\n" for line in text.strip("\n").split("\n"))


def parameters(chosen):
    lines = "parameters:\n"
    for name, text in chosen:
        lines += f"  {name}:\n{indented(text, 4)}" if text.startswith("\n") else f"  {name}: {text}\n"
    return lines


# What is done to a text as a whole.
FORMS = {
    "plain": lambda text: text,
    "comments": lambda text: "# a sweep\n" + text.replace("parameters:\n", "parameters:  # what is varied\n    # a comment\n"),
    "document": lambda text: "---\n" + text,
    "no last newline": lambda text: text.rstrip("\n"), "blank lines": lambda text: "\n\n" + text.replace("parameters:\n", "\n\nparameters:\n\n"),
    "trailing blanks": lambda text: text.replace("\n", "  \n"),
}
ODD_FORMS = {
    "BOM": lambda text: "\ufeff" + text, "CRLF": lambda text: text.replace("\n", "\r\n"), "CR": lambda text: text.replace("\n", "\r"),
    "end mark": lambda text: text + "...\n", "two documents": lambda text: text + "---\na: 1\n", "directive": lambda text: "%YAML 1.1\n---\n" + text,
    "tab before comment": lambda text: text.replace("parameters:\n", "parameters:\t# tab\n"),
    "tab after colon": lambda text: text.replace("method: ", "method:\t"), "tab indentation": lambda text: text.replace("\n  ", "\n\t"),
    "tab in blank line": lambda text: text.replace("parameters:\n", "\t\nparameters:\n"),
    "method twice": lambda text: "method: random\n" + text,
    "parameter twice": lambda text: text + "  again: {value: 1}\n  again: {values: [1, 2]}\n",
    "key twice": lambda text: text + "  twice:\n    value: 1\n    value: 2\n",
    "parameters twice": lambda text: text + "parameters:\n  z: {values: [1, 2]}\n",
    "anchor": lambda text: text + "  p: &p {values: [1, 2]}\n  q: *p\n",
    "merge": lambda text: text + "  p: &p\n    values: [1, 2]\n  q:\n    <<: *p\n",
    "merge override": lambda text: text + "  p: &p {min: 1, max: 4}\n  q: {<<: *p, max: 3}\n",
    "anchored values": lambda text: text + "  p: {values: &v [1, 2]}\n  q: {values: *v}\n",
    "anchor at top": lambda text: "x-common: &c {values: [1, 2]}\n" + text + "  q: *c\n",
    "unknown anchor key": lambda text: "common: &c {values: [1, 2]}\n" + text + "  q: *c\n",
    "merge list": lambda text: text + "  p: &p {min: 1, max: 2}\n  o: &o {min: 0, max: 3}\n  q: {<<: [*p, *o]}\n",
    "wrapped": lambda text: "sweep:\n" + indented(text, 2), "emoji": lambda text: "# 🧹\n" + text,
    "explicit key": lambda text: text + "  ? q\n  : {value: 1}\n",
    "quoted keys": lambda text: text.replace("parameters:", '"parameters":').replace("method:", "'method':"),
    "flow over lines": lambda text: text + "  q: {\n    values: [\n      1,\n      2,\n    ]\n  }\n",
    "long line": lambda text: "description: " + "word " * 400 + "\n" + text, "unprintable": lambda text: text + "# \x07\n",
    "half a file": lambda text: text + "  q: {values: [1, 2\n", "wide indent": lambda text: text.replace("\n  ", "\n      "),
}


def as_json(text, exponent):
    """The same file as JSON, as Python writes it; None where it is not YAML, or JSON has no such value."""
    import yaml
    try:
        made = json.dumps(yaml.safe_load(text), indent=2, allow_nan=False)
    except (yaml.YAMLError, TypeError, ValueError):
        return None
    return made.replace("0.001", "1e-03") if exponent else made


def one(dice):
    """A file of ordinary things, but for up to two."""
    places = ["method", "parameter", "parameter", "name", "metric", "stop", "command", "top", "top", "program", "form"]
    odd = set(dice.sample(places, dice.choice([0, 0, 1, 1, 1, 2])))
    label = []

    def pick(what, usual, unusual):
        table = unusual if what in odd else usual
        key = dice.choice(sorted(table))
        if what in odd:
            label.append(f"{what} {key}")
        return table[key]

    method = pick("method", {name: name for name in METHODS}, ODD_METHODS)
    space = COUNTABLE if method == "grid" else COUNTABLE | CONTINUOUS
    chosen = [(name, pick("parameter" if i == 0 else "", space, ODD_PARAMETERS)) for i, name in enumerate(dice.sample(NAMES, dice.randint(1, 3)))]
    if method == "bayes":  # a constant alone is nothing to learn
        chosen.append(("width", "{min: 1, max: 64}"))
    if "name" in odd:
        chosen.append((pick("name", {}, ODD_NAMES), "{values: [1, 2]}"))
    tables = {"program": (PROGRAMS, ODD_PROGRAMS), "metric": (METRICS, ODD_METRICS), "stop": (STOPS, ODD_STOPS),
              "command": (COMMANDS, ODD_COMMANDS), "top": (TOPS, ODD_TOPS)}
    blocks = [f"method: {method}\n"] + [pick(what, *both) for what, both in tables.items()]
    dice.shuffle(blocks)
    text = pick("form", FORMS, ODD_FORMS)("".join(blocks) + parameters(chosen))
    if "form" not in odd and dice.random() < 0.1:
        made = as_json(text, dice.random() < 0.3)
        return (", ".join(label + ["JSON"]), made) if made else (", ".join(label), text)
    return ", ".join(label), text


def each_alone():
    """Every odd thing alone, under each method."""
    usual = {"parameter": "{values: [1, 2]}", "metric": METRICS["minimize"], "program": PROGRAMS["plain"], "form": FORMS["plain"]}
    tables = {"parameter": ODD_PARAMETERS | COUNTABLE | CONTINUOUS, "name": ODD_NAMES, "metric": METRICS | ODD_METRICS,
              "stop": STOPS | ODD_STOPS, "command": COMMANDS | ODD_COMMANDS, "top": TOPS | ODD_TOPS, "program": PROGRAMS | ODD_PROGRAMS,
              "form": FORMS | ODD_FORMS}
    for method, (what, table) in itertools.product(METHODS, tables.items()):
        for key, value in table.items():
            it = usual | {what: value}
            space = [("lr", it["parameter"]), ("width", "{min: 1, max: 4}")] + ([(value, "{values: [1, 2]}")] if what == "name" else [])
            blocks = f"method: {method}\n" + "".join(it.get(part, "") for part in ["program", "metric", "stop", "command", "top"])
            yield f"{what} {key}", it["form"](blocks + parameters(space))
    for key, method in ODD_METHODS.items():
        yield f"method {key}", f"method: {method}\n" + parameters([("lr", "{values: [1, 2]}")])


def files(count, seed=1):
    dice = random.Random(seed)
    made = list(each_alone())
    made += [one(dice) for _ in range(count - len(made))]
    return made
