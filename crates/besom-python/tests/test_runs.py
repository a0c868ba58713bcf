"""Runs from training code, and how they end."""

import copy
import math
import pickle
import threading

import pytest
from conftest import runs

import besom

GRID = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3]}}}


def test_parameters_are_attributes_and_items_and_those_of_the_sweep_win():
    seen = []

    def train():
        run = besom.init(config={"x": 99, "epochs": 5})
        besom.config.update({"x": 98, "extra": 1})
        besom.config.late = 2
        assert besom.run is run and run.sweep_id == sweep_id and run.number == len(seen) + 1
        assert besom.config.x == besom.config["x"] == besom.config.get("x") == run.config.x
        assert "x" in besom.config and besom.config.get("nothing", 7) == 7
        seen.append(dict(besom.config.items()))
        with pytest.raises(AttributeError, match="has no parameter 'lr'; known: x"):
            besom.config.lr

    sweep_id = besom.sweep(GRID, seed=1)
    assert besom.agent(sweep_id, function=train) == 3
    assert seen == [{"x": x, "epochs": 5, "extra": 1, "late": 2} for x in (1, 2, 3)]
    assert besom.run is None


def test_a_run_ends_as_its_function_does(capsys):
    def train():
        x = besom.init().config.x
        if x == 1:
            raise ValueError("lr must be positive")
        besom.finish(exit_code=x - 2)

    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=train)
    ended = [(run.state, run.message) for run in runs(sweep_id)]
    assert ended == [
        ("failed", "ValueError: lr must be positive"),
        ("finished", None),
        ("failed", "finished with exit code 1"),
    ]
    assert "raise ValueError" in capsys.readouterr().err


def test_three_quick_failures_pause_the_sweep_and_say_why():
    def train():
        raise RuntimeError("no data")

    sweep_id = besom.sweep({**GRID, "parameters": {"x": {"values": list(range(9))}}}, seed=1)
    with pytest.raises(besom.SweepPaused, match="no data"):
        besom.agent(sweep_id, function=train)
    assert besom.Api().sweep(sweep_id).state == "paused"
    assert [run.state for run in runs(sweep_id)] == ["pending"] * 3, "what failed is given back"


@pytest.mark.parametrize("how", ["function=train", "function=train, processes=2", ""])
@pytest.mark.parametrize("broken", ["search", "rule"])
def test_agents_raise_when_a_search_or_a_stopping_rule_fails(script, broken, how):
    # A process of its own, which is killed if it waits for ever.
    out = script.run(
        f"""
        import sys
        import besom

        def give_up(history):
            if any(run.state == "finished" for run in history):
                raise ValueError("my {broken} is broken")

        class Search:
            def suggest(self, ask):
                give_up(ask.history) if "{broken}" == "search" else None
                return besom.Suggestion(ask.problem.decode([0.5]))

        def rule(problem, history):
            give_up(history)
            return {{}}

        def train():
            besom.init()
            besom.log({{"loss": 1.0}})

        if __name__ == "__main__":
            besom.register_search("mine", Search)
            besom.register_stopper("mine", rule)
            config = {{
                "method": "mine", "metric": {{"name": "loss"}}, "parameters": {{"x": {{"min": 0.0, "max": 1.0}}}},
                "command": [sys.executable, "-c", "import besom; besom.init(); besom.log({{'loss': 1.0}})"],
            }}
            if "{broken}" == "rule":
                config["early_terminate"] = {{"type": "mine"}}
            try:
                besom.agent(besom.sweep(config, seed=1), {how})
            except besom.SweepPaused as error:
                print(error)
        """,
        timeout=60,
    )
    assert f"the sweep is paused: the {'search method' if broken == 'search' else 'stopping rule'} 'mine' failed" in out
    assert f"ValueError: my {broken} is broken" in out


def test_agents_wait_while_the_owner_has_paused_the_sweep(script):
    out = script.run(
        """
        import threading
        import besom

        sweep_id = besom.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}, seed=1)

        def train():
            if besom.init().number == 1:
                besom.Api().sweep(sweep_id).pause()
                # Long after the agent has noticed.
                threading.Timer(1.0, besom.Api().sweep(sweep_id).resume).start()

        print(besom.agent(sweep_id, function=train))
        """,
        timeout=60,
    )
    assert out.split() == ["3"]


def test_a_heartbeat_timeout_is_a_positive_number_of_seconds():
    sweep_id = besom.sweep(GRID, seed=1)
    for wrong in (0, -1, math.nan):
        with pytest.raises(ValueError, match="heartbeat_timeout must be > 0"):
            besom.agent(sweep_id, function=lambda: None, heartbeat_timeout=wrong)
    assert besom.agent(sweep_id, function=lambda: None, heartbeat_timeout=5) == 3


def test_a_stopped_function_run_ends_at_a_row_whatever_it_catches():
    def train():
        run = besom.init()
        besom.log({"loss": 1.0})
        besom.controller(sweep_id).stop_runs({run.number: "enough"})
        while True:
            try:
                besom.log({"loss": 2.0})
            except Exception:
                pytest.fail("a stop is no Exception")
            except BaseException as stop:
                assert type(stop) is besom.RunStopped and str(stop) == "enough" and run.should_stop
                raise

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert (run.state, run.stop_reason) == ("finished", "enough")


def test_a_stopping_rule_ends_runs_of_a_function():
    config = {
        "method": "grid",
        "metric": {"name": "loss"},
        "early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 3},
        "parameters": {"level": {"values": [1, 2, 3, 4, 5, 6]}},
    }
    steps = 3000

    def train():
        import time

        level = besom.init().config.level
        for _ in range(steps):
            besom.log({"loss": level})
            # Only the second one is to be stopped, which takes a moment.
            if level > 1:
                time.sleep(0.002)

    sweep_id = besom.sweep(config, seed=1)
    besom.agent(sweep_id, function=train, count=1)
    besom.agent(sweep_id, function=train, count=1)
    first, second = runs(sweep_id)
    assert (first.stop_reason, first.state) == (None, "finished")
    assert second.state == "finished" and second.stop_reason and len(second.curve()) < steps


def test_an_interrupted_machine_gives_its_run_back():
    calls = []

    def train():
        run = besom.init()
        calls.append(run.attempt)
        if len(calls) == 1:
            run.mark_preempting()
            raise OSError("the machine goes")

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    assert calls == [1, 2] and runs(sweep_id)[0].state == "finished"


def test_a_program_gives_its_run_back_when_its_machine_goes(place, script):
    script.write(
        """
        import besom, sys
        run = besom.init()
        besom.log({"loss": run.attempt})
        if run.attempt < 3:
            run.mark_preempting()
            sys.exit(3)
        """
    )
    sweep_id = besom.sweep({**GRID, "run_cap": 1, "program": "program.py", "retry": {"failed": 0, "crashed": 0}}, seed=1)
    besom.agent(sweep_id)
    (run,) = runs(sweep_id)
    assert (run.state, run.history()) == ("finished", [{"loss": 1}, {"loss": 2}, {"loss": 3}]), run.message


def test_a_run_that_says_it_resumed_keeps_what_it_logged_before():
    def train():
        run = besom.init(resume=besom.init().attempt > 1)
        besom.log({"loss": run.attempt})
        if run.attempt == 1:
            raise OSError("out of memory")

    sweep_id = besom.sweep({**GRID, "run_cap": 1, "retry": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert (run.state, run.history()) == ("finished", [{"loss": 1}, {"loss": 2}])


def test_several_agents_of_one_process_keep_their_runs_apart():
    def train():
        run = besom.init()
        for _ in range(50):
            besom.log({"loss": besom.config.x, "number": besom.run.number})
            assert besom.run is run

    sweep_id = besom.sweep({"method": "random", "run_cap": 12, "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
    agents = [threading.Thread(target=besom.agent, args=(sweep_id, train)) for _ in range(3)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    assert len(runs(sweep_id)) == 12
    for run in runs(sweep_id):
        assert run.state == "finished"
        assert run.history() == [{"loss": run.config["x"], "number": run.number}] * 50


def test_logging_without_a_run_says_to_call_init():
    with pytest.raises(besom.BesomError, match="call besom.init\\(\\) before besom.log"):
        besom.log({"loss": 1})
    with pytest.raises(besom.BesomError, match="call besom.init\\(\\) before besom.config"):
        besom.config.get("x")
    besom.finish()


def test_a_program_finds_its_run_in_its_environment(script):
    script.write(
        """
        import besom
        run = besom.init(config={"epochs": 2})
        for _ in range(besom.config.epochs):
            besom.log({"loss": besom.config.x})
        print(run.id, run.number, run.attempt)
        """,
        "train.py",
    )
    sweep_id = besom.sweep({**GRID, "program": "train.py"}, seed=1)
    besom.agent(sweep_id, count=2)
    first, second = runs(sweep_id)
    assert [first.curve(), second.curve()] == [[1.0, 1.0], [2.0, 2.0]]
    besom.agent(sweep_id)
    assert [run.state for run in runs(sweep_id)] == ["finished"] * 3


def test_a_function_runs_in_separate_processes(script):
    out = script.run("""
        import os
        import besom

        def train():
            run = besom.init()
            besom.log({"loss": run.config.x, "process": os.getpid()})

        if __name__ == "__main__":
            sweep_id = besom.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}, seed=1)
            besom.agent(sweep_id, function=train, processes=2)
            runs = besom.Api().sweep(sweep_id).runs
            processes = {run.history()[0]["process"] for run in runs} | {os.getpid()}
            print(len(processes), sorted(run.summary["loss"] for run in runs))
    """)
    assert out.splitlines()[-1] == "4 [1, 2, 3]"


def test_a_function_that_another_process_cannot_import_is_rejected():
    sweep_id = besom.sweep(GRID, seed=1)
    with pytest.raises(TypeError, match="a top-level one of a module"):
        besom.agent(sweep_id, function=lambda: None, processes=2)


def test_a_forked_child_must_create_its_own_controller(script):
    out = script.run("""
        import os, besom
        controller = besom.controller(besom.sweep({"method": "grid", "parameters": {"x": {"values": [1]}}}, seed=1))
        if os.fork() == 0:
            try:
                controller.step()
            except RuntimeError as error:
                print(error, flush=True)
            os._exit(0)
        os.wait()
    """)
    assert out == "this controller was created before the process forked; create a new one in the child process\n"


def test_what_a_run_adds_to_its_config_is_kept():
    def train():
        run = besom.init(config={"x": 9, "model": object}, name="first")
        run.config.update(layers=3)
        run.config.seed = 7
        besom.log({"loss": 1})

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert run.config == {"model": "<class 'object'>", "layers": 3, "seed": 7, "x": 1}
    assert run.name == "first"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))])
def test_copies_of_config_and_summary_leave_the_run_alone(copied):
    def train():
        run = besom.init(config={"layers": 3})
        run.summary["loss"] = 1.0
        config, summary = copied(run.config), copied(run.summary)
        assert config.layers == 3 and summary == {"loss": 1.0}
        config.seed, summary["loss"] = 7, 0.0

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert (run.state, run.config, run.best) == ("finished", {"layers": 3, "x": 1}, 1.0)


def test_a_metric_that_never_arrives_is_warned_of():
    def train():
        besom.init()
        besom.log({"epoch": 1, "los": 0.5})

    sweep_id = besom.sweep(GRID, seed=1)
    why = "run 1 logged epoch and los, but not loss \\(did you mean los\\?\\)"
    with pytest.warns(UserWarning, match=f"^none of the 3 finished runs has a value of loss: {why}$"):
        assert besom.agent(sweep_id, function=train) == 3
    sweep = besom.Api().sweep(sweep_id)
    with pytest.warns(UserWarning, match=why):
        assert sweep.best_run() is None
    assert "but not loss" in sweep.missing_metric and "but not loss" in repr(sweep) and "but not loss" in sweep._repr_html_()


def test_a_sweep_whose_method_needs_a_metric_that_never_arrives_is_paused():
    sweep_id = besom.sweep({**GRID, "method": "bayes", "run_cap": 9, "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
    with pytest.raises(besom.SweepPaused, match="none of the 3 finished runs has a value of loss: run 1 logged nothing"):
        besom.agent(sweep_id, function=lambda: None)
    assert besom.Api().sweep(sweep_id).paused_by == "metric"


def test_the_table_of_runs_has_how_they_ended_and_what_they_logged():
    pandas = pytest.importorskip("pandas")

    def train():
        besom.init()
        besom.log({"loss": 2.0, "val": {"acc": 0.5}, "state": "warm"})
        besom.log({"loss": math.nan})

    config = {**GRID, "parameters": {"x": {"values": [1]}, "run": {"value": "mine"}}}
    sweep_id = besom.sweep(config, seed=1)
    besom.agent(sweep_id, function=train)
    (row,) = besom.Api().sweep(sweep_id).to_pandas().to_dict("records")
    assert (row["run"], row["config.run"], row["state"], row["summary.state"], row["stopped"]) == (1, "mine", "finished", "warm", False)
    assert row["x"] == 1 and row["val.acc"] == 0.5 and row["best"] == 2.0 and math.isnan(row["loss"])
    assert row["created"] <= row["started"] <= row["ended"] <= pandas.Timestamp.now(tz="UTC") + pandas.Timedelta(days=1)
