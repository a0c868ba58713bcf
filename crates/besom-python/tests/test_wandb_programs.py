"""Programs in the shapes that public repositories use run after ``import besom as wandb``, with a sweep and without."""

import pytest
from conftest import runs

import besom

PROGRAMS = {
    "argparse, login and watch": """
        import argparse
        import besom as wandb

        parser = argparse.ArgumentParser()
        parser.add_argument("--lr", type=float, default=0.5)
        parser.add_argument("--epochs", type=int, default=2)
        parser.add_argument("--x", type=int, default=7)
        args = parser.parse_args()

        wandb.login(key="none")
        wandb.init(project="demo", entity="me", config=args, settings=wandb.Settings(start_method="thread"), save_code=True)
        wandb.config.update(args, allow_val_change=True)
        wandb.watch(object(), log="all")
        for epoch in range(wandb.config.epochs):
            wandb.log({"loss": wandb.config.x / (epoch + 1), "epoch": epoch}, step=epoch)
        wandb.unwatch()
        wandb.finish()
    """,
    "define_metric and a summary": """
        import besom as wandb

        run = wandb.init(config=vars(__import__("argparse").Namespace(x=7, seed=3)))
        wandb.define_metric("epoch", hidden=True)
        run.define_metric("loss", step_metric="epoch", summary="min", goal="minimize")
        wandb.define_metric("val/*", step_metric="epoch", summary="max,last")
        for epoch, loss in enumerate([3, 1, 2]):
            run.log({"epoch": epoch, "loss": loss * run.config.x, "val/acc": loss})
        assert run.summary["loss"]["min"] == run.config.x and wandb.summary["val/acc"] == {"max": 3.0, "last": 2.0}
        wandb.summary["best_epoch"] = 1
        wandb.run.summary.update({"parameters": 12})
    """,
    "pictures and tables beside numbers": """
        import datetime
        import besom as wandb

        with wandb.init(config={"x": 7}, tags=["a"], notes="n", group="g", job_type="train", mode="online") as run:
            table = wandb.Table(columns=["label", "image"])
            for i in range(3):
                table.add_data(i, wandb.Image([[0]], caption=str(i)))
            wandb.log({"loss": run.config.x, "examples": table, "images": [wandb.Image("a.png")] * 2, "at": datetime.datetime(2026, 1, 2)})
            wandb.log({"hist": wandb.Histogram([1, 2]), "roc": wandb.plot.roc_curve([0, 1], [[0, 1]]), "video": wandb.Video("v.mp4")})
            wandb.log({"chart": wandb.plot.line(table, "label", "image"), "page": wandb.Html("<p>")}, commit=False)
            wandb.log({"loss": run.config.x})
    """,
    "artifacts, a checkpoint and an alert": """
        import os
        import besom as wandb

        run = wandb.init(job_type="train", config=dict(x=7, batch_size=32))
        model = os.path.join(wandb.run.dir, "model.txt")
        with open(model, "w") as file:
            file.write("weights")
        artifact = wandb.Artifact(f"model-{run.id}", type="model", metadata={"x": run.config["x"]})
        artifact.add_file(model)
        with artifact.new_file("more.txt") as file:
            file.write("more")
        run.log_artifact(artifact, aliases=["best"]).wait()
        wandb.log_artifact(artifact)
        assert open(run.use_artifact(f"me/demo/model-{run.id}:best").get_path("model.txt").download()).read() == "weights"
        wandb.save(model)
        assert wandb.restore("model.txt").read() == "weights"
        run.alert(title="done", text="all is well", level=wandb.AlertLevel.INFO)
        run.log_code(".")
        run.log({"loss": run.config.x})
        run.finish()
    """,
    "a configuration in a file": """
        import besom as wandb

        with open("config.yaml", "w") as file:
            file.write("wandb_version: 1\\nx: {desc: swept, value: 7}\\nlr: {value: 1e-3}\\nname: plain\\n")
        with open("config-defaults.yaml", "w") as file:
            file.write("lr:\\n  value: 9\\nepochs:\\n  desc: how many\\n  value: 3\\n")
        run = wandb.init(config="config.yaml")
        assert (run.config.lr, run.config.epochs, run.config.name) == (1e-3, 3, "plain"), run.config
        for epoch in range(wandb.config.epochs):
            wandb.log({"loss": wandb.config.x})
    """,
    "everything about the run": """
        import besom as wandb

        wandb.setup()
        run = wandb.init(project="p", entity="e", name="mine", reinit=True, resume="allow", id=wandb.util.generate_id())
        config = wandb.config
        config.setdefaults({"x": 7})
        print(run.url, run.get_url(), run.project, run.entity, run.group, run.tags, run.notes, run.mode, run.disabled, run.resumed, run.offline)
        assert run.name == "mine" and run.step == 0 and wandb.run is run and run.id and run.url.startswith("file://")
        run.name, run.tags = "other", ["a"]
        for key, value in config.items():
            wandb.termlog(f"{key}={value}")
        wandb.log({"loss": config["x"]})
        assert run.step == 1
        wandb.mark_preempting()
        try:
            raise wandb.errors.CommError("no network")
        except wandb.errors.Error:
            pass
        wandb.join()
        wandb.teardown()
    """,
    "folds in parts of the run": """
        import besom as wandb

        sweep_run = wandb.init(config={"x": 7})
        losses = []
        for fold in range(3):
            with wandb.init(reinit=True, group="cv", name=f"fold-{fold}") as run:
                assert run is not sweep_run and run.config.get("x", 7) == sweep_run.config.x
                run.log({"loss": -fold})
                losses.append(sweep_run.config.x + fold)
        sweep_run.log({"loss": min(losses)})
        sweep_run.finish()
    """,
    "a configuration like OmegaConf's": """
        from collections.abc import MutableMapping
        import besom as wandb

        class DictConfig(MutableMapping):
            def __init__(self, content): self.content = content
            def __getitem__(self, name): return self.content[name]
            def __setitem__(self, name, value): self.content[name] = value
            def __delitem__(self, name): del self.content[name]
            def __iter__(self): return iter(self.content)
            def __len__(self): return len(self.content)

        cfg = DictConfig({"x": 7, "model": DictConfig({"dim": 8, "act": "relu"})})
        wandb.init(config=cfg, config_exclude_keys=["x"] if wandb.run else None)
        wandb.config.update(cfg)
        assert wandb.config["model"]["act"] == "relu"
        wandb.log({"loss": wandb.config.x})
    """,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_wandb_run_alone_and_in_a_sweep(script, program):
    script.run(PROGRAMS[program], "train.py")
    sweep = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [2, 1]}}, "program": "train.py"}
    sweep_id = besom.sweep(sweep, seed=1)
    besom.agent(sweep_id)
    ended = [(run.state, run.message) for run in runs(sweep_id)]
    assert ended == [("finished", None)] * 2
    best = besom.Api().sweep(sweep_id).best_run()
    assert best.config["x"] == 1, [run.history() for run in runs(sweep_id)]


def test_what_is_not_kept_is_said_once_a_kind_and_numbers_beside_it_are_kept(script, place):
    script.write("""
        import besom as wandb

        wandb.init()
        for step in range(2):
            wandb.log({"loss": step, "graph": wandb.Classes([]), "nested": {"acc": 1, "roc": wandb.plot.roc_curve([0], [[1]])}})
            wandb.watch(None)
        print(wandb.run.dir)
    """)
    program = script.start()
    out, err = program.communicate(timeout=60)
    assert err.splitlines() == ["besom keeps no classes: ignored", "besom keeps no charts: ignored", "besom keeps no gradients: ignored"]
    rows = (place / out.strip() / "metrics-1.jsonl").read_text().splitlines()
    assert rows == [f'{{"loss":{step},"nested":{{"acc":1}}}}' for step in range(2)]
