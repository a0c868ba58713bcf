"""Programs and functions that use W&B's unmodified client log into the runs of `besom run` and `besom.agent`.

WANDB_PYTHON is an interpreter with the client; by default it is this one. Without the client there is nothing to test.
"""

import json
import os
import subprocess
import sys
import textwrap

import pytest

import besom

PYTHON = os.environ.get("WANDB_PYTHON", sys.executable)
PACKAGE = os.path.dirname(os.path.dirname(besom.__file__))


def has(module):
    return subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not has("wandb"), reason=f"{PYTHON} has no wandb")


class Place:
    """A directory with a sweep file and a program, a home without a login, and what is typed there."""

    def __init__(self, path):
        self.path = path
        self.home = path / "home"
        self.home.mkdir()
        here = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "BESOM_", "NETRC"))}
        bin = os.path.dirname(PYTHON)
        self.environment = {**here, "HOME": str(self.home), "PATH": f"{bin}{os.pathsep}{here['PATH']}", "PYTHONPATH": PACKAGE}

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def besom(self, *arguments, code=0, **more):
        command = [PYTHON, "-m", "besom", *arguments]
        done = subprocess.run(
            command, cwd=self.path, env={**self.environment, **more}, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}\n{self.output()}"
        return done

    def output(self):
        return "\n".join(path.read_text() for path in sorted(self.path.glob(".besom/runs/*/*/attempt-*/output.log")))

    def show(self, run):
        return json.loads(self.besom("show", str(run), "--json").stdout)

    def rows(self, run, attempt=1):
        (file,) = self.path.glob(f".besom/runs/*/{run}/attempt-{attempt}/metrics.jsonl")
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return [line for line in lines if "_besom" not in line]

    def facts(self, run):
        (file,) = self.path.glob(f".besom/runs/*/{run}/attempt-1/metrics.jsonl")
        merged = {}
        for line in map(json.loads, file.read_text().splitlines()):
            merged.update(line.get("_besom", {}))
        return merged


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


SWEEP = """
    program: train.py
    method: grid
    seed: 1
    metric: {name: loss}
    parameters:
      lr: {values: [0.5, 0.25]}
      model: {parameters: {width: {value: 3}}}
"""


def test_a_program_finds_its_parameters_and_logs_into_its_run(place):
    place.write("sweep.yaml", SWEEP)
    place.write(
        "train.py",
        """
        import wandb

        run = wandb.init(project="demo", entity="somebody", config={"depth": 2, "lr": 9}, tags=["big"], notes="a note", group="g")
        assert run.sweep_id and run.id.startswith(run.sweep_id)
        assert wandb.config.model["width"] == 3 and wandb.config.lr < 1, dict(wandb.config)
        run.config.update({"heads": 4})
        for step in range(5):
            loss = float("nan") if step == 0 else run.config.lr / step
            wandb.log({"loss": loss, "val": {"acc": step}})
        run.summary["best_step"] = 4
        """,
    )
    said = place.besom("run", "sweep.yaml", "-j", "2")
    assert "wandb" not in said.stderr, said.stderr
    for run, lr in [(1, 0.5), (2, 0.25)]:
        shown = place.show(run)
        assert shown["run"]["state"] == "finished", shown
        rows = place.rows(run)
        assert [row.get("loss") for row in rows] == ["NaN", lr, lr / 2, lr / 3, lr / 4, None]
        assert rows[3]["val"] == {"acc": 3} and rows[5] == {"best_step": 4}
        assert shown["curve"][1:] == [lr, lr / 2, lr / 3, lr / 4, None] or shown["curve"][1:5] == [lr, lr / 2, lr / 3, lr / 4]
        facts = place.facts(run)
        assert facts["tags"] == ["big"] and facts["notes"] == "a note" and facts["group"] == "g"
        assert facts["config"]["heads"] == 4 and "lr" not in facts["config"]
    assert not (place.path / "wandb").exists(), "the client's own files belong to the attempt"
    (files,) = place.path.glob(".besom/runs/*/1/attempt-1/wandb")
    assert files.is_dir()


def test_a_metric_that_stands_in_the_summary_alone_counts(place):
    place.write("sweep.yaml", SWEEP.replace("name: loss", "name: loss.min"))
    place.write(
        "train.py",
        """
        import wandb

        with wandb.init() as run:
            run.define_metric("loss", summary="min")
            for loss in [3, 1, 2]:
                run.log({"loss": loss * run.config.lr})
        """,
    )
    place.besom("run", "sweep.yaml")
    best = json.loads(place.besom("best", "--json").stdout)
    assert "0.25" in json.dumps(best), best


def test_a_bad_run_is_stopped_early_and_keeps_its_rows(place):
    place.write("sweep.yaml", SWEEP + "    early_terminate: {type: threshold, upper: 10}\n")
    place.write(
        "train.py",
        """
        import time
        import wandb

        run = wandb.init()
        for step in range(2000):
            wandb.log({"loss": 1 if run.config.lr < 0.5 else 9.5 + step})
            if run.config.lr < 0.5 and step == 10:
                break
            time.sleep(0.05)
        """,
    )
    place.besom("run", "sweep.yaml", "-j", "2")
    stopped, other = place.show(1), place.show(2)
    assert stopped["run"]["state"] == "finished" and stopped["run"]["stop_kind"] == "early", stopped["run"]
    assert 2 <= len(place.rows(1)) < 2000
    assert other["run"]["state"] == "finished" and other["run"]["stop_kind"] is None


def test_a_crash_is_retried_and_a_program_that_resumes_keeps_its_rows(place):
    place.write("sweep.yaml", SWEEP.replace("[0.5, 0.25]", "[0.5]") + "    retry: 2\n")
    place.write(
        "train.py",
        """
        import os
        import sys
        import time
        import wandb

        run = wandb.init(resume="allow")
        begin = run.starting_step
        for step in range(begin, 4):
            wandb.log({"loss": step})
            if step == 1 and os.environ["BESOM_ATTEMPT"] == "1":
                run.finish(exit_code=1)
                sys.exit(3)
        """,
    )
    place.besom("run", "sweep.yaml")
    assert [row["loss"] for row in place.rows(1, attempt=1)] == [0, 1]
    # 0.31 begins after the last step, 0.22 at it.
    again = [row["loss"] for row in place.rows(1, attempt=2)]
    assert again in ([2, 3], [1, 2, 3])
    shown = place.show(1)
    assert shown["run"]["state"] == "finished" and shown["curve"] == [0, 1, *again], shown


def test_several_runs_of_the_client_in_one_program_are_parts_of_its_run(place):
    place.write("sweep.yaml", SWEEP.replace("[0.5, 0.25]", "[0.5]"))
    place.write(
        "train.py",
        """
        import wandb

        for fold in range(3):
            run = wandb.init(reinit=True)
            run.log({"fold": fold, "loss": fold})
            run.finish()
        """,
    )
    place.besom("run", "sweep.yaml")
    assert [row["loss"] for row in place.rows(1)] == [0, 1, 2]


def test_who_logs_elsewhere_is_told_once_and_left_alone(place):
    place.write("sweep.yaml", SWEEP.replace("method: grid", "method: grid\n    run_cap: 1"))
    place.write(
        "train.py",
        """
        import os
        assert "WANDB_BASE_URL" not in os.environ
        import wandb

        wandb.init(project="demo")
        wandb.log({"loss": 1})
        """,
    )
    said = place.besom("run", "sweep.yaml", code=1, WANDB_MODE="offline")
    assert said.stderr.count("WANDB_MODE is set") == 1 and "--wandb local" in said.stderr, said.stderr
    assert place.rows(1) == []
    said = place.besom("run", "sweep.yaml", "--wandb", "off", code=1, WANDB_MODE="offline")
    assert "WANDB_MODE" not in said.stderr, said.stderr


def test_who_insists_logs_here_wherever_he_is_logged_in(place):
    place.write("sweep.yaml", SWEEP)
    place.write("train.py", "import wandb\nwandb.init()\nwandb.log({'loss': 1})\n")
    (place.home / ".netrc").write_text("machine api.wandb.ai\n  login user\n  password " + "0" * 40 + "\n")
    place.besom("run", "sweep.yaml", "--wandb", "local", WANDB_MODE="disabled")
    assert [row["loss"] for row in place.rows(1)] == [1]


def test_who_does_not_use_the_client_sees_nothing_of_it(place):
    place.write("sweep.yaml", SWEEP)
    place.write("train.py", "import os\nopen(os.environ['BESOM_METRICS'], 'a').write('{\"loss\": 1}\\n')\n")
    said = place.besom("run", "sweep.yaml", WANDB_API_KEY="0" * 40)
    assert "wandb" not in (said.stdout + said.stderr).lower(), said.stderr


FUNCTIONS = """
    import os
    import besom
    import wandb

    before = dict(os.environ)

    def train():
        with wandb.init(config={"depth": 2}) as run:
            for step in range(3):
                run.log({"loss": run.config.lr + step})
        return 0

    id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"lr": {"values": [1, 2, 3]}}})
    print(besom.agent(id, train))
    assert dict(os.environ) == before
    runs = besom.Api().sweep(id).runs
    assert sorted(run.summary["loss"] for run in runs) == [3, 4, 5], [dict(run.summary) for run in runs]
    assert all(run.state == "finished" for run in runs)
"""


def test_functions_log_into_their_runs_one_after_another(place):
    place.write("functions.py", FUNCTIONS)
    command = [PYTHON, "functions.py"]
    done = subprocess.run(command, cwd=place.path, env=place.environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "3", done.stdout + done.stderr
    assert "logged nothing" not in done.stderr, done.stderr


def test_a_function_is_stopped_early(place):
    place.write(
        "functions.py",
        """
        import time
        import besom
        import wandb

        def train():
            run = wandb.init()
            for step in range(2000):
                run.log({"loss": run.config.lr * step})
                if run.config.lr == 0 and step == 10:
                    break
                time.sleep(0.05)

        id = besom.sweep({
            "method": "grid", "metric": {"name": "loss"}, "parameters": {"lr": {"values": [0, 1]}},
            "early_terminate": {"type": "threshold", "upper": 10},
        })
        besom.agent(id, train)
        runs = {run.config["lr"]: run for run in besom.Api().sweep(id).runs}
        assert runs[0].state == runs[1].state == "finished", runs
        assert 10 < runs[1].summary["loss"] < 2000
        """,
    )
    command = [PYTHON, "functions.py"]
    done = subprocess.run(command, cwd=place.path, env=place.environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
