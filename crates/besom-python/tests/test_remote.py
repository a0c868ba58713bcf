"""A store behind a server: `BESOM_STORE` is a URL, and the whole package works as with a directory."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from conftest import runs

import besom

CONFIG = {
    "method": "random",
    "run_cap": 3,
    "metric": {"name": "loss"},
    "parameters": {"x": {"min": 0.0, "max": 1.0}},
}


@pytest.fixture
def served(place, monkeypatch):
    """A server of an empty store on this machine, and its process; `BESOM_STORE` and `BESOM_TOKEN` are set to its URL and its owner's token."""
    command = [sys.executable, "-m", "besom", "--store", str(place / "served"), "serve", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    # Should it say nothing, the test ends all the same.
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        link = next(filter(None, (re.search(r"(http://\S+)/#token=(\w+)", line) for line in process.stdout)), None)
        assert link, "the server says where it is"
        timer.cancel()
        monkeypatch.setenv("BESOM_STORE", link.group(1))
        monkeypatch.setenv("BESOM_TOKEN", link.group(2))
        yield link.group(1), process
    finally:
        timer.cancel()
        process.terminate()
        process.wait(60)


@pytest.fixture
def server(served):
    """The URL of that server."""
    return served[0]


def train():
    run = besom.init()
    besom.log({"loss": run.config.x, "epoch": 1})


def test_a_sweep_runs_in_a_store_behind_a_server(server, place):
    sweep_id = besom.sweep(CONFIG, seed=1)
    assert besom.agent(sweep_id, train, quiet=True) == 3
    sweep = besom.Api().sweep(sweep_id)
    assert [run.state for run in sweep.runs] == ["finished"] * 3
    best = sweep.best_run()
    assert best.summary["loss"] == best.config["x"] == min(run.config["x"] for run in sweep.runs)
    assert [row["loss"] for row in best.history(pandas=False)] == best.curve() == [best.config["x"]]
    there = besom.Api(store=str(place / "served")).sweep(sweep_id)
    assert there.state == sweep.state and [run.config for run in there.runs] == [run.config for run in sweep.runs]


def test_a_program_is_executed_with_its_parameters(server, script):
    script.write("import besom\nrun = besom.init()\nbesom.log({'loss': run.config.x})\n", "train.py")
    sweep_id = besom.sweep({**CONFIG, "program": "train.py"}, seed=1)
    assert besom.agent(sweep_id, processes=2, quiet=True) == 3
    assert all(run.summary["loss"] == run.config["x"] and os.path.isdir(run.dir) for run in runs(sweep_id))


def test_the_server_stops_a_bad_run_and_its_function_ends_at_a_row(server):
    config = {
        "method": "grid",
        "metric": {"name": "loss"},
        "early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 3},
        "parameters": {"level": {"values": [1, 2]}},
    }

    def train():
        level = besom.init().config.level
        for _ in range(10_000):
            besom.log({"loss": level})
            # Only the second one is to be stopped, which takes a moment.
            if level > 1:
                time.sleep(0.002)

    sweep_id = besom.sweep(config, seed=1)
    assert besom.agent(sweep_id, train, quiet=True) == 2
    first, second = runs(sweep_id)
    assert (first.state, first.stop_reason) == ("finished", None)
    assert second.state == "finished" and second.stop_reason and len(second.curve()) < 10_000


def test_the_owner_pauses_extends_and_removes_a_sweep(server):
    sweep_id = besom.sweep(CONFIG, seed=1)
    sweep = besom.Api().sweep(sweep_id)
    sweep.pause()
    assert sweep.state == "paused"
    sweep.resume()
    assert besom.agent(sweep_id, train, quiet=True) == 3
    assert besom.extend(sweep_id, 2) == 5
    assert besom.agent(sweep_id, train, quiet=True) == 2
    assert len(runs(sweep_id)) == 5
    besom.remove(sweep_id)
    assert besom.Api().sweeps() == []


def test_the_store_of_an_api_is_the_one_that_it_changes(server, monkeypatch):
    sweep_id = besom.sweep(CONFIG, seed=1)
    monkeypatch.setenv("BESOM_STORE", "elsewhere")
    sweep = besom.Api(store=server).sweep(sweep_id)
    sweep.pause()
    assert sweep.state == "paused"


def test_a_controller_of_ones_own_drives_a_sweep(server):
    sweep = besom.controller(besom.sweep({**CONFIG, "controller": {"type": "local"}}, seed=1))
    params = sweep.search()
    assert sweep.schedule(params) == 1
    sweep.schedule({"x": 0.25})
    assert besom.agent(sweep.sweep_id, train, count=2, quiet=True) == 2
    assert [run.config["x"] for run in runs(sweep.sweep_id)] == [params["x"], 0.25]
    assert not sweep.done() and sweep.stopping() == {}
    sweep.schedule(sweep.search())
    assert besom.agent(sweep.sweep_id, train, count=1, quiet=True) == 1


def test_a_method_of_ones_own_is_stepped_by_the_process_that_registered_it(server):
    class Corner:
        def __init__(self, problem, options):
            pass

        def suggest(self, ask):
            return besom.Suggestion(ask.problem.decode([1.0]))

    besom.register_search("far corner", Corner)
    sweep_id = besom.sweep({**CONFIG, "method": "far corner"}, seed=1)
    assert besom.agent(sweep_id, train, quiet=True) == 3
    assert [run.config["x"] for run in runs(sweep_id)] == [1.0] * 3


def test_the_card_of_a_notebook_links_to_the_server_without_a_token(server):
    sweep_id = besom.sweep(CONFIG, seed=1)
    card = besom.Api().sweep(sweep_id)._repr_html_()
    assert f'href="{server}/#/s/{sweep_id}"' in card and os.environ["BESOM_TOKEN"] not in card


def test_a_wrong_token_is_said_with_the_url(server, monkeypatch):
    monkeypatch.setenv("BESOM_TOKEN", "x" * 40)
    with pytest.raises(besom.StoreError, match=f"cannot use the store at {server}: the server does not know the token"):
        besom.Api().sweeps()


def test_a_server_that_is_not_there_is_said_with_the_url(monkeypatch):
    monkeypatch.setenv("BESOM_STORE", "http://127.0.0.1:9")
    with pytest.raises(besom.StoreError, match="cannot use the store at http://127.0.0.1:9: no server listens there"):
        besom.Api().sweeps()


def test_a_function_that_logs_by_wandb_is_interrupted_while_its_server_hangs(served):
    _, process = served
    how = []

    def train():
        key = base64.b64encode(f"api:{os.environ['WANDB_API_KEY']}".encode()).decode()
        row = {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"loss": 1}']}}}
        url = os.environ["WANDB_BASE_URL"] + "/files/local/p/run/file_stream"
        process.send_signal(signal.SIGSTOP)
        try:
            urllib.request.urlopen(urllib.request.Request(url, json.dumps(row).encode(), {"Authorization": f"Basic {key}"})).close()
            for _ in range(4000):
                time.sleep(0.01)
            how.append("not at all")
        except besom.RunStopped:
            how.append("interrupted")
            raise
        finally:
            process.send_signal(signal.SIGCONT)

    sweep_id = besom.sweep({**CONFIG, "run_cap": 1, "timeout": "2s"}, seed=1)
    besom.agent(sweep_id, train, quiet=True, wandb="local")
    assert how == ["interrupted"]
    assert [row["loss"] for row in besom.Api().sweep(sweep_id).runs[0].history()] == [1]
