"""What callbacks of W&B's modules log, as their frameworks call them: the frameworks themselves where they are installed."""

import json
import pathlib
from types import SimpleNamespace

import pytest

import besom


@pytest.fixture
def run():
    run = besom.init()
    yield run
    run.finish()


def rows(run):
    return [json.loads(line) for line in pathlib.Path(run.dir, "metrics-1.jsonl").read_text().splitlines()]


class Model:
    """As much of a model of Keras as a callback asks for."""

    optimizer = SimpleNamespace(learning_rate=0.5)

    def save(self, path):
        pathlib.Path(path).write_text("model")


def keras_callback(name, *given, **named):
    callback = getattr(besom.keras, name)(*given, **named)
    callback.set_model(Model()) if hasattr(callback, "set_model") else setattr(callback, "model", Model())
    return callback


def test_metrics_of_keras_have_the_names_of_wandb(run):
    by_epoch, by_batch = keras_callback("WandbMetricsLogger"), keras_callback("WandbMetricsLogger", log_freq=2)
    for batch in range(3):
        for callback in (by_epoch, by_batch):
            callback.on_train_batch_end(batch, {"loss": batch})
    by_epoch.on_epoch_end(0, {"loss": 2.0, "val_loss": 3.0})
    assert rows(run) == [
        {"batch/loss": 0, "batch/batch_step": 0, "batch/learning_rate": 0.5},
        {"batch/loss": 2, "batch/batch_step": 2, "batch/learning_rate": 0.5},
        {"epoch/loss": 2.0, "epoch/val_loss": 3.0, "epoch/epoch": 0, "epoch/learning_rate": 0.5},
    ]


@pytest.mark.parametrize("monitor, best", [("val_loss", (1.0, 1)), ("val_acc", (4.0, 2))])
def test_the_best_epoch_of_keras_is_stated_and_its_model_saved(run, monitor, best):
    callback = keras_callback("WandbCallback", monitor=monitor)
    for epoch, value in enumerate((3.0, 1.0, 4.0)):
        callback.on_epoch_end(epoch, {monitor: value})
    assert (run.summary[f"best_{monitor}"], run.summary["best_epoch"]) == best
    assert pathlib.Path(run.dir, "model-best.keras").exists() and rows(run)[2] == {"epoch": 2, monitor: 4.0}


@pytest.mark.parametrize("mode", ["min", "max"])
def test_an_epoch_without_a_finite_value_is_not_the_best_one_of_keras(run, mode):
    callback = keras_callback("WandbCallback", mode=mode)
    model = pathlib.Path(run.dir, "model-best.keras")
    callback.on_epoch_end(0, {"val_loss": float("nan")})
    assert not model.exists()
    callback.on_epoch_end(1, {"val_loss": 1.0})
    model.write_text("the best")
    for value in ("nan", "inf", "-inf"):
        callback.on_epoch_end(2, {"val_loss": float(value)})
    callback.on_epoch_end(3, {"loss": 1.0})
    assert model.read_text() == "the best" and run.summary["best_epoch"] == 1


def test_a_model_of_keras_that_cannot_be_saved_ends_no_run(run, capsys):
    callback = keras_callback("WandbCallback", save_weights_only=True)
    for epoch in range(2):
        callback.on_epoch_end(epoch, {"val_loss": 1.0 - epoch})
    assert capsys.readouterr().err.count("cannot be saved, and is not any more: ") == 1 and len(rows(run)) == 2


def test_callbacks_need_a_run():
    for make in (besom.keras.WandbMetricsLogger, besom.xgboost.WandbCallback, besom.catboost.WandbCallback, besom.lightgbm.wandb_callback):
        with pytest.raises(besom.BesomError, match="call besom.init\\(\\) before Wandb|call besom.init\\(\\) before wandb"):
            make()


def test_catboost_is_logged_when_it_has_evaluated(run):
    callback = besom.catboost.WandbCallback(metric_period=2)
    for iteration, losses in enumerate(([1.0], [1.0], [1.0, 0.5])):
        assert callback.after_iteration(SimpleNamespace(iteration=iteration, metrics={"learn": {"RMSE": losses}}))
    assert rows(run) == [{"learn-RMSE": 1.0, "iteration@metric-period-2": 0}, {"learn-RMSE": 0.5, "iteration@metric-period-2": 2}]


def test_evaluations_of_lightgbm_and_its_cross_validation_are_logged(run):
    callback = besom.lightgbm.wandb_callback()
    for iteration, loss in enumerate((3.0, 1.0, 2.0)):
        callback(SimpleNamespace(iteration=iteration, begin_iteration=0, params={"lr": 0.1}, evaluation_result_list=[("valid", "l2", loss, False)]))
    callback(SimpleNamespace(iteration=0, begin_iteration=0, params={}, evaluation_result_list=[("cv_agg", "valid auc", 0.5, True, 0.1)]))
    assert rows(run)[-1] == {"valid_auc-mean": 0.5, "valid_auc-stdv": 0.1, "iteration": 0}
    assert rows(run)[2] == {"valid_l2": 2.0, "iteration": 2}
    assert run.summary["valid_l2"] == {"min": 1.0} and run.summary["valid_auc-mean"] == {"max": 0.5} and run.config.lr == 0.1


def test_xgboost_in_a_sweep():
    xgboost, numpy = pytest.importorskip("xgboost"), pytest.importorskip("numpy")

    def train():
        run = besom.init()
        x = numpy.random.default_rng(1).normal(size=(64, 2))
        data = xgboost.DMatrix(x, x.sum(axis=1))
        callback = besom.xgboost.WandbCallback(log_model=True)
        xgboost.train({"max_depth": run.config.depth}, data, 3, [(data, "train")], verbose_eval=False, callbacks=[callback])

    sweep = {"method": "grid", "metric": {"name": "train-rmse.min"}, "parameters": {"depth": {"values": [1, 3]}}}
    sweep_id = besom.sweep(sweep, seed=1)
    besom.agent(sweep_id, function=train)
    best = besom.Api().sweep(sweep_id).best_run()
    assert best.config["depth"] == 3 and best.summary["epoch"] == 2 and best.summary["Feature Importance"]["nrows"] == 2
    assert pathlib.Path(best.dir, f"{best.id}_model.json").exists() and "learner" in best.config


def test_lightgbm_in_a_run(run):
    lightgbm, numpy = pytest.importorskip("lightgbm"), pytest.importorskip("numpy")
    x = numpy.random.default_rng(1).normal(size=(200, 2))
    data = lightgbm.Dataset(x, x.sum(axis=1))
    callbacks = [besom.lightgbm.wandb_callback()]
    model = lightgbm.train({"verbose": -1, "metric": "l2"}, data, 3, valid_sets=[data], valid_names=["train"], callbacks=callbacks)
    besom.lightgbm.log_summary(model, save_model_checkpoint=True)
    assert [row["iteration"] for row in rows(run)[:3]] == [0, 1, 2] and run.summary["train_l2"]["min"] < rows(run)[0]["train_l2"]
    assert run.summary["Feature Importance"]["nrows"] == 2 and "best_iteration" in run.summary


def test_keras_in_a_run(run):
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    x = numpy.ones((8, 2))
    callbacks = [besom.keras.WandbMetricsLogger(), besom.keras.WandbCallback(), besom.keras.WandbModelCheckpoint(f"{run.dir}/m.keras")]
    model.fit(x, x.sum(axis=1), epochs=2, verbose=0, validation_data=(x, x.sum(axis=1)), callbacks=callbacks)
    logged = rows(run)
    assert logged[0].keys() == {"epoch/loss", "epoch/val_loss", "epoch/epoch", "epoch/learning_rate"} and logged[1].keys() == {"epoch", "loss", "val_loss"}
    assert run.summary["best_epoch"] == 1 and pathlib.Path(run.dir, "model-best.keras").exists() and pathlib.Path(run.dir, "m.keras").exists()


def event(step, **scalars):
    values = [SimpleNamespace(tag=tag, simple_value=value, WhichOneof=lambda kind: "simple_value") for tag, value in scalars.items()]
    return SimpleNamespace(step=step, summary=SimpleNamespace(value=values))


def test_events_of_tensorboard_of_one_step_are_a_row(run):
    for step in range(2):
        besom.tensorboard.log(event(step, loss=1.0 - step))
        besom.tensorboard.log(event(step, acc=float(step)))
    besom.tensorboard.log(SimpleNamespace(step=3, summary=SimpleNamespace(value=())))
    run.log({"after": 1}, step=9)
    assert rows(run) == [{"loss": 1.0, "global_step": 0, "acc": 0.0}, {"loss": 0.0, "global_step": 1, "acc": 1.0}]


def test_what_tensorboardx_writes_is_logged_and_stops_a_run():
    writers = pytest.importorskip("tensorboardX")

    def train():
        run = besom.init(sync_tensorboard=True)
        writer = writers.SummaryWriter(f"runs/{run.id}")
        for step in range(5):
            writer.add_scalar("losses/value", run.config.x + step, step)
            writer.add_scalar("charts/speed", 2.0, step)
        writer.close()

    sweep = {"method": "grid", "metric": {"name": "losses/value"}, "parameters": {"x": {"values": [1, 2]}}}
    sweep_id = besom.sweep(sweep, seed=1)
    besom.agent(sweep_id, function=train)
    runs = besom.Api().sweep(sweep_id).runs
    besom.tensorboard.unpatch()
    assert [[row["losses/value"] for row in run.history()] for run in runs] == [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]
    assert runs[0].history()[1] == {"losses/value": 2, "charts/speed": 2, "global_step": 1}


def test_what_sacred_observes_is_logged(place):
    sacred = pytest.importorskip("sacred")
    experiment = sacred.Experiment("e", save_git_info=False)
    observer = besom.sacred.WandbObserver(project="p")
    experiment.observers.append(observer)
    experiment.add_config({"x": 3})

    @experiment.main
    def main(x, _run):
        _run.log_scalar("loss", 0.5)
        return 0.25, {"acc": 1}

    experiment.run()
    run = besom.run
    run.finish()
    assert {"result_0": 0.25} in rows(run) and {"acc": 1} in rows(run) and {"loss": 0.5} in rows(run) and run.config.x == 3
