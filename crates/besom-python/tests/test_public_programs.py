"""Programs in the forms of public repositories, with `import wandb` as it stands there, where W&B's client is not installed."""

import json
import sys

import pytest

import besom

#: Each with the last row that it logs, without media.
PROGRAMS = {
    "a trainer of a language model with an optional logger": (
        """
        wandb_log, wandb_project, wandb_run_name = True, "owt", "run-1"
        config = {"batch_size": 12, "x": 7}
        master_process = True
        if wandb_log and master_process:
            import wandb
            wandb.init(project=wandb_project, name=wandb_run_name, config=config)
        for iter_num in range(3):
            if wandb_log:
                wandb.log({"iter": iter_num, "loss": wandb.config.x / (iter_num + 1), "lr": 6e-4, "mfu": 0.1 * 100})
        """,
        {"iter": 2, "loss": 7 / 3, "lr": 6e-4, "mfu": 10.0},
    ),
    "a trainer of a segmentation model": (
        """
        import array
        import logging
        import wandb

        class Tensor:
            def __init__(self, *shape): self.shape = shape
            def numel(self): return 1
            def cpu(self): return self

        experiment = wandb.init(project='U-Net', resume='allow', anonymous='must', config={"x": 7})
        experiment.config.update(dict(epochs=2, batch_size=1, learning_rate=1e-5, save_checkpoint=True, amp=False))
        step = 0
        for epoch in range(1, experiment.config.epochs + 1):
            experiment.log({'train loss': 1.0, 'step': step, 'epoch': epoch})
            histograms = {'Weights/conv': wandb.Histogram(array.array("d", [1.0, 2.0])), 'Gradients/conv': wandb.Histogram([0, 1])}
            try:
                step += 1
                experiment.log({
                    'learning rate': 1e-5, 'validation Dice': 0.5, 'loss': experiment.config.x,
                    'images': wandb.Image(Tensor(3, 8, 8).cpu()),
                    'masks': {'true': wandb.Image(Tensor(1, 8, 8)), 'pred': wandb.Image(Tensor(1, 8, 8))},
                    'step': step, 'epoch': epoch, **histograms
                })
            except Exception as error:
                logging.exception(error)
                raise
        """,
        {"learning rate": 1e-5, "validation Dice": 0.5, "loss": 7, "step": 2, "epoch": 2},
    ),
    "a run with an id of its own, a group, and a name that is saved": (
        """
        import uuid
        import wandb

        wandb.login()
        config = {"project": "CORL", "group": "CQL", "name": "CQL-hopper", "x": 7}
        wandb.init(config=config, project=config["project"], group=config["group"], name=config["name"], id=str(uuid.uuid4()))
        wandb.run.save()
        wandb.run.name = f"{wandb.run.name}-renamed"
        wandb.run.save()
        wandb.log({"loss": config["x"]}, step=3)
        """,
        {"loss": 7},
    ),
    "settings, an alert, tables and charts of an evaluation": (
        """
        from datetime import timedelta
        import os
        import wandb

        os.environ["WANDB_API_KEY"] = "none"
        run = wandb.init(settings=wandb.Settings(init_timeout=300), config={"x": 7}, job_type="eval", save_code=True)
        wandb.define_metric("epoch/step")
        wandb.define_metric("val/*", step_metric="epoch/step")
        if wandb.run.summary.get("best") is None:
            wandb.alert(title="Low", text="accuracy", level=wandb.AlertLevel.WARN, wait_duration=timedelta(minutes=5))
        table = wandb.Table(columns=["id", "guess", "truth"])
        for i in range(4):
            table.add_data(i, i % 2, 1)
        wandb.log({"predictions": table})
        wandb.log({"conf": wandb.plot.confusion_matrix(probs=None, y_true=[0, 1], preds=[1, 1], class_names=["a", "b"])})
        data = [[row[0], row[1]] for row in table.data]
        wandb.log({"chart": wandb.plot.scatter(wandb.Table(data=data, columns=["x", "y"]), "x", "y", title="t")})
        wandb.summary["accuracy"] = 0.5
        run.log({"loss": run.config["x"], "val/acc": 0.5})
        """,
        {"accuracy": 0.5},
    ),
    "a logger that begins a run unless there is one": (
        """
        import argparse

        try:
            import wandb
            assert hasattr(wandb, "__version__") and int(wandb.__version__.split(".")[1]) >= 12
        except (ImportError, AssertionError):
            wandb = None

        class Logger:
            def __init__(self, opt, job_type="Training"):
                self.wandb, self.wandb_run = wandb, wandb.run if wandb else None
                if self.wandb:
                    self.wandb_run = wandb.init(config=opt, resume="allow", project="YOLO", entity=None, name=None, job_type=job_type,
                                                id=None, allow_val_change=True) if not wandb.run else wandb.run
                    if not opt.resume:
                        self.wandb_run.config.update({"data_dict": {"nc": 80}}, allow_val_change=True)
                    wandb.define_metric("best/*", summary="max")
                self.log_dict = {}

            def end_epoch(self):
                with_all = dict(self.log_dict)
                self.wandb.log(with_all)
                self.log_dict = {}

        logger = Logger(argparse.Namespace(resume=False, x=7))
        for epoch in range(2):
            logger.log_dict.update({"loss": logger.wandb_run.config.x - epoch, "best/map": epoch})
            logger.end_epoch()
        assert wandb.run.summary["best/map"]["max"] == 1
        if wandb.run:
            wandb.finish()
        """,
        {"best/map.max": 1},
    ),
    "folds of a cross validation, each a run of its own": (
        """
        import wandb

        for fold in range(2):
            run = wandb.init(project="p", group="cv", name=f"fold-{fold}", reinit=True, config={"x": 7, "fold": fold})
            run.log({"loss": run.config.x + run.config.fold})
            run.finish()
        wandb.init(config={"x": 7})
        wandb.log({"loss": 8})
        """,
        {"loss": 8},
    ),
}


@pytest.fixture(autouse=True)
def as_wandb(script):
    """Run programs with besom under the name of the client."""
    script.command = (sys.executable, "-m", "besom.wandb")


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_public_repositories_run_and_log(script, place, program):
    text, last = PROGRAMS[program]
    script.run(text)
    files = sorted((place / ".besom/alone").glob("*/metrics-1.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    rows = [json.loads(line) for line in files[-1].read_text().splitlines()]
    rows = [row for row in rows if "besom" not in row]
    assert {name: value for name, value in rows[-1].items() if not isinstance(value, dict)} == last, rows


def test_scripts_of_a_pipeline_hand_their_files_on(script, place):
    script.run("""
        import argparse, logging, os, tempfile
        import wandb

        def go(args):
            with wandb.init(project="exercise", job_type="upload_file") as run:
                with tempfile.TemporaryDirectory() as directory:
                    path = os.path.join(directory, "raw.csv")
                    with open(path, "w") as file:
                        file.write("x\\n1\\n2\\n")
                    artifact = wandb.Artifact(name=args.artifact, type="raw_data", description="d", metadata={"rows": 2})
                    artifact.add_file(path)
                    run.log_artifact(artifact)
                    artifact.wait()

        go(argparse.Namespace(artifact="raw_data.csv"))
    """)
    out = script.run("""
        import wandb

        run = wandb.init(job_type="process")
        path = run.use_artifact("exercise/raw_data.csv:latest").file()
        with open(path) as file:
            print(file.read().split())
        model = wandb.Artifact("model", type="model")
        with model.new_file("weights.txt", mode="w") as file:
            file.write("w")
        run.log_artifact(model, aliases=["prod"])
        run.finish()
        print(open(wandb.Api().artifact("me/exercise/model:prod", type="model").get_entry("weights.txt").download()).read())
    """)
    assert out == "['x', '1', '2']\nw\n"


def test_the_export_of_all_runs_of_a_project(script):
    pytest.importorskip("pandas")

    def train():
        run = besom.init(name=f"run {besom.config.x}")
        run.log({"loss": run.config.x})

    besom.agent(besom.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2]}}}, seed=1), function=train)
    out = script.run("""
        import pandas as pd
        import wandb

        api = wandb.Api(timeout=19)
        runs = api.runs("entity/project-name")
        summary_list, config_list, name_list = [], [], []
        for run in runs:
            summary_list.append(run.summary._json_dict)
            config_list.append({k: v for k, v in run.config.items() if not k.startswith("_")})
            name_list.append(run.name)
        runs_df = pd.DataFrame({"summary": summary_list, "config": config_list, "name": name_list})
        print(runs_df.to_dict("list"), [run.scan_history() for run in runs][0])
    """)
    assert out == "{'summary': [{'loss': 1}, {'loss': 2}], 'config': [{'x': 1}, {'x': 2}], 'name': ['run 1', 'run 2']} [{'loss': 1}]\n"


def test_a_script_whose_scalars_go_to_tensorboard_is_stopped_and_ranked(script, place):
    pytest.importorskip("tensorboardX")
    script.write("""
        import argparse
        import wandb
        from tensorboardX import SummaryWriter

        parser = argparse.ArgumentParser()
        parser.add_argument("--learning-rate", type=float, default=2.5e-4)
        args, unknown = parser.parse_known_args()
        run_name = f"CartPole__{args.learning_rate}"
        wandb.init(project="cleanRL", entity=None, sync_tensorboard=True, config=vars(args), name=run_name, monitor_gym=True, save_code=True)
        writer = SummaryWriter(f"runs/{run_name}")
        writer.add_text("hyperparameters", "|param|value|")
        for global_step in range(1, 6):
            writer.add_scalar("charts/episodic_return", global_step * args.learning_rate, global_step)
            writer.add_scalar("losses/value_loss", 1.0 / global_step, global_step)
        writer.close()
    """)
    sweep = {
        "method": "grid", "program": "program.py", "command": [*script.command, "${program}", "${args}"],
        "metric": {"name": "charts/episodic_return", "goal": "maximize"}, "parameters": {"learning-rate": {"values": [0.5, 2.0]}},
    }  # fmt: skip
    sweep_id = besom.sweep(sweep, seed=1)
    besom.agent(sweep_id)
    best = besom.Api().sweep(sweep_id).best_run()
    assert best.config["learning-rate"] == 2 and best.best == 10 and best.history()[-1]["losses/value_loss"] == pytest.approx(0.2)
