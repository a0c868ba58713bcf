"""GPUs for each of the runs that are executed in parallel."""

import os

import pytest
from conftest import runs

import besom

#: What `nvidia-smi` answers about a machine with four GPUs, none of them in use.
NVIDIA = """#!/bin/sh
case "$1" in
    -L) for number in 0 1 2 3; do echo "GPU $number: Fake (UUID: GPU-a$number)"; done ;;
    --query-compute-apps=*) ;;
    *) exit 1 ;;
esac
"""

GRID = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3, 4]}}}


@pytest.fixture
def four(place, monkeypatch):
    tool = place / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(NVIDIA)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize("gpus", ["0,1,2,3", [0, 1, 2, 3], ("0", "GPU-a1", "2", "3"), "all"])
def test_each_run_of_a_program_has_gpus_of_its_own(script, four, gpus):
    script.write("""
        import os
        import besom

        run = besom.init()
        run.config["gpus"] = os.environ["CUDA_VISIBLE_DEVICES"]
        besom.log({"loss": 1})
    """)
    sweep_id = besom.sweep({**GRID, "program": "program.py"}, seed=1)
    assert besom.agent(sweep_id, gpus=gpus, gpus_per_run=2, quiet=True) == 4
    pairs = {"0,1", "2,3"} if "GPU-a1" not in gpus else {"0,GPU-a1", "2,3"}
    assert {run.config["gpus"] for run in runs(sweep_id)} <= pairs


def test_a_function_with_gpus_is_called_in_processes_of_its_own(four, script):
    out = script.run("""
        import os
        import besom

        def train():
            run = besom.init()
            besom.log({"loss": 1, "gpu": int(os.environ["CUDA_VISIBLE_DEVICES"]), "process": os.getpid()})

        if __name__ == "__main__":
            sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3]}}}, seed=1)
            besom.agent(sweep_id, function=train, gpus=[1, 3])
            for run in besom.Api().sweep(sweep_id).runs:
                print(run.state, run.summary["gpu"], run.summary["process"] != os.getpid())
    """)
    assert {*out.splitlines()} <= {"finished 1 True", "finished 3 True"} and len(out.splitlines()) == 3, out


def test_what_cannot_be_is_refused_in_words_of_the_call(four):
    sweep_id = besom.sweep({**GRID, "program": "program.py"}, seed=1)
    for options, words in [
        ({"gpus": "all", "processes": 5}, "processes=5 needs 5 GPUs"),
        ({"gpus": [0, 1], "gpus_per_run": 4}, "gpus_per_run=4: there are only 2 GPUs"),
        ({"gpus": [0, 0], "gpus_per_run": 2}, 'gpus="0,0" with gpus_per_run=2 gives one run GPU 0 twice'),
        ({"gpus": [0, 7]}, "no GPU 7"),
        ({"gpus": "first"}, '"first" is not a GPU'),
        ({"gpus_per_run": 2}, "require gpus="),
        ({"share_gpus": True}, "require gpus="),
        ({"gpus": [0], "gpus_per_run": 0}, "gpus_per_run must be >= 1"),
    ]:
        with pytest.raises(ValueError, match=words):
            besom.agent(sweep_id, **options)
    for wrong in (2, True, 1.5):
        with pytest.raises(TypeError, match="gpus must be"):
            besom.agent(sweep_id, gpus=wrong)
    with pytest.raises(TypeError, match="processes= and gpus= require a function that another process can import"):
        besom.agent(sweep_id, function=lambda: None, gpus="all")
    assert [run.state for run in runs(sweep_id)] == []
