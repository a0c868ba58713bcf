"""Programs that `import wandb`, unchanged, where W&B's client is not installed."""

import subprocess
import sys

import pytest
from conftest import runs

import besom

TRAIN = """
    import argparse
    import wandb
    import wandb.errors
    from wandb.sweeps import GridSearch
    from wandb.sdk.wandb_run import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=int, default=7)
    args = parser.parse_args()
    run: Run = wandb.init(project="demo", config=args)
    assert isinstance(run, Run) and isinstance(run, wandb.sdk.wandb_run.Run)
    wandb.log({"loss": wandb.config.x})
    print("x is", wandb.config.x, flush=True)
"""


def as_wandb(*arguments, **options):
    command = [sys.executable, "-m", "besom.wandb", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_a_script_runs_unchanged_with_its_arguments_and_its_directory(script, place):
    (place / "src").mkdir()
    script.write(TRAIN, "src/train.py")
    script.write("import train, sys\nassert sys.argv == ['src/main.py', '--x', '3'], sys.argv\nraise SystemExit(5)", "src/main.py")
    done = as_wandb("src/main.py", "--x", "3")
    assert (done.returncode, done.stdout) == (5, "x is 3\n"), done.stderr
    assert as_wandb("-m", "src.train", "--x", "4").stdout == "x is 4\n"


def test_what_cannot_run_is_an_error_of_the_command():
    for arguments in ((), ("-m",)):
        done = as_wandb(*arguments)
        assert done.returncode == 2 and "python -m besom.wandb [-m MODULE | SCRIPT]" in done.stderr
    assert as_wandb("--help").returncode == 0
    done = as_wandb("none.py")
    assert (done.returncode, done.stderr) == (2, "besom: cannot read the script none.py: No such file or directory\n")


def test_a_sweep_with_functions_in_processes_and_programs_runs_unchanged(script):
    script.write(TRAIN, "train.py")
    script.write("""
        import sys
        import wandb

        def train():
            run = wandb.init()
            run.log({"loss": run.config.x})

        if __name__ == "__main__":
            parameters = {"x": {"values": [1, 2]}}
            sweep_id = wandb.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": parameters}, seed=1)
            wandb.agent(sweep_id, function=train, processes=2)
            command = [sys.executable, "${program}", "${args}"]
            programs = wandb.sweep({"method": "grid", "program": "train.py", "command": command, "parameters": parameters}, seed=1)
            wandb.agent(programs)
            print(sweep_id, programs)
    """)
    done = as_wandb("program.py")
    assert done.returncode == 0, done.stderr
    for sweep_id in done.stdout.split()[-2:]:
        assert [(run.state, run.summary["loss"]) for run in runs(sweep_id)] == [("finished", 1), ("finished", 2)], done.stderr


def test_modules_of_wandb_are_there_and_the_same_by_each_name(script):
    out = script.run("""
        import besom
        besom.install_as_wandb()
        besom.install_as_wandb()
        import importlib.util
        import wandb
        import wandb.integration.keras as first
        from wandb.keras import WandbCallback
        from wandb.integration.sb3 import WandbCallback as other
        from wandb import util, errors
        import wandb.apis.public, wandb.sdk.data_types.image
        from wandb.errors import CommError
        assert first.WandbCallback is WandbCallback is wandb.keras.WandbCallback is besom.keras.WandbCallback is not other
        assert wandb.sdk.data_types.image.Image is wandb.Image is besom.Image is besom.wandb.Image
        assert wandb.apis.public.Run is not wandb.Run and len(util.generate_id()) == 8
        assert wandb.sweeps is besom.sweeps and wandb.errors is besom.errors and issubclass(CommError, wandb.Error)
        assert tuple(map(int, wandb.__version__.split("."))) > (0, 15) and importlib.util.find_spec("wandb") is not None
        wandb.config = {"x": 1}
        wandb.init(config={"x": 2})
        assert wandb.config.x == 2, wandb.config
    """)
    assert out == ""


def test_each_module_can_be_imported_by_its_name(script):
    out = script.run("""
        import importlib
        import besom
        from besom import _wandb
        besom.install_as_wandb()
        below = [f"{group}{name}" for name in _wandb.MODULES for group in ("", "integration.") if not group or "." not in name and hasattr(besom.wandb, name)]
        for name in (*below, *_wandb.GROUPS):
            try:
                importlib.import_module(f"wandb.{name}")
            except ImportError as error:
                print(name, error)
        from wandb.integration.keras.callbacks import WandbMetricsLogger
        from wandb.xgboost.xgboost import WandbCallback
        from wandb.integration.sb3.sb3 import WandbCallback
        from wandb.errors.term import termlog
        import wandb.keras.callbacks.model_checkpoint
        assert wandb.keras.callbacks is wandb.keras
    """)
    assert out == ""


@pytest.mark.parametrize("module", ["integration.ultralytics", "nothing.at_all"])
def test_modules_that_need_the_client_say_so(script, module):
    out = script.run(f"""
        import besom
        besom.install_as_wandb()
        try:
            import wandb.{module}
        except ImportError as error:
            print(error)
    """)
    assert f"besom has no 'wandb.{module.partition('.at')[0]}': it needs W&B's own client" in out


def test_a_client_that_is_imported_already_is_not_replaced(script, place):
    script.write("", "wandb.py")
    out = script.run("""
        import besom, wandb
        try:
            besom.install_as_wandb()
        except besom.BesomError as error:
            print(error)
    """)
    assert out.startswith("wandb has been imported already (") and "call besom.install_as_wandb() before" in out


def test_names_in_dir_are_there():
    missing = [name for name in dir(besom.wandb) if not hasattr(besom.wandb, name)]
    assert missing == []


def test_who_asks_for_a_module_that_is_not_there_is_told_so(script):
    script.write("""
        import importlib.util
        import wandb

        assert importlib.util.find_spec("wandb.keras") is not None
        assert importlib.util.find_spec("wandb.beta") is None
        try:
            import wandb.beta
        except ModuleNotFoundError as error:
            print(error)
    """)
    done = as_wandb("program.py")
    assert "no 'wandb.beta': it needs W&B's own client" in done.stdout, done.stderr


def test_reports_do_nothing_and_say_so_once(script):
    script.write("""
        import wandb
        import wandb.apis.reports as wr
        from wandb.apis.reports.v2 import H1, Report

        report = Report(project="p", title="t", blocks=[H1("a"), wr.PanelGrid(panels=[wr.LinePlot(x="Step", y=["loss"])])])
        report.blocks = [*report.blocks(), wr.TableOfContents()] if report.blocks() else [wr.P("x")]
        report.save()
        assert wr.Report is Report
    """)
    done = as_wandb("program.py")
    assert done.returncode == 0 and done.stderr.count("reports") == 1, done.stderr


def test_the_callback_of_fastai_logs_its_epochs(script):
    script.write("""
        import types
        import wandb
        from wandb.fastai import WandbCallback
        from wandb.integration.fastai import WandbCallback as Same

        run = wandb.init()
        learn = types.SimpleNamespace(recorder=types.SimpleNamespace(names=["epoch", "train_loss", "valid_loss", "accuracy"]))
        callback = WandbCallback(learn, save_model=False)
        callback.on_epoch_end(epoch=0, smooth_loss=0.5, last_metrics=[0.25, 0.9], iteration=7)
        assert Same is WandbCallback and dict(run.summary) == {"epoch": 0, "train_loss": 0.5, "valid_loss": 0.25, "accuracy": 0.9}, run.summary
    """)
    done = as_wandb("program.py")
    assert done.returncode == 0, done.stderr
