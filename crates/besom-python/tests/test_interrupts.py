"""Ctrl-C works everywhere immediately."""

import signal
import time

import pytest

START = """
import threading, time
import besom

sweep_id = besom.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}, seed=1)

def sleep():
    besom.init()
    print("there", flush=True)
    time.sleep(300)

def compute():
    besom.init()
    print("there", flush=True)
    while True:
        pass

controller = besom.controller(sweep_id)
print("set up", flush=True)
"""

WAITS = {
    "a function that computes": "besom.agent(sweep_id, function=compute)",
    "functions that sleep in threads": "controller.run(agents=2, function=sleep)",
    "functions that compute in threads": "controller.run(agents=2, function=compute)",
    "a controller without agents": "print('there', flush=True); controller.run()",
    "a search that waits": "controller.schedule(controller.search()); print('there', flush=True); [controller.search() for _ in range(99)]",
    "an agent of a paused sweep": (
        "besom.agent(sweep_id, function=int, count=1); besom.Api().sweep(sweep_id).pause(); "
        "print('there', flush=True); besom.agent(sweep_id, function=int)"
    ),
    "processes": "open('p.py', 'w').write('import time; time.sleep(300)'); print('there', flush=True); "
    "besom.agent(besom.sweep({'method': 'grid', 'program': 'p.py', 'parameters': {'x': {'values': [1, 2]}}}, seed=1), processes=2)",
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends(script, wait):
    script.write(START + "try:\n    " + WAITS[wait] + "\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n")
    program = script.start()
    for word in ("set up\n", "there\n"):
        while program.stdout.readline() != word:
            assert program.poll() is None, program.stderr.read()
    program.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = program.communicate(timeout=60)
    assert "interrupted" in out, err
    assert time.monotonic() - began < 20, "three seconds on a machine with nothing else to do"
