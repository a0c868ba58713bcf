"""More runs for a sweep, and no sweep any more."""

import os
import threading

import pytest
from conftest import runs

import besom

RANDOM = {"method": "random", "metric": {"name": "loss"}, "run_cap": 2, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


def train():
    run = besom.init()
    besom.log({"loss": run.config.x})


def test_a_finished_sweep_can_have_more_runs_and_they_are_those_it_would_have_had():
    sweep_id = besom.sweep(RANDOM, seed=1)
    besom.agent(sweep_id, function=train)
    assert besom.extend(sweep_id, 3) == 5
    assert besom.agent(sweep_id, function=train) == 3
    other = besom.sweep({**RANDOM, "run_cap": 6}, seed=1)
    assert besom.Api().sweep(sweep_id).extend(1) == 6
    for each in (sweep_id, other):
        besom.agent(each, function=train)
    assert [run.config for run in runs(sweep_id)] == [run.config for run in runs(other)]


def test_a_sweep_that_cannot_have_more_runs_says_why():
    grid = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}
    sweep_id = besom.sweep(grid, seed=1)
    with pytest.raises(besom.BesomError, match=f"sweep {sweep_id} has no run_cap and is pending"):
        besom.extend(sweep_id, 1)
    besom.agent(sweep_id, function=train)
    with pytest.raises(besom.BesomError, match="have (no )?more runs: .*exhausted"):
        besom.extend(sweep_id, 1)
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"n must be >= 1, got {wrong}"):
            besom.extend(sweep_id, wrong)
    besom.Api().sweep(sweep_id)
    with pytest.raises(besom.StoreError, match="no sweep has the id 'nothing'"):
        besom.extend("nothing", 1)


def test_a_removed_sweep_is_gone_with_its_files_and_others_stay():
    one, two = besom.sweep(RANDOM, seed=1), besom.sweep(RANDOM, seed=2)
    for sweep_id in (one, two):
        besom.agent(sweep_id, function=train)
    gone, kept = runs(one)[0].dir, runs(two)[0].dir
    assert os.path.isdir(gone)
    besom.remove(f"me/project/{one}")
    assert not os.path.exists(os.path.dirname(gone)) and os.path.isdir(kept)
    assert [sweep.id for sweep in besom.Api().sweeps()] == [two]
    besom.Api().sweep(two).remove()
    with pytest.raises(besom.StoreError, match="no sweep"):
        besom.remove(two)


def test_a_sweep_with_agents_at_work_is_removed_only_by_force():
    begun, end = threading.Event(), threading.Event()

    def wait():
        besom.init()
        begun.set()
        assert end.wait(60)

    def work():
        try:
            besom.agent(sweep_id, function=wait, quiet=True)
        except besom.StoreError as error:
            ended.append(str(error))

    ended = []
    sweep_id = besom.sweep(RANDOM, seed=1)
    agent = threading.Thread(target=work)
    agent.start()
    try:
        assert begun.wait(60)
        with pytest.raises(besom.BesomError, match=f"sweep {sweep_id} has 1 agent at work; .*cancel.*force=True"):
            besom.remove(sweep_id)
        assert besom.Api().sweep(sweep_id).state == "running"
        threading.Timer(0.5, end.set).start()
        besom.remove(sweep_id, force=True)
        assert besom.Api().sweeps() == []
    finally:
        end.set()
        agent.join(60)
    assert not agent.is_alive()


def test_no_more_runs_begin_after_a_timeout():
    def train():
        besom.init()
        besom.log({"loss": 1})
        assert out_of_time.wait(0.02) is False

    out_of_time = threading.Event()
    sweep_id = besom.sweep({**RANDOM, "run_cap": 100_000}, seed=1)
    executed = besom.agent(sweep_id, function=train, timeout=0.2, quiet=True)
    assert 1 <= executed < 100 and {run.state for run in runs(sweep_id)} <= {"finished", "pending"}
    with pytest.raises(ValueError, match="timeout must be > 0, got 0"):
        besom.agent(sweep_id, function=train, timeout=0)


def test_a_drained_agent_finishes_its_run_and_executes_no_other():
    sweep_id = besom.sweep({**RANDOM, "run_cap": 5}, seed=1)
    sweep, drained = besom.Api().sweep(sweep_id), []

    def train_and_drain():
        run = besom.init()
        drained.append(sweep.drain(sweep.agents[0]["name"]))
        besom.log({"loss": run.config.x})

    assert besom.agent(sweep_id, function=train_and_drain) == 1
    (agent,) = sweep.agents
    assert drained == [[agent["name"]]] and agent["draining"] and agent["left"] and agent["run"] is None
    assert [run.state for run in runs(sweep_id)] == ["finished"] and sweep.state == "running"
    assert sweep.drain(agent["name"]) == [], "it has left"
    with pytest.raises(ValueError, match=f"sweep {sweep_id} has no agent 'nobody'; no agent works on it"):
        sweep.drain("nobody")
    with pytest.raises(ValueError, match="needs the name of an agent"):
        sweep.drain()
