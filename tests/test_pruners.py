"""Pruners: verdicts of ASHA worked by hand and against a plain re-computation, PBT, names and bad input."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import DependencyNotInstalled, StudyError

optuna = pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

from hdeeprm.studies.pruners import PRUNER_NAMES, new_pruner  # noqa: E402
from hdeeprm.studies.pruners.asha import AshaPruner  # noqa: E402
from hdeeprm.studies.pruners.exploring import explored  # noqa: E402
from hdeeprm.studies.pruners.marks import INHERITS, PLANNED  # noqa: E402
from hdeeprm.studies.pruners.rungs import RungValues, rung_steps  # noqa: E402

NAN = math.nan
Reports = Mapping[int, float]


def new_study(pruner: Any, direction: str = "minimize", storage: Any = None) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=1)
    return optuna.create_study(direction=direction, pruner=pruner, sampler=sampler, storage=storage)


def report_all(study: optuna.Study, reports: Reports) -> optuna.Trial:
    trial = study.ask()
    for step, value in reports.items():
        trial.report(value, step)
    return trial


def last_verdict(pruner: Any, direction: str, others: Sequence[Reports], own: Reports) -> bool:
    """Of a run that reports after all others have; every other one goes on."""
    study = new_study(pruner, direction)
    for reports in others:
        report_all(study, reports)
    verdict: bool = report_all(study, own).should_prune()
    return verdict


def at_step(step: int, *values: float) -> list[Reports]:
    return [{step: value} for value in values]


# Each: reduction factor, first rung, what the others have reported, what the run has, and whether it is
# stopped where less is better. At the right is the percentile of the values at a rung, its own among them.
BY_HAND = {
    "alone": (4, 1, [], {1: 0.5}, False),  # 0.5
    "no rung yet": (4, 4, at_step(3, 0.1, 0.2), {1: 0.9, 2: 0.9, 3: 0.9}, False),
    "the better of two": (4, 1, at_step(1, 0.4), {1: 0.1}, False),  # 0.1 + (0.4 - 0.1) / 4 = 0.175
    "the worse of two": (4, 1, at_step(1, 0.1), {1: 0.4}, True),  # 0.175
    "a tie": (4, 1, at_step(1, 0.3, 0.3, 0.3), {1: 0.3}, False),  # 0.3
    "second of five is the quartile": (4, 1, at_step(1, 0.1, 0.3, 0.4, 0.5), {1: 0.2}, False),  # 0.2
    "third of five": (4, 1, at_step(1, 0.1, 0.2, 0.3, 0.4), {1: 0.21}, True),  # 0.2
    "second of three": (4, 1, at_step(1, 0.1, 0.5), {1: 0.2}, True),  # 0.15
    "the median of three": (2, 1, at_step(1, 0.2, 0.4), {1: 0.3}, False),  # 0.3
    "the worst of three": (2, 1, at_step(1, 0.2, 0.4), {1: 0.41}, True),  # 0.4
    "second of four": (3, 1, at_step(1, 0.1, 0.3, 0.4), {1: 0.2}, False),  # 0.2, at place 3 / 3
    "third of four": (3, 1, at_step(1, 0.1, 0.2, 0.4), {1: 0.3}, True),  # 0.2
    "between rungs nothing is new": (4, 1, at_step(1, 0.4), {1: 0.3, 2: 0.9, 3: 0.9}, False),  # 0.325
    "good first, bad at the second rung": (2, 1, [{1: 0.5, 2: 0.1}], {1: 0.4, 2: 0.2}, True),  # 0.45; 0.15
    "bad first, good at the second rung": (2, 1, [{1: 0.4, 2: 0.2}], {1: 0.5, 2: 0.1}, True),  # 0.45; 0.15
    "good at both": (2, 1, [{1: 0.5, 2: 0.2}], {1: 0.4, 2: 0.1}, False),
    "NaN at a rung": (4, 1, [], {1: NAN}, True),
    "NaN at an earlier rung": (4, 1, [], {1: NAN, 2: 0.1}, True),
    "NaN between rungs": (4, 1, [], {1: 0.5, 2: NAN}, False),
    "NaN of others does not count": (4, 1, at_step(1, NAN, NAN, 0.6), {1: 0.5}, False),  # of 0.5, 0.6: 0.525
    "infinite": (4, 1, at_step(1, 0.1, 0.2, 0.3, 0.4), {1: math.inf}, True),  # 0.2
    "all infinite": (4, 1, at_step(1, math.inf), {1: math.inf}, False),
    "reports that step over a rung": (2, 3, [{10: 0.1}, {10: 0.2}], {10: 0.3}, True),  # rungs 3, 6: 0.2
    "steps from 0": (2, 2, [{0: 0.9, 1: 0.1}], {0: 0.1, 1: 0.9}, True),  # step 1 is the second: 0.5
    "steps from 0, rung not reached": (2, 2, [{0: 0.1, 1: 0.1}], {0: 0.9}, False),
    "above the last rung": (2, 60, at_step(70, 0.1), {70: 0.9}, True),  # rung 60, max_t 100: 0.5
}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("case", BY_HAND)
def test_asha_stops_what_its_rule_says(case: str, direction: str) -> None:
    reduction_factor, min_t, others, own, expected = BY_HAND[case]
    sign = 1 if direction == "minimize" else -1
    mirrored = [{step: sign * value for step, value in reports.items()} for reports in (*others, own)]
    pruner = AshaPruner(reduction_factor, min_t, max_t=100)
    assert last_verdict(pruner, direction, mirrored[:-1], mirrored[-1]) is expected


def test_asha_looks_at_passed_rungs_again_at_every_report() -> None:
    study = new_study(AshaPruner(reduction_factor=2))
    early = report_all(study, {1: 0.5})
    assert not early.should_prune()
    for value in (0.1, 0.2):  # medians 0.3 and 0.2
        assert not report_all(study, {1: value}).should_prune()
    early.report(0.0, 2)  # the best at rung 2, and still among the worse half at rung 1
    assert early.should_prune()


def test_rungs() -> None:
    assert rung_steps(1, 4, 50) == [1, 4, 16]
    assert rung_steps(2, 3, 54) == [2, 6, 18, 54]
    assert rung_steps(1, 1.5, 4) == [1, 1.5, 2.25, 3.375]


def naive_verdict(
    runs: Sequence[Reports], own: Reports, rungs: Sequence[int], factor: int, sign: int
) -> bool:
    """The rule, word by word, in fractions."""
    for rung in rungs:
        if max(own) < rung:
            return False
        if math.isnan(own[rung]):
            return True
        values = sorted(sign * run[rung] for run in runs if rung in run and not math.isnan(run[rung]))
        place = Fraction(len(values) - 1, factor)
        below, above = values[math.floor(place)], values[math.ceil(place)]
        cutoff = Fraction(below) + (place - math.floor(place)) * (Fraction(above) - Fraction(below))
        if sign * own[rung] > cutoff:
            return True
    return False


@given(
    factor=st.integers(2, 4),
    direction=st.sampled_from(["minimize", "maximize"]),
    reports=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([*range(8), NAN])), max_size=60),
)
def test_asha_agrees_with_a_plain_recomputation(
    factor: int, direction: str, reports: list[tuple[int, float]]
) -> None:
    study = new_study(AshaPruner(factor, max_t=8), direction)
    going: dict[int, optuna.Trial] = {}
    runs: list[dict[int, float]] = []
    numbers: dict[int, int] = {}
    sign = 1 if direction == "minimize" else -1
    for slot, value in reports:  # six workers, in any order
        if slot not in going:
            going[slot], numbers[slot] = study.ask(), len(runs)
            runs.append({})
        own = runs[numbers[slot]]
        own[len(own) + 1] = value
        going[slot].report(value, len(own))
        rungs = [int(rung) for rung in rung_steps(1, factor, 8)]
        expected = naive_verdict(runs, own, rungs, factor, sign)
        assert going[slot].should_prune() is expected
        if expected or len(own) == 8:
            study.tell(going.pop(slot), state=TrialState.PRUNED if expected else TrialState.FAIL)


class CountedReports(dict[int, float]):
    """Counts how many times it is read from."""

    num_read = 0

    def keys(self) -> Any:
        self.num_read += 1
        return super().keys()

    def __iter__(self) -> Iterator[int]:  # one of its own, so that dict() asks for the keys
        return super().__iter__()


def test_only_runs_that_have_reported_are_read_again() -> None:
    study = new_study(optuna.pruners.NopPruner())
    for number in range(50):
        report_all(study, {1: float(number), 2: float(number)})
    study.enqueue_trial({})
    runs = study.trials
    for run in runs:
        run.intermediate_values = CountedReports(run.intermediate_values)
    values = RungValues([1, 4])
    values.update(runs)
    before = [run.intermediate_values.num_read for run in runs]
    assert min(before[:50]) > before[50] == 0
    runs[7].intermediate_values[4] = 0.5
    values.update(runs)
    after = [run.intermediate_values.num_read for run in runs]
    assert [number for number in range(51) if after[number] != before[number]] == [7]
    assert values.cutoff(0, 4, largest=False) == 49 / 4
    assert values.cutoff(1, 4, largest=False) == 0.5


def test_attempts_that_no_longer_count_are_left_out() -> None:
    study = new_study(optuna.pruners.NopPruner())
    for value in (0.5, 0.25, 0.25, NAN):
        report_all(study, {1: value, 2: value, 4: value})
    values = RungValues([1, 4, 16])
    values.update(study.trials)
    values.update([study.trials[number] for number in (0, 2)])
    assert values.cutoff(0, 4, largest=False) == 0.25 + 0.25 / 4
    values.update([study.trials[0]])
    assert values.cutoff(1, 4, largest=False) == 0.5
    values.update([])
    assert math.isnan(values.cutoff(1, 4, largest=False))
    values.update(study.trials)
    assert values.cutoff(0, 2, largest=False) == 0.25


def opened(folder: Path, name: str) -> optuna.Study:
    """A study in a journal, as one worker among several has it."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    storage = JournalStorage(JournalFileBackend(str(folder / "journal.log")))
    pruner = new_pruner(name)
    return optuna.create_study(study_name="one", storage=storage, pruner=pruner, load_if_exists=True)


def test_asha_sees_the_runs_of_other_workers(tmp_path: Path) -> None:
    here, there = opened(tmp_path, "asha"), opened(tmp_path, "asha")
    assert not report_all(here, {1: 0.5}).should_prune()
    assert report_all(there, {1: 0.6}).should_prune()
    assert not report_all(there, {1: 0.1}).should_prune()
    assert report_all(here, {1: 0.4}).should_prune()


def population(
    pruner: Any, values: Sequence[float], direction: str = "minimize", step: int = 5
) -> optuna.Study:
    study = new_study(pruner, direction)
    for number, value in enumerate(values):
        trial = study.ask()
        trial.suggest_float("lr", 1e-4, 1.0, log=True)
        trial.suggest_categorical("name", ["ppo", "dqn"])
        trial.set_user_attr("number", number)
        trial.report(value, step)
    return study


def newcomer(study: optuna.Study, value: float, step: int = 5) -> optuna.Trial:
    trial = study.ask()
    trial.suggest_float("lr", 1e-4, 1.0, log=True)
    trial.suggest_categorical("name", ["ppo", "dqn"])
    trial.report(value, step)
    return trial


def waiting(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(states=(TrialState.WAITING,))


@pytest.mark.parametrize(("direction", "best", "worst"), [("minimize", 0.1, 0.9), ("maximize", 0.9, 0.1)])
def test_pbt_replaces_the_worst_by_variants_of_the_best(direction: str, best: float, worst: float) -> None:
    study = population(new_pruner({"name": "pbt", "resample_probability": 0}), [0.5, best, 0.6], direction)
    assert not newcomer(study, 0.55).should_prune()
    assert not waiting(study)
    assert newcomer(study, worst).should_prune()
    (successor,) = waiting(study)
    parent = study.trials[1]
    assert successor.user_attrs == {INHERITS: {"run": 1, "step": 5}}
    values = successor.system_attrs["fixed_params"]
    assert values["name"] == parent.params["name"]
    assert values["lr"] / parent.params["lr"] in (pytest.approx(0.8), pytest.approx(1.2))
    begun = study.ask()
    assert begun.number == successor.number
    assert begun.suggest_float("lr", 1e-4, 1.0, log=True) == values["lr"]


def test_pbt_stops_nobody_where_there_is_nothing_better() -> None:
    pbt = new_pruner("pbt")
    assert not newcomer(population(pbt, [0.5, 0.5, 0.5]), 0.5).should_prune()
    assert not newcomer(population(pbt, [0.5, 0.1]), 0.9).should_prune(), "a quarter of three is none"
    assert not newcomer(population(pbt, [0.5, 0.1, 0.3, 0.3], step=4), 0.9, step=4).should_prune(), "not due"
    late = new_pruner({"name": "pbt", "max_t": 5})
    assert not newcomer(population(late, [0.5, 0.1, 0.3, 0.3]), 0.9).should_prune(), "it is at its end"


def test_pbt_stops_nan_and_copies_none() -> None:
    study = population(new_pruner("pbt"), [0.5, 0.4, 0.6])
    assert newcomer(study, NAN).should_prune()
    assert waiting(study)[0].user_attrs[INHERITS] == {"run": 1, "step": 5}
    assert not newcomer(population(new_pruner("pbt"), [NAN, NAN, NAN]), NAN).should_prune()


def test_a_successor_is_compared_after_its_start_only() -> None:
    study = population(new_pruner({"name": "pbt", "resample_probability": 0}), [0.1, 0.2, 0.3, 0.4])
    assert newcomer(study, 0.9).should_prune()
    successor = study.ask()
    successor.report(0.95, 5)  # one that had to start at the beginning
    assert not successor.should_prune()
    for trial, value in zip(study.trials[:4], (0.1, 0.2, 0.3, 0.4), strict=True):
        study._storage.set_trial_intermediate_value(trial._trial_id, 10, value)
    successor.report(0.95, 10)
    assert successor.should_prune()
    assert waiting(study)[0].user_attrs[INHERITS] == {"run": 0, "step": 10}


def test_pbt_in_a_study_of_planned_runs_keeps_their_number() -> None:
    study = new_study(new_pruner("pbt"))
    for number in range(5):
        study.enqueue_trial({}, user_attrs={PLANNED: True, "run": number})
    for value in (0.1, 0.2, 0.3):
        newcomer(study, value)
    assert newcomer(study, 0.9).should_prune()
    (heir,) = waiting(study)
    assert heir.user_attrs == {PLANNED: True, "run": 4, INHERITS: {"run": 0, "step": 5}}
    begun = study.ask()
    assert begun.suggest_float("lr", 1e-4, 1.0, log=True) == heir.system_attrs["fixed_params"]["lr"]
    begun.report(0.99, 10)
    for trial, value in zip(study.trials[:3], (0.1, 0.2, 0.3), strict=True):
        study._storage.set_trial_intermediate_value(trial._trial_id, 10, value)
    assert not begun.should_prune(), "none is left to go on"
    assert len(study.trials) == 5


def test_another_worker_takes_the_successor(tmp_path: Path) -> None:
    here, there = opened(tmp_path, "pbt"), opened(tmp_path, "pbt")
    for _ in range(5):
        here.enqueue_trial({}, user_attrs={PLANNED: True})
    for study, value in ((here, 0.1), (there, 0.2), (here, 0.3)):
        assert not newcomer(study, value).should_prune()
    assert newcomer(here, 0.9).should_prune()
    begun = there.ask()
    assert begun.user_attrs[INHERITS] == {"run": 0, "step": 5}
    begun.suggest_float("lr", 1e-4, 1.0, log=True)
    begun.suggest_categorical("name", ["ppo", "dqn"])
    assert begun.params == here.trials[4].system_attrs["fixed_params"]


NUMBERS = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "clip": FloatDistribution(0.1, 0.5, step=0.1),
    "gamma": FloatDistribution(-2.0, 0.5),
    "hidden": IntDistribution(16, 256, step=16),
    "layers": IntDistribution(1, 8, log=True),
    "name": CategoricalDistribution(["ppo", "dqn", "reinforce"]),
}


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]))
def test_explored_parameters_can_be_had(seed: int, resample_probability: float) -> None:
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = explored(dict.fromkeys(NUMBERS), NUMBERS, 1.0, rng)
    for _ in range(4):
        before, values = values, explored(values, NUMBERS, resample_probability, rng)
        for name, distribution in NUMBERS.items():
            assert distribution._contains(distribution.to_internal_repr(values[name])), name
            assert type(values[name]) is type(before[name])
    if resample_probability == 0.0:
        assert values["name"] == before["name"]


@pytest.mark.parametrize("name", PRUNER_NAMES)
def test_every_name_makes_a_pruner(name: str) -> None:
    pruner = new_pruner(name, "maximize")
    assert isinstance(pruner, optuna.pruners.BasePruner)
    study = new_study(pruner, "maximize")
    for value in (0.5, 0.6, 0.1):
        trial = report_all(study, {1: value, 2: value})
        assert trial.should_prune() in (False, True)
        study.tell(trial, value)


def test_no_pruner_stops_nothing() -> None:
    pruner = new_pruner("none", ["minimize", "maximize"])
    assert new_study(pruner).pruner is pruner
    assert not last_verdict(pruner, "minimize", at_step(1, *[0.1] * 20), {1: NAN})


def test_own_classes_and_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "from optuna.pruners import BasePruner\n"
        "class Above(BasePruner):\n"
        "    def __init__(self, bound):\n"
        "        self.bound = bound\n"
        "    def prune(self, study, trial):\n"
        "        return trial.intermediate_values[trial.last_step] > self.bound\n"
    )
    (tmp_path / "my_pruners.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    pruner = new_pruner({"name": "my_pruners:Above", "bound": 0.5})
    assert last_verdict(pruner, "minimize", [], {1: 0.6})
    assert not last_verdict(pruner, "minimize", [], {1: 0.4})
    assert new_pruner(pruner) is pruner
    with pytest.raises(StudyError, match=r"pruner\.bound: is required by my_pruners:Above; add it"):
        new_pruner("my_pruners:Above")
    with pytest.raises(StudyError, match=r"has no 'Abov'\. Did you mean 'Above'\?"):
        new_pruner("my_pruners:Abov")


BAD: dict[str, tuple[Any, str]] = {
    "unknown": ("hyperbnd", r"pruner: 'hyperbnd' is not known; one of none, .*Did you mean 'hyperband'\?"),
    "letters": ("ASHA", r"Did you mean 'asha'\?"),
    "no name": ({"max_t": 3}, "the table lacks its name"),
    "no text": (3, "pruner: 3 is no name"),
    "argument": ({"name": "asha", "reduction_facto": 3}, r"pruner\.reduction_facto: .*'reduction_factor'\?"),
    "factor": (
        {"name": "asha", "reduction_factor": 1},
        r"pruner\.reduction_factor: a number above 1 is wanted; 1",
    ),
    "order": ({"name": "asha", "min_t": 9, "max_t": 3}, r"pruner\.max_t: 3 lies below min_t, 9"),
    "kind": ({"name": "asha", "min_t": "1"}, r"pruner\.min_t: .*'1' was given"),
    "interval": ({"name": "pbt", "interval": 0}, r"pruner\.interval: a whole number of at least 1"),
    "quantile": ({"name": "pbt", "quantile": 0.6}, r"pruner\.quantile: .*0\.6 was given"),
    "Optuna's": ({"name": "sha", "reduction_factor": 1}, r"pruner: sha refuses reduction_factor = 1: "),
    "module": ("no_such_module:Class", "'no_such_module:Class' cannot be imported: ModuleNotFoundError"),
    "no pruner": ("fractions:Fraction", "derive its class from optuna.pruners.BasePruner"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_pruners_are_refused(case: str) -> None:
    spec, message = BAD[case]
    with pytest.raises(StudyError, match=message) as caught:
        new_pruner(spec)
    assert "\n" not in str(caught.value)


def test_all_wrong_arguments_are_named_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        new_pruner({"name": "asha", "maxt": 3, "mint": 1})
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["pruner.maxt", "pruner.mint"]
    assert lines[0].endswith("Did you mean 'max_t'?")
    with pytest.raises(StudyError) as caught:
        new_pruner({"name": "pbt", "interval": 0.5, "resample_probability": 2, "seed": -1})
    assert len(str(caught.value).splitlines()) == 3


def test_bad_directions_are_refused() -> None:
    with pytest.raises(StudyError, match=r"'minimise' is not allowed; .* Did you mean 'minimize'\?"):
        new_pruner("asha", "minimise")
    with pytest.raises(StudyError, match="by one metric only"):
        new_pruner("asha", ["minimize", "minimize"])


def test_without_optuna_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else found(name))
    with pytest.raises(DependencyNotInstalled, match=r'pip install "hdeeprm\[study\]"'):
        new_pruner("asha")
