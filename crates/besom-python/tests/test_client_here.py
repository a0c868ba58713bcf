"""Which function of a process W&B's client logs for, when there are several agents in it."""

import os
import sys
import threading
import types

import pytest

import besom
from besom import _client, _say


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(_say, "_said", set())
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    # Another test may have imported the client.
    monkeypatch.delitem(sys.modules, "wandb", raising=False)


@pytest.fixture
def client(monkeypatch):
    """What of the client counts here, imported and not used."""
    setup = types.SimpleNamespace(_singleton=None)
    module = types.ModuleType("wandb")
    module.run, module.sdk = None, types.SimpleNamespace(wandb_setup=setup)

    def teardown():
        setup._singleton = None

    module.teardown = teardown
    monkeypatch.setitem(sys.modules, "wandb", module)
    return setup


@pytest.mark.parametrize("is_used, best", [(False, 0.5), (True, None)])
def test_what_a_function_returns_counts_unless_the_client_was_used(client, is_used, best):
    def train():
        if is_used:
            client._singleton = types.SimpleNamespace(settings=None)
        return {"loss": 0.5}

    sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1]}}}, seed=1)
    besom.agent(sweep_id, function=train, quiet=True)
    assert [run.best for run in besom.Api().sweep(sweep_id).runs] == [best]


def test_one_agent_of_a_process_has_the_client(capsys):
    def uses():
        return wandb.run  # noqa: F821

    with _client.held("local", uses) as first, _client.held("local", print) as second, _client.held("auto", uses) as third:
        assert (first, second, third) == ("local", "off", "off")
    assert capsys.readouterr().err.count("another besom.agent of this process has W&B's client") == 1
    with _client.held("auto", uses) as first, _client.held("auto", None) as program:
        assert (first, program) == ("auto", "auto")
    assert capsys.readouterr().err == ""


def test_who_does_not_use_the_client_hears_nothing_of_it(capsys):
    with _client.held("auto", print), _client.held("auto", print) as second, _client.held("off", print) as third:
        assert (second, third) == ("off", "off")
    assert capsys.readouterr().err == ""


def test_agents_in_threads_leave_the_environment_as_it_was():
    before, seen, both = dict(os.environ), [], threading.Barrier(2, timeout=30)

    def train():
        run = besom.init()
        both.wait()
        seen.append(os.environ.get("WANDB_RUN_ID"))
        run.log({"loss": 1})
        both.wait()

    config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}
    ids = [besom.sweep(config, seed=1) for _ in range(2)]
    threads = [threading.Thread(target=besom.agent, args=(id, train), kwargs={"wandb": "local", "quiet": True}) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 4 and dict(os.environ) == before
    assert len({id.rpartition("-")[0] for id in seen if id}) == 1, seen


def test_besom_under_the_name_of_the_client_is_not_the_client(client):
    def uses():
        return wandb.run  # noqa: F821

    def of(module):
        return type(uses)(uses.__code__, {"wandb": module})

    assert _client.seems_used(uses) and not _client.seems_used(of(besom)) and not _client.seems_used(of(besom.wandb)) and not _client.seems_used(None)
