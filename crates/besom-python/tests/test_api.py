"""What programs for W&B read of runs and sweeps."""

import os
import re

import pytest
from conftest import runs

import besom

GRID = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2, 3]}}}


@pytest.fixture
def sweep():
    def train():
        run = besom.init(name=f"trial {besom.init().config.x}", group="all", tags=["odd"] if besom.config.x != 2 else [])
        besom.log({"loss": run.config.x, "acc": 0.5})
        besom.log({"loss": run.config.x + 1})
        with open(os.path.join(run.dir, "model.txt"), "w") as file:
            file.write(f"weights {run.config.x}")

    sweep_id = besom.sweep({**GRID, "name": "n", "entity": "me", "project": "p"}, seed=1)
    besom.agent(sweep_id, function=train, quiet=True)
    return besom.Api(timeout=9).sweep(f"me/p/{sweep_id}")


def test_the_table_of_wandbs_guide_is_made_of_all_runs(sweep):
    pandas = pytest.importorskip("pandas")
    found = besom.Api({"entity": "me"}).runs(path="me/p", per_page=10)
    table = pandas.DataFrame(
        {
            "summary": [run.summary._json_dict for run in found],
            "config": [{k: v for k, v in run.config.items() if not k.startswith("_")} for run in found],
            "name": [run.name for run in found],
        }
    )
    assert list(table["name"]) == ["trial 1", "trial 2", "trial 3"]
    assert list(table["summary"])[0] == {"loss": 2, "acc": 0.5} and list(table["config"])[2] == {"x": 3}


def test_the_path_of_a_project_leaves_out_the_runs_of_others(sweep):
    other = besom.sweep({**GRID, "project": "q"}, seed=1)
    nobodys = besom.sweep(GRID, seed=1)
    for id in (other, nobodys):
        besom.agent(id, function=lambda: besom.log({"loss": 1}), count=1, quiet=True)
    named = lambda path: [run.sweep_id for run in besom.Api().runs(path)]  # noqa: E731
    assert named("me/p") == named("p") == [sweep.id] * 3 + [nobodys]
    assert named("me/q") == [other, nobodys], "an entity that a sweep does not name is any"
    assert named("you/p") == [nobodys] and len(named(None)) == 5


def test_rows_are_read_by_key_with_the_number_of_each(sweep):
    run = sweep.runs[0]
    assert run.history(500, ["loss", "_step"]) == [{"loss": 1, "_step": 0}, {"loss": 2, "_step": 1}]
    assert list(run.scan_history(keys=["acc", "loss"], page_size=10)) == [{"acc": 0.5, "loss": 1}]
    assert run.history(samples=1) == run.scan_history() == [{"loss": 1, "acc": 0.5}, {"loss": 2}]


def test_runs_and_sweeps_have_what_programs_name_them_by(sweep):
    run = sweep.runs[1]
    assert (run.entity, run.project, run.sweep.id, run.group, run.job_type) == ("me", "p", sweep.id, "all", None)
    assert besom.Api().run("/".join([run.entity, run.project, run.path])).number == 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run.created_at)
    assert run.url == f"file://{run.dir}" and run.summary_metrics == run.summary
    assert (sweep.entity, sweep.project, sweep.order, sweep.expected_run_count) == ("me", "p", "+summary_metrics.loss", 3)
    assert sweep.best_run(order=sweep.order).number == 1
    assert besom.apis.public.Run is type(run) and besom.sdk.wandb_run.Run is besom.Run


def test_files_of_a_run_are_read_in_its_directory(sweep):
    best = sweep.best_run()
    with open(os.path.join(best.dir, "model.txt")) as file:
        assert file.read() == "weights 1"
    with besom.restore("model.txt", run_path=f"me/p/{sweep.id}-3") as file:
        assert file.read() == "weights 3"
    with pytest.raises(ValueError, match="there is no .*model.h5; write files there: run.dir"):
        besom.restore("model.h5", run_path=best.path)


@pytest.mark.parametrize(
    "filters, numbers",
    [
        ({"config.x": {"$gt": 1}}, [2, 3]),
        ({"config.x": {"$gte": 1, "$lt": 2}}, [1]),
        ({"$or": [{"config.x": 1}, {"summary_metrics.loss": {"$lte": 3}}]}, [1, 2]),
        ({"$and": [{"config.x": {"$ne": 1}}, {"state": "finished"}]}, [2, 3]),
        ({"$nor": [{"config.x": 3}]}, [1, 2]),
        ({"config.x": {"$in": [1, 3]}, "tags": {"$in": ["odd"]}}, [1, 3]),
        ({"config.x": {"$nin": [1, 3]}}, [2]),
        ({"tags": {"$ne": "odd"}}, [2]),
        ({"displayName": {"$regex": "^trial [12]$"}}, [1, 2]),
        ({"summary_metrics.none": {"$exists": False}, "group": "all"}, [1, 2, 3]),
        ({"summary_metrics.none": {"$gt": 0}}, []),
        ({"created_at": {"$gt": "2020-01-01"}}, [1, 2, 3]),
        ({"createdAt": {"$lt": "2020-01-01"}}, []),
    ],
)
def test_filters_compare_as_wandbs_do(sweep, filters, numbers):
    assert [run.number for run in besom.Api().runs(filters=filters)] == numbers


def test_wrong_filters_say_what_there_is(sweep):
    for filters, words in [
        ({"config.x": {"$near": 1}}, "unknown comparison '$near' in the filter 'config.x'; known: .*$gte"),
        ({"$or": {"config.x": 1}}, "$or combines a list of filters"),
        ({"$xor": [{"config.x": 1}]}, "unknown field '$xor' of a run; known: created_at"),
    ]:
        with pytest.raises(ValueError, match=words.replace("$", r"\$")):
            besom.Api().runs(filters=filters)


def test_what_runs_and_sweeps_lack_says_what_to_do(sweep):
    run = sweep.best_run()
    for get, words in [
        (lambda: run.upload_file("a"), "a run has no 'upload_file': put a file into .* run.dir"),
        (lambda: run.update(), "a run has no 'update': a run changes its summary itself.*besom tag"),
        (lambda: run.delete(), r"a run has no 'delete': .*besom.remove\(id\)"),
        (lambda: run.logged_artifacts(), "find an artifact by its name: besom.Api"),
        (lambda: run.colour, "a run has no 'colour': it has .*config, .*summary"),
        (lambda: sweep.siblings(), "a sweep has no 'siblings': it has agents, .*best_run"),
        (lambda: besom.Api().projects(), r"a besom.Api\(\) has no 'projects': a store has no projects and users"),
    ]:
        with pytest.raises(AttributeError, match=words):
            get()
    with pytest.raises(besom.BesomError, match="what a run logged stays as it is"):
        run.summary.update({"loss": 0})
    assert not hasattr(run, "_nothing") and runs(sweep.id)[0].summary["loss"] == 2


def test_a_parameter_of_the_name_of_a_column_stands_beside_it():
    pytest.importorskip("pandas")
    sweep = besom.Sweep({**GRID, "parameters": {"run": {"values": [7]}, "state": {"values": ["a"]}, "lr": {"values": [3]}}}, seed=1)
    sweep.tell(sweep.ask(), 0.5)
    (row,) = sweep.to_pandas().to_dict("records")
    assert row == {"run": 1, "state": "finished", "best": 0.5, "last": 0.5, "config.run": 7, "config.state": "a", "lr": 3}


def test_a_value_that_is_no_whole_number_never_looks_like_one():
    sweep_id = besom.sweep({**GRID, "run_cap": 1}, seed=1)
    besom.agent(sweep_id, function=lambda: {"loss": 1234567.25}, quiet=True)
    assert "best loss 1234567.2 (run 1)" in repr(besom.Api().sweep(sweep_id))
