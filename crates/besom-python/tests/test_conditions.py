"""Parameters that exist under a condition only, from the configuration to the function and back."""

import pytest
from conftest import runs

import besom

PARAMETERS = {
    "optimizer": {"values": ["sgd", "adam"]},
    "momentum": {"values": [0.5, 0.9], "when": {"optimizer": "sgd"}},
    "fixed": {"value": 7, "when": {"optimizer": "adam"}},
    "net": {"when": {"optimizer": "adam"}, "parameters": {"layers": {"min": 1, "max": 2}}},
}
CONFIG = {"method": "grid", "metric": {"name": "loss"}, "parameters": PARAMETERS}
POINTS = [
    {"fixed": 7, "net": {"layers": 1}, "optimizer": "adam"},
    {"fixed": 7, "net": {"layers": 2}, "optimizer": "adam"},
    {"momentum": 0.5, "optimizer": "sgd"},
    {"momentum": 0.9, "optimizer": "sgd"},
]


def in_order(points):
    return sorted((dict(point) for point in points), key=repr)


def consistent(params):
    sgd = params["optimizer"] == "sgd"
    return set(params) == ({"optimizer", "momentum"} if sgd else {"optimizer", "fixed", "net"})


def test_a_function_gets_the_active_parameters_only():
    seen = []

    def train():
        run = besom.init()
        seen.append(dict(run.config))
        besom.log({"loss": run.config.get("momentum", 0.7)})

    sweep_id = besom.sweep(CONFIG, seed=1)
    besom.agent(sweep_id, function=train, quiet=True)
    assert in_order(seen) == in_order(POINTS)
    assert in_order(run.config for run in runs(sweep_id)) == in_order(POINTS)
    assert besom.Api().sweep(sweep_id).best_run().config == {"momentum": 0.5, "optimizer": "sgd"}


def test_a_frame_has_a_column_for_each_parameter_before_those_of_what_was_logged():
    pandas = pytest.importorskip("pandas")

    def train():
        besom.init()
        # The second name is that of a parameter, which half of the runs lack.
        besom.log({"loss": 1.0, "momentum": 3.0})

    sweep_id = besom.sweep(CONFIG, seed=1)
    besom.agent(sweep_id, function=train, quiet=True)
    table = besom.Api().sweep(sweep_id).to_pandas()
    parameters = {"optimizer", "momentum", "fixed", "net.layers"}
    assert set(table.columns[-6:-2]) == parameters
    assert list(table.columns[-2:]) == ["loss", "summary.momentum"]
    for _, row in table.iterrows():
        sgd = row["optimizer"] == "sgd"
        assert [pandas.isna(row[name]) for name in ("momentum", "fixed", "net.layers")] == [not sgd, sgd, sgd]


def test_figures_show_runs_without_a_parameter_beside_its_axis_or_not_at_all():
    pytest.importorskip("matplotlib")
    from besom import plot

    sweep_id = besom.sweep({**CONFIG, "method": "random", "run_cap": 20}, seed=1)
    besom.agent(sweep_id, function=lambda: besom.log({"loss": len(besom.init().config)}), quiet=True)
    adam = sum(run.config["optimizer"] == "adam" for run in runs(sweep_id))
    axes = plot.parallel(sweep_id).axes[0]
    lines = [list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 3 and line.get_color() != "#999"]
    assert len(lines) == 20 and all(sorted(line)[0] == plot.NONE < sorted(line)[1] for line in lines)
    assert [text.get_text() for text in axes.texts].count("none") == 2
    panels = {panel.get_xlabel(): sum(len(dots.get_offsets()) for dots in panel.collections) for panel in plot.slice(sweep_id).axes}
    assert panels["momentum"] in (20 - adam, 21 - adam) and panels["net.layers"] in (adam, adam + 1), "the best run is marked"
    assert set(plot.importances(sweep_id)) == {"optimizer", "momentum", "net.layers"}


def test_what_a_notebook_shows_has_no_values_for_inactive_parameters():
    sweep_id = besom.sweep(CONFIG, seed=1)
    besom.agent(sweep_id, function=lambda: besom.log({"loss": 1.0}), quiet=True)
    card = besom.Api().sweep(sweep_id)._repr_html_()
    assert "momentum" in card and "optimizer" in card
    assert not any(word in card for word in ("NaN", "nan<", "None", "null"))


@pytest.mark.parametrize("method", ["random", "bayes", "tpe"])
def test_ask_and_tell_know_active_parameters_only(method):
    sweep = besom.Sweep({**CONFIG, "method": method, "run_cap": 12}, seed=1)
    while (run := sweep.ask()) is not None:
        assert consistent(run.params), run.params
        sweep.tell(run, run.params.get("momentum", 0.7))
    assert sweep.best.params == {"momentum": 0.5, "optimizer": "sgd"}
    pandas = pytest.importorskip("pandas")
    table = sweep.to_pandas()
    assert all(pandas.isna(row["momentum"]) == (row["optimizer"] == "adam") for _, row in table.iterrows())


def test_a_controller_takes_conditions():
    controller = besom.controller()
    controller.configure_search("grid")
    controller.configure_metric("loss", goal="minimize")
    controller.configure_parameter("optimizer", values=["sgd", "adam"])
    controller.configure_parameter("momentum", values=[0.5, 0.9], when={"optimizer": "sgd"})
    sweep_id = controller.create()
    controller.run(agents=1, function=lambda: besom.log({"loss": 1}), print_status=False)
    expected = [{"optimizer": "adam"}, {"momentum": 0.5, "optimizer": "sgd"}, {"momentum": 0.9, "optimizer": "sgd"}]
    assert in_order(run.config for run in runs(sweep_id)) == in_order(expected)


def test_an_own_search_may_give_inactive_parameters_and_leave_out_constants():
    def all_of_them(ask):
        optimizer = ["sgd", "adam"][ask.rng().randrange(2)]
        return {"optimizer": optimizer, "momentum": 0.5, "net": {"layers": 2}}

    besom.register_search("all-of-them", all_of_them, replace=True)
    sweep = besom.Sweep({**CONFIG, "method": "all-of-them", "run_cap": 10}, seed=1)
    asked = []
    while (run := sweep.ask()) is not None:
        asked.append(run.params)
        sweep.tell(run, 1.0)
    assert len(asked) == 10 and all(map(consistent, asked)), asked
    assert {params["optimizer"] for params in asked} == {"sgd", "adam"}


def test_a_condition_that_never_holds_says_so():
    parameters = {**PARAMETERS, "momentum": {"values": [0.5], "when": {"optimizer": "sdg"}}}
    with pytest.raises(besom.ConfigError, match="sdg"):
        besom.sweep({**CONFIG, "parameters": parameters})
