"""Configurations, controllers, own algorithms, the API, ask and tell."""

import math
import sys
import threading

import pytest
from conftest import runs

import besom
from besom import testing

SPACE = {"x": {"min": 0.0, "max": 1.0}, "kind": {"values": ["a", "b"]}, "fixed": {"value": 7}}
RANDOM = {"method": "random", "metric": {"name": "loss"}, "run_cap": 5, "parameters": SPACE}


def test_an_invalid_configuration_raises_all_its_problems():
    config = {"method": "gird", "parameters": {"x": {"min": 2, "max": "a"}}}
    with pytest.raises(besom.ConfigError) as caught:
        besom.sweep(config, seed=1)
    assert isinstance(caught.value, ValueError)
    problems = caught.value.problems
    assert [problem["path"] for problem in problems] == ["method", "parameters.x.max"]
    assert problems[0]["suggestion"] == 'did you mean "grid"?'
    assert 'method: found "gird", expected a search method' in str(caught.value)
    assert besom.sweeps.schema_violations_from_proposed_config(config) == str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: besom.sweep(RANDOM, seed=-1), ValueError, "seed must be an integer from 0 to 2\\*\\*64 - 1, got -1"),
        (lambda: besom.Sweep(RANDOM, seed=1.5), ValueError, "got 1.5"),
        (lambda: besom.Sweep(RANDOM).ask(-1), ValueError, "count must be >= 0"),
        (lambda: besom.agent(besom.sweep(RANDOM, seed=1), function=print, processes=0), ValueError, "processes must be >= 1, got 0"),
        (lambda: besom.controller(RANDOM).configure_search(3), TypeError, "an algorithm must be a class .* got 3"),
        (lambda: besom.register_stopper("three", 3), TypeError, "with the method 'stop'"),
        (lambda: besom.register_search("nothing", type("Nothing", (), {})), TypeError, "with the method 'suggest'"),
        (lambda: besom.init().log(3), TypeError, "a row of metrics must be a dict, got 3"),
        (lambda: besom.agent("nothing1", function=print), besom.StoreError, "there is no store in .*besom.sweep creates one"),
    ],
)
def test_invalid_arguments_are_rejected_early(call, error, text):
    with pytest.raises(error, match=text):
        call()
    if besom.run is not None:
        besom.finish()


def test_a_sweep_is_created_from_a_dict_a_function_or_a_file(place):
    (place / "sweep.yaml").write_text("method: grid\nname: of a file\nparameters: {x: {values: [1e-5]}}\n")
    ids = [besom.sweep(RANDOM, project="p", seed=1), besom.sweep(lambda: RANDOM, seed=1), besom.sweep("sweep.yaml")]
    api = besom.Api()
    assert [sweep.id for sweep in api.sweeps()] == ids
    assert api.sweep(f"me/p/{ids[0]}").config["project"] == "p"
    assert api.sweep(ids[2]).name == "of a file" and api.sweep(ids[2]).config["parameters"]["x"]["values"] == [1e-05]
    (place / "wrong.yaml").write_text("method: grid\nparameters: {}\n")
    with pytest.raises(besom.ConfigError, match="wrong.yaml:2:13: parameters"):
        besom.sweep("wrong.yaml")
    with pytest.raises(besom.StoreError, match="no sweep has the id"):
        besom.agent("nothing1", function=print)


def test_a_seed_repeats_a_sweep():
    def points(seed):
        sweep_id = besom.sweep(RANDOM, seed=seed)
        besom.agent(sweep_id, function=lambda: None)
        return [run.config for run in runs(sweep_id)]

    assert points(3) == points(3) != points(4)


def test_prior_runs_are_learned_from():
    def train():
        besom.log({"loss": besom.init().config.x})

    first = besom.sweep(RANDOM, seed=1)
    besom.agent(first, function=train)
    second = besom.sweep({**RANDOM, "method": "bayes", "run_cap": 8}, prior_runs=[run.id for run in runs(first)], seed=1)
    assert [(r.config, r.state, r.curve()) for r in runs(second)] == [(r.config, r.state, r.curve()) for r in runs(first)]
    besom.agent(second, function=train)
    assert len(runs(second)) == 8 and all(run.state == "finished" for run in runs(second))
    with pytest.raises(ValueError, match="expected the id of a run, SWEEP-NUMBER"):
        besom.sweep(RANDOM, prior_runs=["seven"], seed=1)


def test_the_api_shows_a_sweep():
    def train():
        run = besom.init()
        for step in range(3):
            besom.log({"loss": run.config.x * (3 - step)})

    sweep_id = besom.sweep({**RANDOM, "metric": {"name": "loss", "goal": "minimize"}}, seed=1)
    sweep = besom.Api().sweep(sweep_id)
    assert sweep.state == "pending" and sweep.best_run() is None and sweep.runs == []
    besom.agent(sweep_id, function=train)
    best = sweep.best_run()
    assert sweep.state == "finished" and best.best == min(run.best for run in sweep.runs)
    assert best.config["x"] == min(run.config["x"] for run in sweep.runs) and best.summary == {"loss": best.config["x"]}
    assert besom.Api().run(best.id).config == best.config
    assert sweep.status["counts"]["finished"] == 5


def test_frames_hold_a_row_per_run():
    pytest.importorskip("pandas")
    sweep_id = besom.sweep(RANDOM, seed=1)
    besom.agent(sweep_id, function=lambda: besom.log({"loss": besom.init().config.x}))
    frame = besom.Api().sweep(sweep_id).to_pandas()
    own = ["run", "state", "stopped", "stop_reason", "failure", "best", "last", "created", "started", "ended"]
    assert list(frame.columns) == [*own, "fixed", "kind", "x", "loss"]
    assert list(frame["run"]) == [1, 2, 3, 4, 5] and (frame["best"] == frame["x"]).all()


def test_a_sweep_is_paused_resumed_stopped_and_canceled():
    sweep_id = besom.sweep(RANDOM, seed=1)
    sweep = besom.Api().sweep(sweep_id)
    besom.agent(sweep_id, function=lambda: None, count=1)
    sweep.pause()
    assert sweep.state == "paused"
    sweep.resume()
    sweep.cancel()
    assert sweep.state == "canceled" and besom.agent(sweep_id, function=lambda: None) == 0


@pytest.mark.parametrize("name", [name for name in vars(besom.sweeps) if name.endswith(("Search", "EarlyTerminate"))])
def test_each_class_of_an_algorithm_configures_it(name):
    controller = besom.controller()
    search = name.endswith("Search")
    controller.configure_search(getattr(besom.sweeps, name) if search else "random")
    options = {"min_iter": 3} if name.startswith("Hyperband") else {"upper": 5.0} if name.startswith("Threshold") else {}
    controller.configure_stopping("envelope") if search else controller.configure_stopping(getattr(besom.sweeps, name), **options)
    controller.configure_metric("loss")
    controller.configure_parameter("x", values=[1, 2, 3])
    controller.configure({"run_cap": 3, "controller": {"type": "local"}})
    config = besom.Api().sweep(controller.create()).config
    assert (config["method"] if search else config["early_terminate"]["type"]) == getattr(besom.sweeps, name)._besom_name


def test_every_method_and_rule_has_a_class(script):
    named = {thing._besom_name for thing in vars(besom.sweeps).values() if hasattr(thing, "_besom_name")}
    # In a process that has registered nothing of its own.
    told = script.run(
        """
        import besom
        try:
            besom.Sweep({"method": "?", "early_terminate": {"type": "?"}, "metric": {"name": "a"}, "parameters": {"x": {"values": [1]}}})
        except besom.ConfigError as error:
            for problem in error.problems:
                print(problem["message"].split("known are ")[1])
        """
    )
    methods, rules = (line.split(", ") for line in told.splitlines())
    assert named == {*methods, *rules}


class Corner:
    """Suggest the corners of the unit cube, one after another."""

    def __init__(self, problem, options):
        self.edge = options.get("edge", 0.0)

    def suggest(self, ask):
        number = len(ask.history)
        if number >= 2**ask.problem.dimensions:
            return None
        cube = [1.0 - self.edge if number >> i & 1 else self.edge for i in range(ask.problem.dimensions)]
        return besom.Suggestion(ask.problem.decode(cube), {"why": f"corner {number}"})


def worse_than_half(problem, history):
    return {run: f"{run.last} is worse" for run in history if run.state == "running" and (run.last or 0) > 0.5}


def test_an_own_search_and_an_own_rule_run_a_sweep(capsys):
    controller = besom.controller({"metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    controller.configure_search(Corner, edge=0.25)
    controller.configure_stopping(worse_than_half)
    sweep_id = controller.create()

    def train():
        run = besom.init()
        while not run.should_stop and len(rows) < 2000:
            besom.log({"loss": run.config.x})
            rows.append(run.number)
            if run.config.x < 0.5:
                return
            threading.Event().wait(0.005)

    rows = []
    agent = threading.Thread(target=besom.agent, args=(sweep_id, train))
    agent.start()
    controller.run()
    agent.join()
    first, second = runs(sweep_id)
    assert (first.config, first.note, first.stop_reason) == ({"x": 0.25}, {"why": "corner 0"}, None)
    assert (second.config, second.stop_reason) == ({"x": 0.75}, "0.75 is worse")
    controller.print_summary()
    controller.print_space()
    controller.print_actions()
    controller.print_debug()
    out = capsys.readouterr().out
    assert "loss 0.25" in out and "distribution uniform" in out and "agent " in out


def test_a_registered_search_is_found_by_its_name():
    besom.register_search("corner", Corner)
    sweep_id = besom.sweep({"method": {"name": "corner", "edge": 0.5}, "parameters": {"x": {"min": 0.0, "max": 2.0}}}, seed=1)
    besom.agent(sweep_id, function=lambda: None)
    assert [run.config["x"] for run in runs(sweep_id)] == [1.0, 1.0]
    besom.register_stopper("worse than half", worse_than_half)
    config = {**RANDOM, "early_terminate": {"type": "worse than half"}}
    sweep = besom.Sweep(config)
    assert [sweep.report(sweep.ask(), value) for value in (0.4, 0.6)] == [False, True]


def test_an_error_of_an_own_search_comes_out_as_it_was_raised():
    class Broken:
        def suggest(self, ask):
            raise ZeroDivisionError("so")

    with pytest.raises(ZeroDivisionError, match="so"):
        besom.Sweep(RANDOM, search=Broken()).ask()


def test_an_answer_of_an_own_search_that_breaks_the_contract_is_an_error():
    for answer, text in [
        ({"x": 0.5}, "kind is missing"),
        ({"x": 5, "kind": "a"}, "x is 5, allowed is a number from"),
        ({"x": math.nan, "kind": "a"}, 'x is "NaN"'),
        ({"x": 0.5, "kind": "a", "zzz": 3}, "the space has no parameter zzz"),
        (besom.WAIT, "it waits, but none of the 0 runs is open"),
        ([], "it made 0 suggestions"),
    ]:
        sweep = besom.Sweep(RANDOM, search=lambda ask: answer)
        with pytest.raises(besom.BesomError, match="broke its contract") as caught:
            sweep.ask()
        assert text in str(caught.value)
        assert len(sweep.runs) == 0


def test_a_search_may_wait_while_a_run_is_open():
    sweep = besom.Sweep(RANDOM, search=lambda ask: besom.WAIT if ask.history else {"x": 0.5, "kind": "a"})
    assert sweep.ask() is not None
    assert sweep.ask() is None and not sweep.done


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="'tpe' is taken by another search method; pass replace=True"):
        besom.register_search("tpe", lambda ask: None)
    besom.register_stopper("taken", lambda problem, history: [])
    with pytest.raises(ValueError, match="'taken' is taken by another stopping rule"):
        besom.register_stopper("taken", lambda problem, history: [])
    besom.register_stopper("taken", lambda problem, history: [], replace=True)


def test_histories_show_runs_as_they_were():
    seen = []

    def look(ask):
        seen.append(ask.history)
        return {"x": ask.rng().random(), "kind": "b"}

    sweep = besom.Sweep({**RANDOM, "seed": 5}, search=look)
    for value in (3.0, 1.0):
        run = sweep.ask()
        sweep.report(run, value + 1)
        sweep.tell(run, value)
    assert [len(history) for history in seen] == [0, 1]
    (run,) = seen[1]
    assert (run.number, run.state, run.values(), run.best, run["kind"], run["fixed"]) == (1, "finished", [4.0, 3.0], 3.0, "b", 7)
    assert run.values("loss") == [4.0, 3.0] and sweep.runs[-1].best == 1.0
    with pytest.raises(KeyError):
        run.values("accuracy")
    with pytest.raises(IndexError):
        seen[1][1]
    problem = sweep.problem
    assert problem.parameters == ["x", "kind", "fixed"] and problem.dimensions == 2 and problem.seed == 5
    assert problem.encode(problem.decode([0.25, 0.5])) == [0.25, 0.5]


def test_the_laws_hold_own_algorithms_to_account():
    testing.check_search(Corner)
    testing.check_stopper(lambda problem, history: [])

    class Moody:
        calls = 0

        def suggest(self, ask):
            Moody.calls += 1
            return ask.problem.decode([Moody.calls % 10 / 10] * ask.problem.dimensions)

    with pytest.raises(AssertionError, match="the smallest story that shows it"):
        testing.check_search(Moody, problems="mixed")
    with pytest.raises(AssertionError, match="a stopping rule selects running runs"):
        testing.check_stopper(lambda problem, history: [1])


def test_ask_and_tell():
    sweep = besom.Sweep({**RANDOM, "metric": {"name": "loss", "goal": "maximize"}}, seed=1)
    first = sweep.ask()
    assert set(first.params) == {"x", "kind", "fixed"} and dict(**first) == first.params and first["fixed"] == 7
    sweep.tell(first, 0.5)
    second, third = sweep.ask(2)
    sweep.tell(second, [0.1, 0.9, 0.2])
    sweep.tell(third.number, {"loss": 0.3, "other": 1})
    fourth, fifth = sweep.ask(9)
    sweep.tell(fourth, state="failed")
    assert not sweep.done
    sweep.tell(fifth, float("nan"))
    assert sweep.ask() is None and sweep.done
    assert sweep.best.number == 2 and sweep.best.best == 0.9
    assert [run.state for run in sweep.runs] == ["finished"] * 3 + ["failed", "finished"]
    with pytest.raises(besom.BesomError, match="run 1 has ended"):
        sweep.tell(first, 1.0)
    with pytest.raises(ValueError, match="got 'running'"):
        sweep.tell(first, 1.0, state="running")
    again = besom.Sweep({**RANDOM, "metric": {"name": "loss", "goal": "maximize"}}, seed=1)
    assert again.ask().params == first.params


def test_what_a_hand_driven_loop_changed_is_scheduled_as_changed():
    sweep = besom.controller(besom.sweep({**RANDOM, "controller": {"type": "local"}}, seed=1))
    params = sweep.search()
    assert params.config["fixed"] == {"value": 7} and params.number == 1
    assert sweep.schedule(params) == 1
    assert sweep.schedule(params) is None, "what search named is not scheduled twice"
    mine = besom._controller.Params({**params, "kind": "b", "x": 0.125}, params.number, {})
    mine["x"] = 0.25
    assert sweep.schedule(mine) == 2
    assert [run.config["x"] for run in runs(sweep.sweep_id)] == [params["x"], 0.25]
    with pytest.raises(besom.BesomError, match="already exists"):
        sweep.configure_program("other.py")


class Described:
    """Tries the middle. Again and again."""

    OPTIONS = {"depth": {"type": "integer", "minimum": 1, "default": 2, "doc": "How deep."}}

    def __init__(self, problem, options):
        Described.seen = options

    def suggest(self, ask):
        return ask.problem.decode([0.5] * ask.problem.dimensions)


def _config(method):
    return {"method": method, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}, "run_cap": 1}


def test_described_options_are_checked_and_completed():
    besom.register_search("described", Described)
    for method, seen in [("described", 2), ({"name": "described", "depth": 3}, 3)]:
        besom.Sweep(_config(method))
        assert Described.seen == {"depth": seen}
    with pytest.raises(besom.ConfigError) as error:
        besom.Sweep(_config({"name": "described", "dpth": 3, "depth": 0}))
    assert [problem["path"] for problem in error.value.problems] == ["method.dpth", "method.depth"]
    assert error.value.problems[0]["suggestion"] == 'did you mean "depth"?'


def test_an_algorithm_without_a_description_gets_its_options_as_they_are():
    besom.register_search("undescribed", lambda ask: ask.problem.decode([0.5] * ask.problem.dimensions))
    besom.Sweep(_config({"name": "undescribed", "anything": [1, {}]}))


def test_a_replaced_built_in_name_has_the_options_of_its_replacement(script):
    out = script.run(
        """
        import besom
        class Mine:
            def __init__(self, problem, options):
                assert options["depth"] == 3
            def suggest(self, ask):
                return None
        config = {"method": {"name": "bayes", "depth": 3}, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
        besom.register_search("bayes", Mine, replace=True)
        besom.Sweep(config)
        besom.register_search("bayes", Mine, options={"depth": {"type": "integer", "default": 3}}, replace=True)
        besom.Sweep({**config, "method": "bayes"})
        try:
            besom.Sweep({**config, "method": {"name": "bayes", "beta": 2.0}})
        except besom.ConfigError as error:
            print(error.problems[0]["path"], error.problems[0]["message"])
        """
    )
    assert "method.beta unknown key" in str(out)


def test_an_invalid_description_is_rejected():
    for options in [{"depth": {"type": "text"}}, {"depth": {"type": "integer", "minimum": 1, "default": 0}}, {"depth": 3}]:
        with pytest.raises(ValueError, match="option 'depth'"):
            besom.register_search("senseless", Described, options=options)


def test_a_class_of_an_algorithm_shows_its_options_and_takes_them():
    tpe = besom.sweeps.ParzenSearch
    assert "gamma: float = 0.1" in str(tpe.__signature__)
    assert "The share of runs that counts as the best" in tpe.__doc__
    with pytest.raises(TypeError, match="gama"):
        tpe(gama=0.2)
    controller = besom.controller()
    controller.configure_search(tpe(gamma=0.2))
    assert controller.sweep_config["method"] == {"name": "tpe", "gamma": 0.2}


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_a_sweep_in_memory_can_be_pickled_and_goes_on_as_it_would_have(method):
    import pickle

    config = {"method": method, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}, "c": {"values": [float("inf"), 1]}}}
    sweep = besom.Sweep(config, seed=1)
    for value in (3.0, float("nan"), 1.0, 2.0):
        sweep.tell(sweep.ask(), value)
    sweep.report(sweep.ask(), 0.5)
    again = pickle.loads(pickle.dumps(sweep))
    assert [(run.params, run.state, run.note) for run in again.runs] == [(run.params, run.state, run.note) for run in sweep.runs]
    assert again.best.best == sweep.best.best == 0.5
    assert [run.params for run in again.ask(3)] == [run.params for run in sweep.ask(3)]


def test_without_pandas_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    sweep = besom.Sweep({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
    sweep_id = besom.sweep({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, seed=1)
    for table in (sweep.to_pandas, sweep.runs.to_pandas, besom.Api().sweep(sweep_id).to_pandas):
        with pytest.raises(ImportError, match="tables require pandas: pip install pandas"):
            table()


def test_each_action_is_printed_once(capsys):
    sweep = besom.controller({"method": "grid", "parameters": {"x": {"values": [1, 2]}}}, seed=1)
    sweep.schedule(sweep.search())
    sweep.print_actions()
    sweep.print_actions()
    sweep.schedule({"x": 2})
    sweep.print_actions()
    assert capsys.readouterr().out == "  scheduled {'x': 1}\n  scheduled {'x': 2}\n"
