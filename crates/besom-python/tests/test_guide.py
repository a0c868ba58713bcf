"""The code of the README and of the guide's pages runs as it stands."""

import pathlib
import re
import sys

import pytest

import besom

GUIDE = pathlib.Path(__file__).parents[3] / "docs/guide"


def blocks(page="python.md", language="python"):
    return re.findall(rf"```{language}\n(.*?)```", (GUIDE / page).read_text(), re.DOTALL)


def test_the_lines_of_the_readme_run_its_sweep(place):
    (file,) = blocks("../../README.md", "yaml")
    (place / "sweep.yaml").write_text(file)

    _, lines = blocks("../../README.md")
    space = {}
    exec(lines, space)
    sweep = besom.Api().sweep(space["sweep_id"])
    assert sweep.state == "finished" and len(sweep.runs) == 20 and sweep.best_run().config["hidden"] > 16


def test_the_program_for_several_gpus_logs_on_one_rank_only(tmp_path, monkeypatch):
    (block,) = blocks("gpus-and-clusters.md")
    (tmp_path / "params.json").write_text('{"lr": 0.5}')
    monkeypatch.setenv("BESOM_PARAMS", str(tmp_path / "params.json"))
    monkeypatch.setenv("BESOM_METRICS", str(tmp_path / "metrics.jsonl"))
    for rank in range(2):
        monkeypatch.setenv("RANK", str(rank))
        exec(block, {})
    rows = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert rows[-1] == '{"epoch": 2, "loss": 1.5}' and len(rows) == 3


def test_the_program_for_optuna_runs():
    pytest.importorskip("optuna")
    (block,) = blocks("coming-from-optuna.md")
    space = {"objective": lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2}
    exec(block, space)
    assert space["study"].best_value < 1e-3


def test_the_first_program_finds_parameters(capsys):
    exec(blocks()[0], {})
    assert "'lr':" in capsys.readouterr().out


def test_the_loop_of_ask_and_tell_ends():
    pytest.importorskip("pandas")
    (block,) = [block for block in blocks() if "while (run := sweep.ask())" in block]
    config = {"method": "random", "run_cap": 5, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    space = {"besom": besom, "config": config, "objective": lambda x: x}
    exec(block, space)
    assert space["sweep"].done


def test_the_program_with_several_metrics_finds_a_front(capsys):
    (block,) = [block for block in blocks() if "sweep.front" in block and "sweep.tell" in block]
    exec(block, {"besom": besom})
    assert "'latency':" in capsys.readouterr().out


def test_the_algorithms_keep_the_laws():
    (block,) = [block for block in blocks() if "class Middle" in block]
    controller = besom.controller({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    space = {"besom": besom, "controller": controller}
    exec("import besom.testing\n" + block, space)
    besom.testing.check_stopper(space["above_one"])


def test_the_programs_for_frameworks_are_python():
    programs = [program for program in blocks("frameworks.md") if program.startswith("import besom")]
    assert len(programs) == 7
    for program in programs:
        compile(program, "train.py", "exec")


@pytest.mark.parametrize("package", ["sklearn.neural_network", "sklearn.ensemble", "xgboost"])
def test_the_program_for_a_framework_reports_to_its_sweep(package, place):
    """Those of packages that are installed; the large ones were run when the page was written."""
    pytest.importorskip("sklearn")
    pytest.importorskip(package)
    (program,) = [program for program in blocks("frameworks.md") if re.search(rf"^(import|from) {re.escape(package)}\b", program, re.M)]
    (place / "train.py").write_text(program)
    (file,) = blocks("frameworks.md", "yaml")
    file = file.replace("run_cap: 30", "run_cap: 2").replace("min: 1e-4, max: 0.3", "min: 0.01, max: 0.1")
    (place / "sweep.yaml").write_text(file + f'command: ["{sys.executable}", "${{program}}", "${{args}}"]\n')
    sweep_id = besom.sweep("sweep.yaml")
    besom.agent(sweep_id)
    best = besom.Api().sweep(sweep_id).best_run()
    assert best is not None and best.best > 0.5
