"""What a sweep says while agents of this process work on it."""

import re
import threading

import pytest

import besom

GRID = {
    "method": "grid",
    "name": "demo",
    "metric": {"name": "loss"},
    "parameters": {"x": {"values": [2, 1, 3]}, "epochs": {"value": 5}},
}


def train():
    run = besom.init()
    print("begin", run.number)
    besom.log({"loss": run.config.x})
    if run.config.x == 3:
        raise ValueError("too much")


def test_a_line_a_run_and_the_best_at_the_end(capsys):
    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=train)
    err = re.sub(r"\d+ ms|\d\.\d s", "TIME", capsys.readouterr().err)
    lines = [line for line in err.splitlines() if not line.startswith((" ", "Traceback", "ValueError", "besom: run"))]
    assert lines[:5] == [
        f'created sweep {sweep_id}; look at it with: besom status {sweep_id}, or besom.Api().sweep("{sweep_id}")',
        f"sweep {sweep_id} (demo): grid search, 3 runs, minimize loss, seed 1",
        "run 1 finished: loss 2 (new best), 1 step in TIME | x=2",
        "run 2 finished: loss 1 (new best), 1 step in TIME | x=1",
        "run 3 failed: loss 3, 1 step in TIME (ValueError: too much) | x=3",
    ]
    assert lines[5] == f"sweep {sweep_id} is finished: search space exhausted"
    assert lines[6:] == ["runs 3 of 3: 2 finished, 1 failed", "best loss 1 in run 2"]
    assert "  x       1\n" in err and "  epochs  5\n" in err


def test_quiet_says_nothing(capsys):
    sweep_id = besom.sweep({**GRID, "parameters": {"x": {"values": [1, 2]}}}, seed=1, quiet=True)
    besom.agent(sweep_id, function=train, quiet=True)
    assert capsys.readouterr().err == ""


def test_lines_do_not_get_into_what_the_function_prints(script, place):
    script.write("""
        import besom, time

        def train():
            run = besom.init()
            for part in ("a", "b", "c\\n"):
                print(f"{run.number}{part}", end="")
                time.sleep(0.2)
            besom.log({"loss": 1})

        besom.agent(besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}, seed=1), function=train)
    """)
    import subprocess
    import sys

    printed = subprocess.run([sys.executable, "program.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    kinds = [re.sub(r" .*", "", line) for line in printed.stdout.splitlines()]
    assert kinds == ["created", "sweep", "1a1b1c", "run", "2a2b2c", "run", "sweep", "runs", "best", ""], printed.stdout


def test_several_agents_of_one_process_say_each_run_once(capsys):
    sweep_id = besom.sweep({"method": "random", "run_cap": 9, "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
    agents = [threading.Thread(target=besom.agent, args=(sweep_id, besom.init)) for _ in range(3)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    said = [line for line in capsys.readouterr().err.splitlines() if re.match(r"run \d+ finished", line)]
    assert len(said) == len(set(said)) <= 9


def test_an_interrupted_run_that_was_better_is_named(capsys):
    def interrupted():
        run = besom.init()
        besom.log({"loss": 10 - run.number})
        if run.number == 2:
            raise KeyboardInterrupt

    sweep_id = besom.sweep(GRID, seed=1)
    with pytest.raises(KeyboardInterrupt):
        besom.agent(sweep_id, function=interrupted)
    err = capsys.readouterr().err
    assert f'interrupted after 1 of 3 runs; continue with: besom.agent("{sweep_id}", ..)' in err
    assert "best loss 9 in run 1" in err
    assert "run 2 (preempted) had 8, which counts once it has been run again" in err


def test_a_long_text_is_cut_in_the_line_of_a_run(capsys):
    sweep_id = besom.sweep({**GRID, "parameters": {"x": {"values": [1, 2]}, "prompt": {"values": ["a" * 500, "b"]}}}, seed=1)
    besom.agent(sweep_id, function=train)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("run ")]
    assert any("prompt=" + "a" * 19 + ".." in line for line in lines) and max(map(len, lines)) < 120


def test_a_picture_that_fails_does_not_hide_why_agents_end(place, monkeypatch):
    import shutil

    pytest.importorskip("IPython")
    from besom import _progress

    sweep_id = besom.sweep(GRID, seed=1, quiet=True)
    with pytest.raises(ZeroDivisionError):
        with _progress._displaying(sweep_id):
            shutil.rmtree(place / ".besom")
            1 / 0


def test_what_happens_to_a_sweep_is_said(script):
    script.write("""
        import threading
        import besom

        sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}, seed=1)

        def train():
            besom.log({"loss": besom.init().config.x})
            if besom.run.number == 1:
                besom.Api().sweep(sweep_id).pause()
                threading.Timer(0.7, besom.Api().sweep(sweep_id).resume).start()

        besom.agent(sweep_id, function=train)
    """)
    program = script.start()
    _, err = program.communicate(timeout=60)
    assert re.search(r"^besom: sweep \w+ is paused by its owner; resume with: besom resume \w+$", err, re.MULTILINE), err


def test_runs_of_other_processes_are_named_so(script, capsys):
    sweep_id = besom.sweep({**GRID, "parameters": {"x": {"values": [1, 2]}}}, seed=1)

    def train():
        run = besom.init()
        besom.log({"loss": run.config.x})
        if run.number == 1:
            script.run(f"""
                import besom
                besom.agent({sweep_id!r}, function=lambda: besom.log({{"loss": besom.init().config.x}}), count=1, quiet=True)
            """)

    besom.agent(sweep_id, function=train)
    lines = {line.split()[1]: line for line in capsys.readouterr().err.splitlines() if line.startswith("run ")}
    assert " by " not in lines["1"] and re.search(r" by \S+/\d+ \|", lines["2"]), lines
