"""The unmodified client of Weights & Biases against `besom serve`.

The client is that of this interpreter, or of the one that $WANDB_PYTHON names; the command is that of the package, or $BESOM.
"""

import importlib.util
import json
import os
import pathlib
import shlex
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request

import pytest

CLIENT = os.environ.get("WANDB_PYTHON", sys.executable)
BESOM = shlex.split(os.environ.get("BESOM", f"{sys.executable} -m besom"))
if CLIENT == sys.executable and importlib.util.find_spec("wandb") is None:
    pytest.skip("wandb is missing", allow_module_level=True)

#: The longest time in seconds for a program of the client.
LIMIT = 240

GRID = """
import wandb
config = {
    "method": "grid", "name": "nested", "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {
        "lr": {"values": [0.1, 0.2]},
        "opt": {"parameters": {"name": {"values": ["adam"]}, "beta": {"value": 1.0}}},
    },
}
"""


class Server:
    """A server of a store of its own, with the environment of its clients."""

    def __init__(self, place):
        self.place = place
        self.store = place / "store"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = None
        self.start()

    def start(self):
        command = [*BESOM, "--store", str(self.store), "serve", "--listen", f"127.0.0.1:{self.port}", "-v"]
        with open(self.place / "server.err", "a") as err:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
        lines = [self.process.stdout.readline() for _ in range(4)]
        words = lines[-1].split()
        assert words and words[0] == "wandb", lines
        self.env = dict(word.split("=", 1) for word in words[1:])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB_", "BESOM_"))}
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        quiet = {"WANDB_DIR": str(home), "HOME": str(home), "WANDB_SILENT": "true", "WANDB_CONSOLE": "wrap"}
        return {**env, **quiet, **self.env, **more}

    def begin(self, *command, **env):
        return subprocess.Popen(
            [CLIENT, *map(str, command)], cwd=self.place, env=self.environment(**env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def end(self, program, code=0):
        try:
            out, err = program.communicate(timeout=LIMIT)
        finally:
            program.kill()
        assert code is None or program.returncode == code, f"{out}\n{err}\n{(self.place / 'server.err').read_text()}"
        return out + ("" if code == 0 else err)

    def client(self, text, *arguments, code=0, **env):
        """Run a program of the client, and return what it has printed."""
        path = self.place / f"client-{len(list(self.place.iterdir()))}.py"
        path.write_text(textwrap.dedent(text))
        return self.end(self.begin(path, *arguments, **env), code)

    def wandb(self, *arguments, code=0):
        program = self.begin("-m", "wandb", *arguments, WANDB_SILENT="false")
        try:
            out, err = program.communicate(timeout=LIMIT)
        finally:
            program.kill()
        assert program.returncode == code, out + err
        return out + err

    def view(self, path):
        """Return what the dashboard shows."""
        token = json.loads((self.store / "server.json").read_text())["owner"]
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/sweeps/{path}".rstrip("/"), headers=headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def runs(self, sweep):
        return self.view(f"{sweep}/runs")["runs"]

    def write(self, name, text):
        (self.place / name).write_text(textwrap.dedent(text))

    def sweep_id(self, printed):
        return printed.split("wandb agent ")[1].split()[0].split("/")[-1]


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.kill()


def test_a_function_agent_executes_all_runs_with_nested_parameters(server):
    out = server.client(GRID + """
def train():
    with wandb.init(tags=["a"], notes="n", config={"extra": 1}) as run:
        run.config.update({"layers": 3})
        for step in range(3):
            run.log({"loss": run.config.lr / (step + 1), "bad": float("nan"), "far": float("inf")})
        print("hello from", run.config.opt["name"])
        run.summary["note"] = "done"
sweep = wandb.sweep(config, project="digits")
wandb.agent(sweep, train, project="digits")
print(sweep)
""")
    sweep = out.split()[-1]
    runs = server.runs(sweep)
    assert [run["state"] for run in runs] == ["finished"] * 2
    assert {run["params"]["lr"] for run in runs} == {0.1, 0.2} and runs[0]["params"]["opt"] == {"name": "adam", "beta": 1.0}
    shown = server.view(f"{sweep}/runs/1")
    assert shown["rows"] == 3 and shown["facts"]["config"] == {"extra": 1, "layers": 3}
    assert shown["facts"]["tags"] == ["a"] and shown["facts"]["notes"] == "n" and shown["facts"]["summary"]["note"] == "done"
    assert server.view(sweep)["state"] == "finished"


def test_a_command_line_agent_executes_programs(server):
    server.write("train.py", """
        import argparse, wandb
        parser = argparse.ArgumentParser()
        parser.add_argument("--lr", type=float)
        lr = parser.parse_args().lr
        with wandb.init() as run:
            assert run.config.lr == lr
            run.log({"loss": lr})
            if lr == 0.3:
                raise ValueError("diverged")
    """)
    server.write("sweep.yaml", f"""
        program: train.py
        method: grid
        metric: {{name: loss, goal: minimize}}
        parameters: {{lr: {{values: [0.1, 0.2, 0.3]}}}}
        command: [{CLIENT}, "${{program}}", "${{args}}"]
    """)
    sweep = server.sweep_id(server.wandb("sweep", "--project", "digits", "sweep.yaml"))
    server.wandb("agent", f"local/digits/{sweep}")
    assert sorted(run["state"] for run in server.runs(sweep)) == ["failed", "finished", "finished"]
    failed = next(run["number"] for run in server.runs(sweep) if run["state"] == "failed")
    assert "diverged" in server.view(f"{sweep}/runs/{failed}")["message"]


def test_an_owner_pauses_resumes_stops_and_cancels(server):
    server.write("sweep.yaml", "{program: t.py, method: random, metric: {name: loss}, parameters: {lr: {min: 0.1, max: 1.0}}}")
    sweep = server.sweep_id(server.wandb("sweep", "--project", "digits", "sweep.yaml"))
    path = f"local/digits/{sweep}"
    state = lambda: server.view(sweep)["state"]  # noqa: E731
    for option, expected in [("--resume", "running"), ("--pause", "paused"), ("--resume", "running"), ("--stop", "finished")]:
        server.wandb("sweep", option, path)
        assert state() == expected
    other = server.sweep_id(server.wandb("sweep", "--project", "digits", "sweep.yaml"))
    server.wandb("sweep", "--cancel", f"local/digits/{other}")
    assert server.view(other)["state"] == "canceled"


def test_all_problems_of_a_sweep_are_in_one_message(server):
    out = server.client("""
        import wandb
        wandb.sweep({"method": "bayse", "parameters": {"lr": {"min": 2.0, "max": 1.0}}, "metric": {"name": "loss"}}, project="p")
    """, code=1)
    assert "bayse" in out and "bayes" in out and "lr" in out


def test_a_sweep_that_has_not_begun_is_updated(server):
    server.write("sweep.yaml", "{program: t.py, method: grid, metric: {name: loss}, parameters: {lr: {values: [1, 2]}}}")
    sweep = server.sweep_id(server.wandb("sweep", "--project", "digits", "sweep.yaml"))
    server.write("sweep.yaml", "{program: t.py, method: grid, metric: {name: loss}, parameters: {lr: {values: [1, 2, 3]}}}")
    server.wandb("sweep", "--project", "digits", "--update", f"local/digits/{sweep}", "sweep.yaml")
    assert "3" in server.view(sweep)["text"]


def test_a_run_outside_of_a_sweep_is_kept(server):
    out = server.client("""
        import wandb
        for fold in range(2):
            with wandb.init(project="alone", name=f"fold {fold}", config={"lr": 0.1}) as run:
                run.log({"loss": fold})
                print(run.id)
        api = wandb.Api()
        print(sorted((run.name, run.state, run.config["lr"], run.summary["loss"]) for run in api.runs("local/alone")))
    """)
    assert out.splitlines()[-1] == "[('fold 0', 'finished', 0.1, 0), ('fold 1', 'finished', 0.1, 1)]"


def test_the_public_interface_reads_sweeps_runs_and_histories(server):
    out = server.client(GRID + """
def train():
    with wandb.init() as run:
        run.define_metric("acc", summary="max")
        for step in range(4):
            run.log({"loss": run.config.lr / (step + 1), "acc": -step, "bad": float("nan")})
sweep = wandb.sweep(config, project="digits")
wandb.agent(sweep, train, project="digits")
api = wandb.Api()
found = api.sweep("local/digits/" + sweep)
assert found.state == "FINISHED", found.state
assert found.best_run().config["lr"] == 0.1
assert len(found.runs) == 2
runs = api.runs("local/digits", filters={"$and": [{"sweep": sweep}, {"config.lr": {"$gt": 0.15}}]})
assert [run.config["lr"] for run in runs] == [0.2]
runs = api.runs("local/digits", filters={"sweep": sweep}, order="-summary_metrics.loss")
assert [run.config["lr"] for run in runs] == [0.2, 0.1]
run = runs[1]
assert run.state == "finished" and run.summary["acc"]["max"] == 0, dict(run.summary)
assert [row["loss"] for row in run.history(pandas=False)] == [0.1 / (step + 1) for step in range(4)]
assert [row["_step"] for row in run.scan_history()] == [0, 1, 2, 3]
assert [row["acc"] for row in run.scan_history(keys=["acc"])] == [0, -1, -2, -3]
assert api.run(f"local/digits/{run.id}").id == run.id
print("ok")
""")
    assert out.split()[-1] == "ok"


def test_media_tables_and_artifacts_do_no_harm(server):
    server.write("data.txt", "x")
    out = server.client("""
        import wandb
        with wandb.init(project="media") as run:
            run.log({"t": wandb.Table(columns=["a"], data=[[1]]), "h": wandb.Histogram([1, 2, 3]), "loss": 1})
            artifact = wandb.Artifact("data", type="dataset")
            artifact.add_file("data.txt")
            run.log_artifact(artifact)
            run.alert("title", "text")
            run.save("data.txt")
        api = wandb.Api()
        (run,) = api.runs("local/media")
        print(run.state, run.summary["loss"])
    """)
    assert out.splitlines()[-1] == "finished 1"


def test_a_controller_schedules_runs_and_ends_the_sweep(server):
    server.write("train.py", """
        import wandb
        with wandb.init() as run:
            run.log({"loss": run.config.lr})
    """)
    out = server.client(f"""
        import os, subprocess, wandb
        config = {{"method": "grid", "metric": {{"name": "loss", "goal": "minimize"}}, "program": "train.py",
                  "controller": {{"type": "local"}}, "parameters": {{"lr": {{"values": [0.1, 0.2]}}}}, "command": [{CLIENT!r}, "${{program}}"]}}
        sweep = wandb.controller(config)
        env = {{key: value for key, value in os.environ.items() if "SERVICE" not in key}}
        agent = subprocess.Popen([{CLIENT!r}, "-m", "wandb", "agent", sweep.sweep_id], env=env)
        sweep.run()
        agent.wait()
        print(sweep.sweep_id)
    """, WANDB_PROJECT="digits")
    sweep = out.split()[-1]
    assert [run["state"] for run in server.runs(sweep)] == ["finished"] * 2
    assert server.view(sweep)["state"] == "finished"


def test_a_stopping_rule_ends_runs_with_all_their_rows(server):
    out = server.client("""
        import time, wandb
        config = {
            "method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "parameters": {"lr": {"values": [1.0, 1.1, 1.2, 2.0]}},
            "early_terminate": {"type": "hyperband", "min_iter": 5, "eta": 2},
        }
        def train():
            with wandb.init() as run:
                for step in range(200 if run.config.lr == 2 else 100):
                    run.log({"loss": run.config.lr - step / 1000})
                    time.sleep(0.5 if run.config.lr == 2 else 0)
        sweep = wandb.sweep(config, project="digits")
        wandb.agent(sweep, train, project="digits")
        print(sweep)
    """)
    sweep = out.split()[-1]
    runs = server.runs(sweep)
    assert [run["state"] for run in runs] == ["finished"] * 3 + ["stopped"]
    assert 5 <= runs[3]["rows"] < 200


def test_a_run_survives_a_restart_of_the_server(server):
    program = server.place / "long.py"
    program.write_text(GRID + """
import pathlib, time
def train():
    with wandb.init() as run:
        for step in range(40):
            run.log({"loss": run.config.lr / (step + 1)})
            time.sleep(0.2)
            pathlib.Path("begun").touch()
config["parameters"]["lr"] = {"values": [0.1]}
sweep = wandb.sweep(config, project="digits")
wandb.agent(sweep, train, project="digits")
print(sweep)
""")
    client = server.begin(program, WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL="1")
    while not (server.place / "begun").exists():
        assert client.poll() is None, server.end(client, code=None)
        time.sleep(0.1)
    server.kill()
    server.start()
    sweep = server.end(client).split()[-1]
    (run,) = server.runs(sweep)
    assert (run["state"], run["rows"], run["attempt"]) == ("finished", 40, 1)


def test_a_run_that_is_preempted_is_executed_again(server):
    out = server.client("""
        import pathlib, wandb
        def train():
            with wandb.init() as run:
                run.log({"loss": 1})
                if not pathlib.Path("before").exists():
                    pathlib.Path("before").touch()
                    run.mark_preempting()
                    raise RuntimeError("the machine goes")
        config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"lr": {"values": [1]}}}
        sweep = wandb.sweep(config, project="digits")
        wandb.agent(sweep, train, project="digits")
        print(sweep)
    """)
    sweep = out.split()[-1]
    (run,) = server.runs(sweep)
    assert (run["state"], run["attempt"]) == ("finished", 2)


def test_a_metric_that_is_only_in_the_summary_counts(server):
    out = server.client(GRID + """
def train():
    with wandb.init() as run:
        run.log({"other": 1})
        run.summary["loss"] = run.config.lr
sweep = wandb.sweep(config, project="digits")
wandb.agent(sweep, train, project="digits")
print(sweep)
""")
    sweep = out.split()[-1]
    assert server.view(sweep)["best"]["value"] == 0.1


def test_an_id_that_is_used_again_loses_no_rows(server):
    out = server.client("""
        import wandb
        def part(values, **more):
            with wandb.init(project="again", id="one", **more) as run:
                print("goes on" if run.starting_step else "begins")
                for value in values:
                    run.log({"loss": value})
        part([1, 2])
        part([3, 4], resume="allow")
        part([5], resume="must")
        part([6])
        *_, run = wandb.Api().runs("local/again")
        print(run.id, run.state, [row["loss"] for row in run.scan_history()])
    """)
    assert out.splitlines() == ["begins", "goes on", "goes on", "begins", "one finished [6]"]
    (sweep,) = server.view("")["sweeps"]
    assert [(run["state"], run["attempt"], run["rows"]) for run in server.runs(sweep["id"])] == [("finished", 4, 1)]


def test_a_second_part_of_a_sweeps_run_is_a_run_of_the_project(server):
    out = server.client(GRID + """
def train():
    for fold in range(2):
        with wandb.init() as run:
            run.log({"loss": run.config.lr + fold})
config["parameters"] = {"lr": {"values": [0.1]}}
sweep = wandb.sweep(config, project="folds")
wandb.agent(sweep, train, project="folds")
print(sweep)
""")
    sweep = out.split()[-1]
    (run,) = server.runs(sweep)
    assert (run["state"], run["rows"], server.view(sweep)["best"]["value"]) == ("finished", 1, 0.1)
    (other,) = [each["id"] for each in server.view("")["sweeps"] if each["id"] != sweep]
    (part,) = server.runs(other)
    assert (part["state"], part["rows"]) == ("finished", 1)
    assert "has ended; what W&B's client logs under its id goes to run" in (server.place / "server.err").read_text()
