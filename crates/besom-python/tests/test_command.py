"""The wheel brings the command."""

import os
import signal
import subprocess
import sys

import besom

BESOM = [sys.executable, "-m", "besom"]
PROGRAM = """
import besom, time
run = besom.init()
besom.log({"loss": run.config.x})
print("there", flush=True)
if run.number > 2:
    time.sleep(300)
"""


def test_the_command_runs_a_sweep(place, script):
    script.write(PROGRAM, "train.py")
    (place / "sweep.yaml").write_text(
        "program: train.py\nmethod: grid\nmetric: {name: loss}\nparameters: {x: {values: [2, 1]}}\n"
    )
    ended = subprocess.run([*BESOM, "run", "sweep.yaml", "-j", "2"], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and "best loss 1 in run" in ended.stdout, ended.stdout + ended.stderr
    (sweep,) = besom.Api().sweeps()
    assert [run.state for run in sweep.runs] == ["finished"] * 2


def test_ctrl_c_asks_and_then_terminates(place, script):
    script.write(PROGRAM, "train.py")
    values = ", ".join(map(str, range(20)))
    (place / "sweep.yaml").write_text(
        f"program: train.py\nmethod: grid\nmetric: {{name: loss}}\nparameters: {{x: {{values: [{values}]}}}}\n"
    )
    command = subprocess.Popen(
        [*BESOM, "run", "sweep.yaml", "-j", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    finished = 0
    while finished < 2:
        line = command.stdout.readline()
        assert line, command.stderr.read()
        finished += " finished" in line
    os.kill(command.pid, signal.SIGINT)
    while "finishing the running runs" not in (line := command.stderr.readline()):
        assert line
    os.kill(command.pid, signal.SIGINT)
    out, err = command.communicate(timeout=60)
    assert command.returncode == 130 and "Traceback" not in err, out + err
    assert "interrupted after 2 " in out and "; continue with: besom run sweep.yaml --resume" in out, out + err


def test_errors_have_the_exit_codes_and_words_of_the_command():
    unknown = subprocess.run([*BESOM, "nothing"], capture_output=True, text=True)
    assert unknown.returncode == 2 and "unrecognized subcommand 'nothing'" in unknown.stderr and "Usage: besom" in unknown.stderr
    assert subprocess.run([*BESOM, "status"], capture_output=True).returncode in (1, 2)
    assert subprocess.run([*BESOM, "--version"], capture_output=True, text=True).stdout == f"besom {besom.__version__}\n"
