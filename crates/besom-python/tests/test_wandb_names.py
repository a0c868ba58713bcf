"""What stands in for W&B's names, and what they lead to."""

import argparse
import math

import pytest
from conftest import runs

import besom

GRID = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}

#: What public programs use of the module, by number of repositories.
USED = """init log config run Api finish Image Artifact login Table watch sweep agent Settings log_artifact save restore define_metric
Histogram AlertLevel use_artifact plot Plotly Video errors Html summary join Audio Object3D link_artifact alert termlog termwarn termerror
setup teardown unwatch util mark_preempting Error controller Run""".split()


def test_names_that_public_programs_use_are_there():
    assert [name for name in USED if not hasattr(besom, name)] == []
    assert besom.plot.line(1, 2) and besom.plot.history, "charts of W&B beside besom's own"
    assert issubclass(besom.errors.CommError, besom.errors.Error)


def test_unknown_names_say_what_there_is_and_what_was_meant():
    with pytest.raises(AttributeError, match="no attribute 'inti' \\(did you mean 'init'\\?\\); it has .*agent, .*; what else W&B has is not kept"):
        besom.inti
    with pytest.raises(AttributeError, match="no 'wandb.jupyter': it needs W&B's own client, .*; or log what it would log with besom.log"):
        besom.jupyter
    with pytest.raises(AttributeError, match="a run has no 'nothing'; it has .*log"):
        besom.init().nothing
    besom.finish()


def test_dir_lists_what_is_public_and_the_modules():
    names = dir(besom)
    assert {"plot", "sweeps", "testing", "integrations", "sweep", "summary"} <= set(names)
    assert not [name for name in names if name.startswith("_")] and "Any" not in names and "TYPE_CHECKING" not in names


def test_what_is_not_there_cannot_be_read():
    besom.init()
    with pytest.raises(ValueError, match="what lies in the directory of the run only"):
        besom.restore("model.h5")
    besom.finish()


@pytest.mark.parametrize("given", [argparse.Namespace(x=9, lr=0.1), {"x": 9, "lr": 0.1}, [("x", 9), ("lr", 0.1)]])
def test_swept_values_are_locked_and_others_are_not(given, capsys):
    def train():
        run = besom.init(config=given)
        besom.config.update(given, allow_val_change=True)
        run.config.lr = 0.2
        assert (besom.config.x, besom.config.lr) == (run.number, 0.2)
        besom.log({"loss": 1})

    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=train)
    assert [run.config for run in runs(sweep_id)] == [{"x": 1, "lr": 0.2}, {"x": 2, "lr": 0.2}]


def test_a_swept_value_that_would_change_is_named_once(script):
    script.write("""
        import besom

        def train():
            run = besom.init(config={"x": 1})
            run.config.x = 99
            run.config["x"] = 98
            run.config.update({"x": run.config.x})

        besom.agent(besom.sweep({"method": "grid", "parameters": {"x": {"values": [1, 2]}}}, seed=1), function=train)
    """)
    program = script.start()
    _, err = program.communicate(timeout=60)
    assert err.count("locked by the sweep") == 1 and "'x' is locked by the sweep: x=99 is ignored" in err


def test_what_stands_beside_a_nested_swept_value_is_kept():
    def train():
        run = besom.init(config={"model": {"dim": 1, "act": "relu"}})
        run.config.update({"model": {"bias": True}})
        assert run.config["model"] == {"dim": 2, "act": "relu", "bias": True}

    sweep_id = besom.sweep({"method": "grid", "parameters": {"model": {"parameters": {"dim": {"values": [2]}}}}}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert run.config == {"model": {"act": "relu", "bias": True, "dim": 2}}, run.message


@pytest.mark.parametrize("wrong", [3, object, 1.5])
def test_a_configuration_of_another_kind_is_refused(wrong):
    with pytest.raises(TypeError, match="config must be a dict, an argparse.Namespace or the path of a YAML file"):
        besom.init(config=wrong)
    besom.finish()


def test_a_sweep_can_optimize_the_minimum_that_a_run_defines():
    def train():
        run = besom.init()
        run.define_metric("loss", summary="min")
        run.define_metric("acc", summary="best", goal="maximize")
        for value in (3, run.config.x, 5):
            run.log({"loss": value, "acc": value})
        with pytest.raises(ValueError, match="summary must be one or more of min, max"):
            run.define_metric("loss", summary="minimum")

    sweep_id = besom.sweep({**GRID, "metric": {"name": "loss.min"}}, seed=1)
    besom.agent(sweep_id, function=train)
    assert [(run.best, run.summary["loss"], run.summary["acc.best"]) for run in runs(sweep_id)] == [(1.0, 5, 5.0), (2.0, 5, 5.0)]


def test_one_call_is_one_run(capsys):
    said = []

    def train():
        run = besom.init()
        run.log({"loss": 1})
        run.finish()
        for again in (lambda: besom.log({"loss": 0}), lambda: run.log({"loss": 0}), besom.init):
            with pytest.raises(besom.BesomError) as error:
                again()
            said.append(str(error.value))

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert run.history() == [{"loss": 1}] and run.state == "finished"
    assert "call besom.init() before" in said[0] and "has been finished: log before finish()" in said[1]
    assert "besom.init(reinit=True)" in said[2]


def test_parts_of_a_run_count_for_nothing():
    def train():
        whole = besom.init()
        for fold in range(2):
            besom.init(reinit=True)
            besom.log({"loss": -9})
            if fold == 0:
                besom.finish()
                assert besom.run is whole
        besom.run.finish()
        assert besom.run is whole
        besom.log({"loss": whole.config.x})

    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=train)
    assert [run.history() for run in runs(sweep_id)] == [[{"loss": 1}], [{"loss": 2}]]


def test_a_smaller_step_is_named_once_and_kept(script):
    script.write("""
        import besom
        run = besom.init()
        for step in (1, 7, 2, 1):
            run.log({"loss": step}, step=step)
        run.finish()
        print(open(run.dir + "/metrics-1.jsonl").read().count("loss"))
    """)
    program = script.start()
    out, err = program.communicate(timeout=60)
    assert out == "4\n" and err == "besom: step 2 was logged after step 7; rows keep the order in which they were logged\n"


def test_infinities_and_nan_reach_the_function_as_floats(script):
    seen = []

    def train():
        seen.append(besom.init().config.clip)

    config = {"method": "grid", "parameters": {"clip": {"values": [math.inf, -math.inf, 1.0]}}}
    sweep_id = besom.sweep(config, seed=1)
    besom.agent(sweep_id, function=train)
    assert sorted(seen) == [-math.inf, 1.0, math.inf] == sorted(run.config["clip"] for run in runs(sweep_id))
    script.write("import besom\nassert isinstance(besom.init().config.clip, float)\n")
    besom.agent(programs := besom.sweep({**config, "program": "program.py"}, seed=1))
    assert [run.state for run in runs(programs)] == ["finished"] * 3


def test_values_that_know_their_number_or_text_are_logged_as_such():
    numpy = pytest.importorskip("numpy")
    import datetime

    class Tensor:
        def item(self):
            return 0.5

    def train():
        besom.init()
        moment = datetime.datetime(2026, 1, 2, 3, 4)
        besom.log({"loss": Tensor(), "long": numpy.longdouble(0.25), "at": moment, "took": datetime.timedelta(seconds=90)})
        besom.log({"loss": numpy.datetime64(moment)}, step=3)

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    at = "2026-01-02T03:04:00"
    assert run.history() == [{"loss": 0.5, "long": 0.25, "at": at, "took": 90.0}, {"loss": at}], run.message


def generate():
    yield 1


async def wait():
    pass


@pytest.mark.parametrize("function, why", [(generate, "must not be a generator"), (wait, "must not be async")])
def test_functions_that_a_call_does_not_run_are_refused(function, why):
    sweep_id = besom.sweep(GRID, seed=1)
    with pytest.raises(TypeError, match=why):
        besom.agent(sweep_id, function=function)
    with pytest.raises(besom.SweepPaused, match="which was not run"):
        besom.agent(besom.sweep({**GRID, "parameters": {"x": {"values": [1, 2, 3]}}}, seed=1), function=lambda: generate())


def test_what_was_called_in_place_of_being_passed_is_named():
    sweep_id = besom.sweep(GRID, seed=1)
    with pytest.raises(ValueError, match="function is None, and sweep .* names no program: pass function=train, without"):
        besom.agent(sweep_id, function=None)
    assert besom.Api().sweep(sweep_id).state == "pending"


def test_a_dict_that_a_function_returns_counts_if_it_logged_nothing(capsys):
    sweep_id = besom.sweep(GRID, seed=1)
    besom.agent(sweep_id, function=lambda: {"loss": 0.5})
    assert [run.best for run in runs(sweep_id)] == [0.5, 0.5]
    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    with pytest.warns(UserWarning):
        besom.agent(sweep_id, function=lambda: 0.5)
    assert runs(sweep_id)[0].history() == []
    assert "the function returned 0.5 and logged nothing" in capsys.readouterr().err


def test_runs_are_found_and_ordered_by_their_fields():
    def train():
        run = besom.init(tags=["all"])
        besom.log({"loss": run.config.x, "acc": [0, 0.3, 0.9][run.config.x]})

    sweep_id = besom.sweep({**GRID, "name": "n"}, seed=1)
    besom.agent(sweep_id, function=train)
    api, sweep = besom.Api(), besom.Api().sweep(sweep_id)
    assert sweep.best_run().number == 1 and sweep.best_run(order="-summary_metrics.acc").number == 2
    assert sweep.best_run(order="-config.x.value").number == 2 and sweep.best_run(order="+summary_metrics.none") is None
    assert [run.number for run in api.runs("me/project", order="-created_at")] == [2, 1]
    assert [run.number for run in api.runs(filters={"config.x": 2, "state": "finished", "tags": "all"})] == [2]
    for wrong in ({"filters": {"$or": []}}, {"filters": {"colour": 1}}, {"order": "-loss"}):
        with pytest.raises(ValueError, match="combines a list of filters|unknown field"):
            api.runs(**wrong)


def test_methods_of_a_run_act_on_that_run():
    whole = besom.init()
    part = besom.init(reinit=True)
    with open(f"{whole.dir}/notes.txt", "w") as file:
        file.write("whole")
    with whole.restore("notes.txt") as file:
        assert file.read() == "whole"
    with pytest.raises(ValueError, match="there is no "):
        besom.restore("notes.txt")
    whole.join()
    assert whole.finished and not part.finished and besom.run is part
    besom.join()
    assert part.finished


def test_tags_can_be_added_to_a_run():
    run = besom.init()
    assert run.tags == ()
    run.tags += ("a",)
    run.tags += ("b",)
    assert run.tags == ("a", "b")
    run.finish()


def test_a_name_that_a_program_assigns_to_is_the_runs_again_in_the_next_run():
    def train():
        besom.init()
        seen.append(besom.config.x)
        besom.config = {"x": 0}
        besom.summary = {}

    seen = []
    besom.agent(besom.sweep(GRID, seed=1), function=train)
    assert seen == [1, 2]
    run = besom.init()
    besom.summary["loss"] = 1
    assert run.summary == {"loss": 1}
    run.finish()


def test_charts_of_sklearn_are_ignored(capsys):
    besom.sklearn.plot_confusion_matrix([0, 1], [0, 1], ["a", "b"])
    besom.sklearn.plot_classifier(None, [], [], [], [], [], [], model_name="SVC")
    with pytest.raises(AttributeError):
        besom.sklearn.nothing


def test_an_option_of_init_that_wandb_has_not_is_an_error_and_one_without_effect_is_said(capsys):
    with pytest.raises(TypeError, match="init\\(\\) has no option 'confg'; did you mean 'config'\\?"):
        besom.init(confg={"x": 1})
    with pytest.raises(besom.BesomError, match="cannot fork a run"):
        besom.init(fork_from="a?_step=3")
    assert besom.run is None, "an option that is refused begins no run"
    run = besom.init(dir="/tmp", settings=besom.Settings(start_method="thread"), monitor_gym=True, mode="disabled", save_code=False)
    run.finish()
    said = capsys.readouterr().err.splitlines()
    assert said == ["besom keeps no videos of gym: ignored", "besom: init(mode='disabled') has no effect: what the run logs is kept"]


def test_saved_files_are_copies_of_the_run_as_they_are_now_and_at_its_end(place, capsys):
    (place / "out").mkdir()
    (place / "out/model.txt").write_text("first")
    run = besom.init()
    copy = f"{run.dir}/out/model.txt"
    assert besom.save("out/*.txt") == [copy] and open(copy).read() == "first"
    (place / "out/model.txt").write_text("and last")
    assert besom.save("later.txt", policy="end") == []
    (place / "later.txt").write_text("late")
    (place / "other.txt").write_text("other")
    assert run.save(place / "out/model.txt", base_path=place / "out", policy="now") == [f"{run.dir}/model.txt"]
    assert run.save("s3://bucket/model") == []
    run.finish()
    assert (open(copy).read(), open(f"{run.dir}/later.txt").read(), open(f"{run.dir}/model.txt").read()) == ("and last", "late", "and last")
    assert "there is no file later.txt to save yet" in capsys.readouterr().err
    with pytest.raises(ValueError, match="policy must be"):
        run.save("x", policy="never")


def test_a_run_outside_a_sweep_is_resumed_by_its_id(capsys):
    first = besom.init(id="mine", resume="allow")
    first.log({"loss": 1})
    first.finish()
    assert (first.id, first.resumed) == ("mine", False)
    again = besom.init(id="mine", resume="must")
    assert (again.id, again.resumed, again.step, again.dir) == ("mine", True, 1, first.dir)
    again.finish()
    assert besom.init(resume="mine").resumed, "as older programs say it"
    besom.finish()
    other = besom.init(id="mine")
    assert other.id != "mine" and not other.resumed, "a run is not written over"
    other.finish()
    for wrong, why in (({"id": "none", "resume": "must"}, "there is no run none"), ({"id": "mine", "resume": "never"}, "there is already a run mine")):
        with pytest.raises(besom.BesomError, match=why):
            besom.init(**wrong)
    with pytest.raises(ValueError, match="id must consist of"):
        besom.init(id="../x")
    assert besom.run is None


def test_an_id_is_ignored_in_a_sweep_and_this_is_said(script):
    script.write("""
        import besom
        def train():
            run = besom.init(id="mine", resume="must")
            assert run.id.endswith("-1"), run.id
        besom.agent(besom.sweep({"method": "grid", "parameters": {"x": {"values": [1]}}}, seed=1, quiet=True), function=train, quiet=True)
    """)
    program = script.start()
    _, err = program.communicate(timeout=60)
    assert "besom: init(id='mine') is ignored: in a sweep a run is called " in err, err


def test_files_of_a_stored_run_are_those_of_its_directory(place):
    def train():
        run = besom.init()
        (place / "model.txt").write_text("weights")
        run.save("model.txt")
        run.log({"loss": 1})

    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = runs(sweep_id)
    assert "model.txt" in [file.name for file in run.files()] and run.file("model.txt").size == 7
    with run.file("model.txt").download(root="got") as file:
        assert file.read() == "weights"
    with pytest.raises(ValueError, match="exists already; download\\(replace=True\\)"):
        run.file("model.txt").download(root="got")
    with pytest.raises(ValueError, match="there is no file none.txt in .*; there are .*model.txt"):
        run.file("none.txt")
