"""Rows and summaries of runs, and what becomes of them when a run ends."""

import math

import pytest
from conftest import runs

import besom

GRID = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3]}}}


def test_rows_are_logged_by_call_by_step_or_when_committed():
    def train():
        besom.init()
        besom.log({"loss": 3.0})
        besom.log({"loss": 2.0}, step=1)
        besom.log({"accuracy": 0.5}, step=1)
        besom.log({"loss": 1.0}, step=2)
        besom.log({"accuracy": 0.6}, commit=False)
        besom.log({"more": True})
        assert besom.run.summary == {"loss": 1.0, "accuracy": 0.6, "more": True}

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert run.history() == [
        {"loss": 3.0},
        {"loss": 2.0, "accuracy": 0.5},
        {"loss": 1.0, "accuracy": 0.6, "more": True},
    ]
    assert run.curve() == [3.0, 2.0, 1.0]


def test_numbers_of_other_packages_are_logged_as_numbers():
    numpy = pytest.importorskip("numpy")

    def train():
        besom.init()
        besom.log({"loss": numpy.float32(0.5), "n": numpy.int64(3), "many": numpy.arange(3), "flag": numpy.bool_(True)})
        besom.log({"loss": math.nan, "up": math.inf})
        with pytest.raises(TypeError, match="expected a number, string, list or dict, got"):
            besom.log({"loss": object()})
        with pytest.raises(TypeError, match="a name is text"):
            besom.log({1: 2})

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert run.history()[0] == {"loss": 0.5, "n": 3, "many": [0, 1, 2], "flag": True}
    assert run.history()[1] == {"loss": "NaN", "up": "Infinity"}
    assert run.curve()[0] == 0.5 and math.isnan(run.curve()[1])


def test_rows_survive_sigterm_and_sigkill(script):
    import json
    import signal

    for kind in (signal.SIGTERM, signal.SIGKILL):
        script.write("""
            import besom
            run = besom.init()
            print(run.dir, flush=True)
            for i in range(10 ** 9):
                besom.log({"i": i})
                if i == 20_000:
                    print("there", flush=True)
        """)
        program = script.start()
        directory = program.stdout.readline().strip()
        program.stdout.readline()
        program.send_signal(kind)
        program.communicate(timeout=60)
        with open(f"{directory}/metrics-1.jsonl") as file:
            lines = file.read().split("\n")
        assert lines.pop() == "" and len(lines) > 20_000
        assert [json.loads(line)["i"] for line in lines] == list(range(len(lines)))


def test_a_row_that_waits_for_its_step_is_written_when_the_process_ends_however_it_ends(script):
    import json
    import signal
    import time

    def rows(directory):
        with open(f"{directory}/metrics-1.jsonl") as file:
            return [json.loads(line) for line in file]

    program = """
        import sys, time
        import besom
        run = besom.init()
        besom.log({"loss": 3.0}, step=0)
        besom.log({"loss": 2.0}, step=1)
        besom.log({"accuracy": 0.5}, step=1)
        print(run.dir, flush=True)
    """
    expected = [{"loss": 3.0}, {"loss": 2.0, "accuracy": 0.5}]
    directory = script.run(program).strip()
    assert rows(directory) == expected
    script.write(program + "    sys.stdin.read()\n")
    for kind in (signal.SIGTERM, signal.SIGKILL):
        import subprocess

        process = script.start(stdin=subprocess.PIPE)
        directory = process.stdout.readline().strip()
        if kind == signal.SIGKILL:
            until = time.monotonic() + 60
            while rows(directory) != expected and time.monotonic() < until:
                pass
        process.send_signal(kind)
        process.communicate(timeout=60)
        assert process.returncode == -kind and rows(directory) == expected


def test_what_is_stated_in_the_summary_counts_as_a_last_row():
    def train():
        run = besom.init()
        x = run.config.x
        besom.log({"loss": 5.0, "acc": 0.1})
        if x == 1:
            run.summary["loss"] = 2.0
        elif x == 2:
            run.summary.update({"loss": 1.0}, best_epoch=3)
            besom.log({"loss": 4.0})
        else:
            run.summary.loss = 5.0
            run.summary["model"] = object
        run.summary["acc"] = 0.1

    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=train)
    one, two, three = runs(sweep_id)
    assert one.history() == [{"loss": 5.0, "acc": 0.1}, {"loss": 2.0}]
    assert two.history() == [{"loss": 5.0, "acc": 0.1}, {"loss": 4.0}, {"best_epoch": 3}]
    assert three.history() == [{"loss": 5.0, "acc": 0.1}, {"model": "<class 'object'>"}]
    assert one.summary == {"loss": 2.0, "acc": 0.1} and two.summary["best_epoch"] == 3
    assert besom.Api().sweep(sweep_id).best_run().number == 1


def test_a_summary_of_a_program_that_calls_no_finish_counts(script):
    script.write("import besom\nrun = besom.init(config={'layers': 3}, tags=['big'], notes='n')\nrun.summary['loss'] = 0.5\n")
    sweep_id = besom.sweep({**GRID, "program": "program.py", "run_cap": 1}, seed=1)
    besom.agent(sweep_id)
    (run,) = runs(sweep_id)
    assert run.best == 0.5 and run.config == {"layers": 3, "x": 1}
    assert run.tags == ["big"] and run.notes == "n" and run.name == run.id


def test_a_value_that_cannot_be_logged_fails_its_run_only_and_where_it_is_logged():
    def train():
        run = besom.init()
        besom.log({"loss": 1.0}, step=0)
        if run.number == 1:
            besom.log({"loss": 2.0, "o": object()}, step=1)
        if run.number == 2:
            besom.log({"loss": 2.0, "n": 2**70}, commit=False)

    sweep_id = besom.sweep(GRID, seed=1)
    assert besom.agent(sweep_id, function=train) == 3
    one, two, three = runs(sweep_id)
    assert [run.state for run in (one, two, three)] == ["failed", "failed", "finished"]
    assert "expected a number, string, list or dict" in one.message and "more than 64 bits" in two.message
    assert one.history() == two.history() == three.history() == [{"loss": 1.0}]
    assert besom.run is None


def test_a_large_integer_in_the_summary_is_kept_as_text():
    def train():
        run = besom.init(config={"hash": 2**80})
        run.summary["n"], run.summary["m"] = 2**70, 2**64 - 1
        run.summary["loss"] = 1.0

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert (run.state, run.summary) == ("finished", {"n": str(2**70), "m": 2**64 - 1, "loss": 1.0})
    assert run.config == {"hash": str(2**80), "x": 1}


def test_a_last_row_that_the_disk_does_not_take_fails_the_run():
    def train():
        run = besom.init()
        besom.log({"loss": 1.0}, step=0)
        if run.number == 1:
            run._write = no_space

    def no_space(row):
        raise OSError("no space left")

    sweep_id = besom.sweep(GRID, seed=1)
    assert besom.agent(sweep_id, function=train) == 3
    assert [(run.state, run.message) for run in runs(sweep_id)][:2] == [("failed", "OSError: no space left"), ("finished", None)]


def test_waiting_rows_of_other_runs_are_written_when_one_fails(script):
    out = script.run("""
        import os, threading, time
        import besom
        from besom import _pending

        _pending.LONGEST_WAIT = 0.1

        def no_space(row):
            raise OSError("no space left")

        bad, good = besom.init(), besom.init(reinit=True)
        bad._write = no_space
        for run in (bad, good):
            run.log({"loss": 1.0}, step=0)
        path = f"{good.dir}/metrics-1.jsonl"
        while not (os.path.exists(path) and os.path.getsize(path)) or bad._pending:
            time.sleep(0.01)
        bad.log({"loss": 2.0}, step=1)
        while bad._pending:
            time.sleep(0.01)
        print([thread.name for thread in threading.enumerate() if thread.name == "besom-rows"], open(path).read())
    """)
    assert out == '[\'besom-rows\'] {"loss":1.0}\n\n'


@pytest.mark.parametrize("how", [{}, {"step": 7}, {"commit": False}])
def test_nothing_can_be_logged_after_finish(how):
    run = besom.init()
    run.log({"loss": 1.0})
    run.finish()
    with pytest.raises(besom.BesomError, match="has been finished"):
        run.log({"loss": 2.0}, **how)
    assert run.summary == {"loss": 1.0}


def test_what_a_function_returns_counts_in_separate_processes_too(script):
    out = script.run("""
        import besom

        def train():
            if besom.config.x == 1:
                return {"loss": 0.5}
            besom.init().log({"loss": 1.0}, step=0)
            besom.run.summary["acc"] = 0.9
            if besom.config.x == 3:
                besom.finish(exit_code=3)

        if __name__ == "__main__":
            config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3]}}}
            sweep_id = besom.sweep(config, seed=1)
            besom.agent(sweep_id, function=train, processes=2)
            for run in besom.Api().sweep(sweep_id).runs:
                print(run.state, run.summary)
    """)
    rest = "{'loss': 1.0, 'acc': 0.9}"
    assert out.splitlines() == ["finished {'loss': 0.5}", f"finished {rest}", f"failed {rest}"]


def test_a_run_that_the_main_module_began_is_that_of_its_function(script):
    out = script.run("""
        import besom

        run = besom.init()

        def train():
            run.log({"loss": 1.0})
            run.finish(exit_code=3)
            return {"loss": 0.0}

        if __name__ == "__main__":
            run.finish()
            config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1]}}}
            sweep_id = besom.sweep(config, seed=1)
            besom.agent(sweep_id, function=train, processes=1)
            (run,) = besom.Api().sweep(sweep_id).runs
            print(run.state, run.history())
    """)
    assert out == "failed [{'loss': 1.0}]\n"


def test_a_row_with_a_picture_at_which_a_run_is_stopped_is_in_its_summary():
    seen = []

    def train():
        run = besom.init()
        besom.controller(sweep_id).stop_runs({run.number: "enough"})
        try:
            while True:
                besom.log({"loss": 2.0, "step": run.step, "picture": besom.Image()})
        finally:
            seen.append((dict(run.summary), run.step))

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    ((summary, step),) = seen
    assert summary == {"loss": 2.0, "step": step - 1, "picture": {"_type": "image-file"}} == runs(sweep_id)[0].summary


@pytest.mark.parametrize("late", [math.nan, None, "diverged"])
def test_what_is_no_number_leaves_a_defined_summary_as_it_is(late):
    def train():
        run = besom.init()
        run.define_metric("loss", summary="min,last")
        for loss in (3.0, late, 1.0, late):
            run.log({"loss": loss})
        assert run.summary["loss"] == {"min": 1.0, "last": 1.0}

    sweep_id = besom.sweep({**GRID, "metric": {"name": "loss.min"}, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert (run.state, run.best) == ("finished", 1.0), run.message


def test_a_best_run_by_a_key_is_one_with_a_finite_value():
    values = {1: math.inf, 2: 9.0, 3: 10.0, 4: -math.inf, 5: math.nan}

    def train():
        run = besom.init()
        run.log({"loss": 1.0, "cost": values[run.config.x]})

    sweep_id = besom.sweep({**GRID, "parameters": {"x": {"values": list(values)}}}, seed=1)
    besom.agent(sweep_id, function=train)
    sweep = besom.Api().sweep(sweep_id)
    assert sweep.best_run(order="summary_metrics.cost").config["x"] == 2
    assert sweep.best_run(order="-summary_metrics.cost").config["x"] == 3


@pytest.mark.parametrize("returned", ["0.5", "3", "numpy.float32(0.5)", "numpy.array(0.5)"])
def test_a_number_that_is_returned_does_not_count_and_one_line_says_so(returned, script):
    pytest.importorskip("numpy")
    script.write(f"""
        import besom, numpy

        def train():
            return {returned}

        besom.agent(besom.sweep({{"method": "grid", "parameters": {{"x": {{"values": [1, 2]}}}}}}, seed=1), train, quiet=True)
    """)
    _, err = script.start().communicate(timeout=60)
    assert err.count("and logged nothing; log it, or return a dict") == 1


def test_finished_runs_keep_no_file_open(script):
    out = script.run("""
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        import gc
        import besom

        gc.disable()
        whole = besom.init()
        for i in range(150):
            part = besom.init(config={"i": i}, reinit=True)
            besom.log({"loss": i})
            part.summary["acc"] = i
            part.finish()
        whole.finish()
        for i in range(150):
            besom.init()
            besom.log({"loss": i})
            besom.finish()
        print("done")
    """)
    assert out == "done\n"


def test_nothing_can_be_stated_after_finish():
    run = besom.init()
    besom.log({"loss": 1})
    run.finish()
    for state in (
        lambda: run.summary.update(acc=1),
        lambda: run.summary.__setitem__("loss", 1),
        lambda: setattr(run.summary, "acc", 1),
        lambda: run.summary.__ior__({"acc": 1}),
        lambda: run.summary.setdefault("acc", 1),
    ):
        with pytest.raises(besom.BesomError, match=f"run {run.id} has been finished: set summary\\['[a-z]+'\\] before finish"):
            state()
    assert run.summary == {"loss": 1} and run.summary.setdefault("loss", 2) == 1


def test_what_is_merged_into_a_summary_counts():
    def train():
        run = besom.init()
        run.summary |= {"loss": run.config.x}

    sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}, seed=1)
    besom.agent(sweep_id, function=train)
    assert [run.best for run in runs(sweep_id)] == [1.0, 2.0]


def test_threads_that_a_function_left_behind_log_to_nobody():
    kept = []
    sweep_id = besom.sweep({"method": "grid", "parameters": {"x": {"values": [1]}}}, seed=1)
    besom.agent(sweep_id, function=lambda: kept.append(besom.init()))
    with pytest.raises(besom.BesomError, match="has been finished"):
        kept[0].log({"loss": 1})
    with pytest.raises(besom.BesomError, match="has been finished"):
        kept[0].summary["loss"] = 1


@pytest.mark.parametrize("wrong", ["7", 1.5, float("nan"), [1], True])
def test_a_step_is_an_integer(wrong):
    run = besom.init()
    with pytest.raises(TypeError, match="step must be an integer, got "):
        run.log({"loss": 1}, step=wrong)
    run.log({"loss": 1}, step=3)
    run.log({"loss": 2}, step=4.0)
    assert run.step == 4
    run.finish()


def test_a_failure_is_none_the_less_one_whose_exit_code_the_system_would_cut_to_0(script):
    out = script.run("""
        import sys
        import besom

        def train():
            run = besom.init()
            besom.log({"loss": 1})
            {1: lambda: run.finish(256), 2: lambda: sys.exit(512), 3: lambda: run.finish(0), 4: lambda: sys.exit(0)}[run.config.x]()

        if __name__ == "__main__":
            for processes in (None, 1):
                config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3, 4]}}}
                sweep_id = besom.sweep(config, seed=1)
                besom.agent(sweep_id, function=train, processes=processes)
                print(*(run.state for run in besom.Api().sweep(sweep_id).runs))
    """)
    assert out == "failed failed finished finished\n" * 2
    run = besom.init()
    for wrong in ("1", 0.5):
        with pytest.raises(TypeError, match="exit_code must be an integer"):
            run.finish(wrong)
    run.finish()


def test_what_cannot_be_logged_is_named_by_its_place():
    with pytest.raises(TypeError, match="parameters.x.values: expected a number, string, list or dict, got a value of type 'set'"):
        besom.sweep({"method": "grid", "parameters": {"x": {"values": {1, 2}}}}, seed=1)
    sweep_id = besom.sweep({"method": "grid", "parameters": {"x": {"values": range(1, 6, 2)}}}, seed=1)
    assert besom.Api().sweep(sweep_id).config["parameters"]["x"]["values"] == [1, 3, 5]
    run = besom.init()
    with pytest.raises(TypeError, match="model: expected a number"):
        run.log({"loss": 1, "model": object()})
    with pytest.raises(TypeError, match="dtype: expected a number, .* got a value of type 'type'"):
        run.log({"dtype": float})
    with pytest.raises(TypeError, match="expected a string as a name, got 3, a value of type 'int'"):
        run.log({3: 4})
    run.finish()
