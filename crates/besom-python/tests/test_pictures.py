"""Pictures: of the command for notebooks, figures on matplotlib."""

import xml.etree.ElementTree as xml

import pytest

import besom
from besom import _picture

CONFIG = {
    "method": "random",
    "run_cap": 20,
    "name": "<b> & co",
    "metric": {"name": "loss <x>"},
    "parameters": {"rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0}, "kind": {"values": ["a", "b"]}, "width": {"min": 1, "max": 64}},
}


#: Dots that explain the marks of a history of finished runs.
LEGEND = 1


def worked():
    sweep_id = besom.sweep(CONFIG, seed=1)

    def train():
        run = besom.init()
        if run.number == 3:
            raise SystemExit(1)
        for step in range(3):
            besom.log({"loss <x>": run.config.rate + (run.config.kind == "a") + 1 / (step + 1)})

    besom.agent(sweep_id, function=train)
    return sweep_id


def test_a_sweep_is_a_well_formed_picture_without_scripts_or_network():
    for sweep in (besom.Api().sweep(worked()), besom.controller(worked())):
        html = sweep._repr_html_()
        root = xml.fromstring(html)
        svgs = [child for child in root.iter() if child.tag.endswith("svg")]
        assert len(svgs) == 2 and "20 of 20: 19 finished, 1 failed" in html
        circles = [child for child in svgs[0].iter() if child.tag.endswith("circle")]
        assert len(circles) == 19 + LEGEND
        links = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in links and "<script" not in links and "<b> & co" not in html


def test_a_notebook_shows_the_pictures_of_the_command():
    sweep_id = worked()
    html = besom.Api().sweep(sweep_id)._repr_html_()
    for kind, size in (("history", (560, 360)), ("parallel", (560, 360))):
        assert besom.picture(sweep_id, kind, size=size).svg in html


def test_a_large_sweep_is_shown_in_pixels():
    sweep = besom.Sweep({**CONFIG, "run_cap": 600})
    for run in sweep.ask(count=600):
        sweep.tell(run, run["rate"])
    html = sweep._repr_html_()
    assert "<svg" not in html and html.count("data:image/png;base64,") == 2
    picture = besom.picture(sweep)
    assert picture._repr_svg_() is None and picture._repr_png_().startswith(b"\x89PNG") and picture.svg.startswith("<svg")
    xml.fromstring(html)


def test_all_kinds_of_pictures_are_there_without_matplotlib(script, place):
    sweep_id = worked()
    out = script.run(f"""
        import sys
        sys.modules["matplotlib"] = None
        import besom
        for kind in ("history", "curves", "parallel", "slice", "importance", "contour"):
            picture = besom.picture({sweep_id!r}, kind, size=(400, 300))
            assert picture._repr_svg_().startswith('<svg width="400" height="300"'), kind
            picture.save(f"{{kind}}.png")
        print(besom.picture({sweep_id!r}, "contour", parameters=["rate", "width"]))
    """)
    assert out == "<Picture contour>\n"
    assert (place / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_is_rejected_with_a_reason():
    sweep_id = worked()
    with pytest.raises(ValueError, match="'histroy': unknown plot, did you mean 'history'"):
        besom.picture(sweep_id, "histroy")
    with pytest.raises(ValueError, match="no parameter 'widht' .* did you mean 'width'"):
        besom.picture(sweep_id, "slice", parameters=["widht"])
    with pytest.raises(ValueError, match="a picture must be svg or png, got 'pdf'"):
        besom.picture(sweep_id).save("history.pdf")
    with pytest.raises(besom.BesomError, match="no run has logged a number as 'loss <x>' yet"):
        besom.picture(besom.Sweep(CONFIG))


def test_a_sweep_without_runs_or_in_memory_has_a_picture_too():
    assert "0 of 20" in besom.Api().sweep(besom.sweep(CONFIG, seed=1))._repr_html_()
    sweep = besom.Sweep(CONFIG)
    assert "0 runs" in sweep._repr_html_()
    for value in (3.0, 1.0, 2.0):
        sweep.tell(sweep.ask(), value)
    assert "best loss &lt;x&gt; 1 (run 2)" in sweep._repr_html_()


def test_figures_show_the_runs():
    pytest.importorskip("matplotlib")
    from besom import plot

    sweep_id = worked()
    history = plot.history(sweep_id).axes[0]
    assert len(history.collections[0].get_offsets()) == 19
    best = history.lines[0].get_ydata()
    assert list(best) == sorted(best, reverse=True)
    assert len(plot.parallel(sweep_id).axes[0].lines) == 19 + 3
    assert [axes.get_xlabel() for axes in plot.slice(sweep_id).axes] == ["rate", "kind", "width"]
    assert len(plot.curves(sweep_id).axes[0].lines) == 20
    found = plot.importances(sweep_id)
    assert min(found["kind"].alone, found["rate"].alone) > found["width"].total
    assert all(0 <= size.alone <= size.total <= 1 for size in found.values())
    labels = [label.get_text() for label in plot.importance(sweep_id).axes[0].get_yticklabels()]
    assert sorted(labels) == ["kind", "rate", "width"] and labels[0] == "width", "the most important one is on top"
    contour = plot.contour(sweep_id, "rate", "width").axes[0]
    assert (contour.get_xlabel(), contour.get_ylabel()) == ("rate", "width")
    assert contour.images[0].get_array().shape == (48, 48) and _dots(contour) == 19
    most = plot.contour(sweep_id).axes[0]
    assert {most.get_xlabel(), most.get_ylabel()} == {"kind", "rate"}
    assert plot.contour(sweep_id, y="rate").axes[0].get_xlabel() == "kind"
    with pytest.raises(ValueError, match="no parameter 'widht' .* did you mean 'width'"):
        plot.contour(sweep_id, "widht")
    for draw in (plot.history, plot.parallel, plot.slice, plot.contour, plot.curves, plot.importance):
        draw(besom.Sweep(CONFIG)).savefig("empty.png")
        draw(sweep_id).savefig(f"{draw.__name__}.svg")


def _dots(axes):
    """Return how many marks of runs there are."""
    from matplotlib.collections import PathCollection

    return sum(len(found.get_offsets()) for found in axes.collections if type(found) is PathCollection)


def _ended(count=12):
    """Return a sweep in memory of runs that finished and runs that failed."""
    sweep = besom.Sweep({**CONFIG, "run_cap": count}, seed=1)
    for run in sweep.ask(count=count):
        sweep.tell(run, run["rate"], state="failed" if run.number % 4 == 0 else "finished")
    return sweep


def test_failed_runs_have_a_mark_and_a_legend_everywhere():
    pytest.importorskip("matplotlib")
    from besom import plot

    sweep = _ended()
    assert "failed" in besom.picture(sweep).svg and "failed" in besom.picture(sweep, "slice").svg
    for axes in (plot.history(sweep).axes[0], plot.slice(sweep).axes[0]):
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels[:2] == ["run", "failed"]
        assert [len(found.get_offsets()) for found in axes.collections] == [9, 3]
    labels = {text.get_text() for text in plot.curves(sweep).axes[0].get_legend().get_texts()}
    assert labels == {"run", "stopped early or failed", "best run"}


def test_axes_of_parameters_have_round_labels():
    from besom import _besom

    space = {
        "rate": {"distribution": "log_uniform_values", "min": 1e-8, "max": 1.0},
        "shift": {"distribution": "q_uniform", "min": 0.0, "max": 0.5, "q": 0.1},
    }
    sweep = besom.Sweep({"method": "random", "metric": {"name": "loss"}, "parameters": space}, seed=1)
    sweep.tell(sweep.ask(), 1.0)
    rate, shift = _besom.sample(sweep.runs)["axes"]
    assert [text for _, text in rate["ticks"]] == ["1e-8", "1e-6", "1e-4", "0.01", "1"]
    assert [text for _, text in shift["ticks"]] == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]


def test_long_texts_are_cut_and_formulas_are_none():
    pytest.importorskip("matplotlib")
    from besom import plot

    name = 300 * "n"
    space = {name: {"values": ["$" + 300 * "a", "b"]}, "y": {"min": 0.0, "max": 1.0}}
    sweep = besom.Sweep({"method": "random", "metric": {"name": "$" + 300 * "m" + "$"}, "parameters": space}, seed=1)
    for run in sweep.ask(count=6):
        sweep.tell(run, run["y"])
    for draw in (plot.history, plot.parallel, plot.slice, plot.contour, plot.curves, plot.importance):
        figure = draw(sweep)
        figure.savefig(f"{draw.__name__}.png")
        texts = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel(), axes.get_title())]
        assert max(len(text.replace("\\", "")) for text in texts) <= plot.TITLE, draw.__name__


def test_of_many_parameters_the_most_important_are_shown():
    pytest.importorskip("matplotlib")
    from besom import plot

    space = {f"p{k}": {"min": 0.0, "max": 1.0} for k in range(200)}
    sweep = besom.Sweep({"method": "random", "metric": {"name": "loss"}, "parameters": space}, seed=1)
    for run in sweep.ask(count=40):
        sweep.tell(run, run["p150"])
    figure = plot.slice(sweep)
    assert len(figure.axes) == 24 and "p150" in [axes.get_xlabel() for axes in figure.axes]
    assert "the 24 most important of 200 parameters" in figure.get_suptitle()
    assert "the 20 most important of 200 parameters" in plot.parallel(sweep).axes[0].get_title()


def test_a_picture_names_the_run_under_the_pointer_and_scales():
    picture = besom.picture(_ended(), scale=2.0)
    root = xml.fromstring(picture.svg)
    assert (root.get("width"), root.get("viewBox")) == ("1800", "0 0 900 520")
    titles = [child.text for child in root.iter() if child.tag.endswith("title")]
    assert titles[0] == "loss <x> of 12 runs" and len(titles) == 1 + 12
    assert any(title.startswith("run 4: loss <x> ") and title.endswith("; failed") for title in titles)


def test_importance_sees_a_valley_and_no_noise():
    pytest.importorskip("matplotlib")
    from besom.plot import importances

    space = {"valley": {"min": -1.0, "max": 1.0}, "noise": {"min": 0.0, "max": 1.0}, "sign": {"values": ["a", "b"]}}
    sweep = besom.Sweep({"method": "sobol", "metric": {"name": "loss"}, "parameters": space}, seed=1)
    for run in sweep.ask(count=64):
        sweep.tell(run, run["valley"] ** 2)
    found = importances(sweep)
    assert list(found) == ["valley", "noise", "sign"]
    assert found["valley"].alone > 0.95 and found["noise"].total < 0.05 and found["sign"].total < 0.05


def test_a_diverged_run_does_not_flatten_the_others():
    pytest.importorskip("matplotlib")
    from besom import plot

    config = {"method": "sobol", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    sweep = besom.Sweep(config, seed=1)
    for run in sweep.ask(count=20):
        sweep.tell(run, 1e30 if run.number == 7 else run["x"])
    axes = plot.history(sweep).axes[0]
    assert axes.get_ylim()[1] < 10 and axes.get_xlabel() == "run (1 far beyond the picture)"
    circles = [child for child in xml.fromstring(besom.picture(sweep).svg).iter() if child.tag.endswith("circle")]
    heights = [float(circle.get("cy")) for circle in circles]
    assert len({round(height) for height in heights}) > 10 and all(0 <= height <= 520 for height in heights)


def test_the_best_is_never_beyond_the_picture():
    pytest.importorskip("matplotlib")
    from besom import plot

    config = {"method": "sobol", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    sweep = besom.Sweep(config, seed=1)
    for run in sweep.ask(count=20):
        sweep.tell(run, 1e-7 if run.number == 7 else 0.5 + run["x"])
    low, high = plot.history(sweep).axes[0].get_ylim()
    assert low < 1e-7 and high < 10


def test_failed_runs_do_not_count_for_the_best():
    from besom import _besom

    sweep = besom.Sweep(CONFIG)
    for value, state in ((3.0, "finished"), (1.0, "failed"), (2.0, "finished")):
        sweep.tell(sweep.ask(), value, state=state)
    sample = _besom.sample(sweep.runs)
    assert sample["best"] == 3 == sweep.best.number == sweep.runs.best.number
    assert sample["records"] == [[1, 3.0], [3, 2.0]]


def test_a_running_run_is_the_best_so_far_and_marked_so():
    sweep = besom.Sweep(CONFIG)
    sweep.tell(sweep.ask(), 3.0)
    sweep.report(sweep.ask(), 2.0)
    assert sweep.best.number == 2 and "best loss &lt;x&gt; 2 (run 2, running)" in sweep._repr_html_()

    sweep_id = besom.sweep(CONFIG, seed=1)
    shown = []

    def train():
        besom.log({"loss <x>": 1.0})
        # The agent reads the row from the run's file in its own time.
        found = (besom.Api().sweep(sweep_id).best_run() for _ in range(100_000))
        best = next(run for run in found if run is not None)
        shown.append((best.number, best.state, besom.Api().sweep(sweep_id)._repr_html_()))

    besom.agent(sweep_id, function=train, count=1)
    ((number, state, html),) = shown
    assert (number, state) == (1, "running") and "best loss &lt;x&gt; 1 (run 1, running)" in html


def test_one_cell_shows_one_best_run():
    """The run that failed with the best value is the best neither in the text nor in the picture nor for `best_run`."""
    sweep_id = besom.sweep({**CONFIG, "run_cap": 4}, seed=1)

    def train():
        run = besom.init()
        besom.log({"loss <x>": {1: 1.0, 2: -5.0, 3: 2.0, 4: 3.0}[run.number]})
        if run.number == 2:
            raise SystemExit(1)

    besom.agent(sweep_id, function=train)
    sweep = besom.Api().sweep(sweep_id)
    assert [run.state for run in sweep.runs] == ["finished", "failed", "finished", "finished"]
    best, history = sweep.best_run(), _picture.subject(sweep).history
    assert (best.number, best.best) == (1, 1.0) == (history.best.number, history.best.best)
    html = sweep._repr_html_()
    assert "best loss &lt;x&gt; 1 (run 1); run 2 (failed) had -5, which does not count" in html
    lines = [child.get("points") for child in xml.fromstring(html).iter() if child.get("stroke") == "#D62728"]
    assert len(lines) == 1
    heights = {point.split(",")[1] for point in lines[0].split()}
    assert len(heights) == 1, "the best so far is the first run's value from the first run on"


def test_the_example_runs():
    pytest.importorskip("matplotlib")
    import doctest

    from besom import plot

    assert doctest.testmod(plot).failed == 0
