"""The sampler against the real Optuna."""

import doctest

import pytest

optuna = pytest.importorskip("optuna")
from besom.integrations import optuna as integration  # noqa: E402
from besom.integrations.optuna import BesomSampler  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    rate = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    half = trial.suggest_float("half", 0.25, 3.25, step=0.5)
    layers = trial.suggest_int("layers", 2, 32, log=True)
    even = trial.suggest_int("even", 1, 9, step=2)
    kind = trial.suggest_categorical("kind", ["a", None, 3.5])
    trial.suggest_int("fixed", 4, 4)
    assert half in [0.25 + 0.5 * i for i in range(7)] and even in (1, 3, 5, 7, 9) and 2 <= layers <= 32
    return (x - 1) ** 2 + abs(rate - 0.1) + (kind is not None) + abs(half - 1.25) + abs(even - 5)


def study(sampler, **options):
    study = optuna.create_study(sampler=sampler, **options)
    study.optimize(objective, n_trials=30)
    return study


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_every_distribution_is_sampled_and_a_seed_repeats_it(method):
    first, second = study(BesomSampler(method, seed=3)), study(BesomSampler(method, seed=3))
    assert [t.params for t in first.trials] == [t.params for t in second.trials]
    assert len({str(t.params) for t in first.trials}) == 30
    assert first.trials[0].params != study(BesomSampler(method, seed=4)).trials[0].params


def test_bayes_learns_from_the_trials_and_random_does_not():
    def distance(method):
        made = [study(BesomSampler(method, seed=seed)) for seed in range(3)]
        late = [trial.value for s in made for trial in s.trials[15:]]
        return sum(late) / len(late)

    assert distance("bayes") < 0.5 * distance("random")


def test_it_maximizes_a_study_that_maximizes():
    made = optuna.create_study(sampler=BesomSampler(seed=1), direction="maximize")
    made.optimize(lambda trial: -((trial.suggest_float("x", 0.0, 1.0) - 0.7) ** 2), n_trials=20)
    assert abs(made.best_params["x"] - 0.7) < 0.05


def test_pruned_failed_and_changing_trials_are_accepted():
    def odd(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        if trial.number % 3 == 0:
            trial.suggest_float("sometimes", 0.0, 1.0)
        if trial.number % 4 == 1:
            trial.report(x, 1)
            raise optuna.TrialPruned
        if trial.number % 4 == 2:
            raise ValueError
        return x

    made = optuna.create_study(sampler=BesomSampler(seed=1))
    made.optimize(odd, n_trials=24, catch=(ValueError,))
    assert len(made.trials) == 24


def test_several_objectives_are_rejected():
    made = optuna.create_study(sampler=BesomSampler(seed=1), directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="one metric"):
        made.optimize(lambda trial: (trial.suggest_float("x", 0.0, 1.0),) * 2, n_trials=2)


def test_its_example_runs():
    assert doctest.testmod(integration).failed == 0
