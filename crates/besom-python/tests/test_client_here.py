"""Which function of a process W&B's client logs for, when there are several agents in it."""

import os
import threading

import pytest

import besom
from besom import _client, _say


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(_say, "_said", set())
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)


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


def test_besom_under_the_name_of_the_client_is_not_the_client():
    def uses():
        return wandb.run  # noqa: F821

    def of(module):
        return type(uses)(uses.__code__, {"wandb": module})

    assert _client.seems_used(uses) and not _client.seems_used(of(besom)) and not _client.seems_used(of(besom.wandb)) and not _client.seems_used(None)
