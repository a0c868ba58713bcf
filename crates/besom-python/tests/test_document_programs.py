"""Programs with the calls, in the order, of the five that the API documentation shows, where W&B's client is not installed."""

import sys
import time

import pytest


@pytest.fixture(autouse=True)
def as_wandb(script):
    """Run programs with besom under the name of the client."""
    script.command = (sys.executable, "-m", "besom.wandb")


TRAIN_DUMMY = """
    import wandb
    run = wandb.init()
    for step in range(3):
        wandb.log({"loss": float(wandb.config.get("size", 1)) / (step + 1)})
    wandb.finish()
"""


def test_an_agent_calls_a_function_for_every_point_of_a_grid(script):
    out = script.run("""
        import time
        import wandb
        sweep_config = {"name": "Widths", "method": "grid", "parameters": {"width": {"values": [4, 8, 16]}}}
        sweep_id = wandb.sweep(sweep_config)

        def train():
            wandb.init()
            print("config:", dict(wandb.config.user_items()))
            width = wandb.config.get("width", 0)
            for epoch in range(4):
                print("epoch", epoch)
                wandb.log({"area": width * width, "epoch": epoch})
                time.sleep(0.001)

        wandb.agent(sweep_id, function=train, entity="me", project="shapes")
        for run in wandb.Api().sweep(f"me/shapes/{sweep_id}").runs:
            print("after", run.state, run.config["width"], [row["area"] for row in run.history()])
    """)
    assert [line for line in out.splitlines() if line.startswith("config")] == [
        "config: {'width': 4}",
        "config: {'width': 8}",
        "config: {'width': 16}",
    ]
    assert out.count("epoch 3") == 3
    assert "after finished 16 [256, 256, 256, 256]" in out


def test_a_controller_runs_a_sweep_while_an_agent_works_in_a_thread(script):
    out = script.run("""
        import threading
        import wandb
        config = {"method": "random", "run_cap": 4, "metric": {"name": "loss"}, "controller": {"type": "local"},
                  "parameters": {"x": {"min": 0.0, "max": 1.0}}}
        sweep_id = wandb.sweep(config)

        def train():
            wandb.init()
            wandb.log({"loss": wandb.config.x})

        agent = threading.Thread(target=wandb.agent, args=(sweep_id, train))
        agent.start()
        sweep = wandb.controller(sweep_id)
        sweep.run()
        agent.join()
        assert sweep.done()
    """)
    assert "finished" in out.splitlines()[-1] and "4 of 4: 4 finished" in out.splitlines()[-1]


def test_a_loop_of_done_print_status_and_step_ends(script):
    out = script.run("""
        import threading, time
        import wandb
        sweep_id = wandb.sweep({"method": "grid", "controller": {"type": "local"}, "parameters": {"x": {"values": [1, 2]}}})

        def train():
            wandb.init()
            wandb.log({"loss": wandb.config.x})

        agent = threading.Thread(target=wandb.agent, args=(sweep_id, train))
        agent.start()
        sweep = wandb.controller(sweep_id)
        while not sweep.done():
            sweep.print_status()
            sweep.step()
            time.sleep(0.01)
        agent.join()
        sweep.print_status()
    """)
    assert "2: 2 finished" in out.splitlines()[-1]


def test_a_loop_of_search_and_schedule_ends_and_does_not_spin(script):
    for kind in ["local", "cloud"]:
        out = script.run(
            """
            import threading, time
            import wandb
            config = {"method": "grid", "controller": {"type": "KIND"}, "parameters": {"x": {"values": [1, 2, 3]}}}
            sweep_id = wandb.sweep(config)

            def train():
                wandb.init()
                wandb.log({"loss": wandb.config.x})
                time.sleep(0.1)

            agent = threading.Thread(target=wandb.agent, args=(sweep_id, train))
            agent.start()
            sweep = wandb.controller(sweep_id)
            turns = 0
            while not sweep.done():
                params = sweep.search()
                sweep.schedule(params)
                sweep.print_status()
                turns += 1
            agent.join()
            print("turns", turns, "cpu", time.process_time())
            print("xs", sorted(run.config["x"] for run in wandb.Api().sweep(sweep_id).runs))
        """.replace("KIND", kind)
        )
        words = out.splitlines()[-2].split()
        assert int(words[1]) < 30 and float(words[3]) < 2.0
        assert out.splitlines()[-1] == "xs [1, 2, 3]"


def test_the_same_loop_without_agents_says_how_to_start_one_and_waits_in_search(script):
    out = script.run("""
        import time
        import wandb
        sweep = wandb.controller(wandb.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}}))
        sweep.schedule(sweep.search())
        began = time.monotonic()
        assert sweep.search() is None, "one run waits for an agent already"
        took = time.monotonic() - began
        assert 1.5 < took < 30, took
        sweep.schedule(None)
        sweep.print_status()
    """)
    assert "no agent is connected; start one with: besom agent" in out


def test_a_sweep_is_configured_by_calls_and_executes_its_program(script):
    script.write(TRAIN_DUMMY, "train-dummy.py")
    out = script.run("""
        import warnings
        warnings.simplefilter("ignore")
        import wandb
        from wandb.sweeps import GridSearch, RandomSearch, BayesianSearch
        from wandb.sweeps import HyperbandEarlyTerminate, EnvelopeEarlyTerminate

        sweep = wandb.controller()
        sweep.configure_search(GridSearch)
        sweep.configure_program('train-dummy.py')
        sweep.configure_stopping(EnvelopeEarlyTerminate)
        sweep.configure_controller(type="local")
        sweep.configure_parameter('size', value=3)
        sweep.create()
        sweep.run(agents=2)
        (run,) = wandb.Api().sweep(sweep.sweep_id).runs
        print(run.state, run.config, [row["loss"] for row in run.history()])
    """)
    assert out.splitlines()[-1] == "finished {'size': 3} [3.0, 1.5, 1.0]"
    assert "1: 1 finished; best loss 1 (run 1)" in out


def test_ctrl_c_ends_an_agent_at_once_and_gives_its_run_back(script):
    import signal

    script.write("""
        import time
        import wandb
        sweep_id = wandb.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2]}}})

        def train():
            wandb.init()
            print("begun", sweep_id, flush=True)
            while True:
                time.sleep(60)

        wandb.agent(sweep_id, function=train)
    """)
    program = script.start()
    sweep_id = program.stdout.readline().split()[1]
    began = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=60)
    assert time.monotonic() - began < 20
    assert "KeyboardInterrupt" in err and program.returncode != 0
    from conftest import runs

    assert runs(sweep_id)[0].state in ("pending", "preempted")


def test_a_script_also_runs_alone(script):
    out = script.run("""
        import wandb
        run = wandb.init(config={"lr": 0.1})
        wandb.log({"loss": wandb.config.lr})
        wandb.finish()
        print(open(run.dir + "/metrics-1.jsonl").read().strip(), wandb.run)
    """)
    assert out == '{"loss":0.1} None\n'
