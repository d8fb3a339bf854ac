"""Races: regrets and moving losses against a plain re-computation, the same verdicts as in a search, PBT."""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

import numpy as np
import pytest

from hdeeprm.errors import StudyError
from hdeeprm.studies.landscapes import Course, Group, Landscape, arm_losses, new_landscape, race, race_groups

optuna = pytest.importorskip("optuna")

from hdeeprm.studies.pruners import new_pruner  # noqa: E402

SCHEDULERS = ("none", "asha", "hyperband", "median", "sha", "pbt")
NUM_WORKERS = 4


def landscape(num_arms: int = 30, num_epochs: int = 20, shape: str = "default", seed: int = 2) -> Landscape:
    return new_landscape(shape, num_arms, num_epochs, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def courses() -> dict[str, Course]:
    return race(SCHEDULERS, landscape(), NUM_WORKERS, seed=2)


def steps_of(course: Course) -> list[tuple[int, int, int]]:
    return list(zip(course.ticks.tolist(), course.epochs.tolist(), course.arms.tolist(), strict=True))


def plain_regret(course: Course, epoch: int) -> float:
    true = course.landscape.true.tolist()[epoch]
    reached = [true[arm] for _, at, arm in steps_of(course) if at == epoch]
    if not reached:
        return math.nan
    return statistics.fmean(reached) - statistics.fmean(sorted(true)[: course.num_workers])


def plain_moving_loss(course: Course, tick: int) -> float:
    observed = course.landscape.observed.tolist()
    seen = sorted(observed[epoch][arm] for at, epoch, arm in steps_of(course) if at <= tick)
    return statistics.fmean(seen[: course.num_workers])


@pytest.mark.parametrize("name", SCHEDULERS)
def test_regrets_agree_with_a_plain_recomputation(name: str, courses: dict[str, Course]) -> None:
    course = courses[name]
    regrets = [plain_regret(course, epoch) for epoch in range(20)]
    assert course.mean_regret == pytest.approx(regrets, nan_ok=True)
    sums = [sum(regrets[: epoch + 1]) for epoch in range(20)]
    assert course.cumulative_regret == pytest.approx(sums, nan_ok=True)
    losses = [plain_moving_loss(course, tick) for tick in range(int(course.ticks[-1]) + 1)]
    assert course.moving_loss == pytest.approx(losses)
    reached = [max((e + 1 for _, e, a in steps_of(course) if a == arm), default=0) for arm in range(30)]
    assert course.epochs_of_arms.tolist() == reached


@pytest.mark.parametrize("name", SCHEDULERS)
def test_workers_share_the_clock(name: str, courses: dict[str, Course]) -> None:
    course = courses[name]
    assert (np.diff(course.ticks) >= 0).all()
    busy = np.bincount(course.ticks)
    assert busy.max() <= NUM_WORKERS
    assert (busy[:-20] == NUM_WORKERS).all(), "nobody waits while there are arms"
    assert sorted(set(course.ticks.tolist())) == list(range(len(busy)))
    if name != "pbt":  # where several runs may train an arm
        assert (course.epochs_of_arms >= 1).all()
        assert len(course.ticks) == course.epochs_of_arms.sum()
        for arm in range(30):
            assert course.epochs[course.arms == arm].tolist() == list(range(course.epochs_of_arms[arm]))


def test_without_a_rule_all_arms_are_trained_to_the_end(courses: dict[str, Course]) -> None:
    course = courses["none"]
    assert course.num_stopped == 0
    assert (course.epochs_of_arms == 20).all()
    assert course.ticks[-1] + 1 == math.ceil(30 / NUM_WORKERS) * 20


def test_rules_stop_runs_and_lower_the_regret(courses: dict[str, Course]) -> None:
    for name in ("asha", "hyperband", "median", "sha"):
        assert courses[name].num_stopped == (courses[name].epochs_of_arms < 20).sum() > 0
        assert len(courses[name].ticks) < len(courses["none"].ticks)
        assert courses[name].cumulative_regret[-1] < courses["none"].cumulative_regret[-1]


@pytest.mark.parametrize("name", ["asha", "hyperband", "median", "sha", "wilcoxon"])
def test_a_race_stops_the_runs_that_a_search_stops(name: str) -> None:
    where = landscape(seed=6)
    course = race([name], where, workers=1, seed=6)[name]
    reached = []

    def objective(trial: optuna.Trial) -> float:
        losses = where.observed[:, trial.suggest_int("arm", 0, 29)].tolist()
        for step, loss in enumerate(losses, start=1):
            trial.report(loss, step)
            if step < len(losses) and trial.should_prune():
                reached.append(step)
                raise optuna.TrialPruned
        reached.append(len(losses))
        return float(losses[-1])

    study = optuna.create_study(study_name="race-6", pruner=new_pruner(name))
    for arm in range(30):
        study.enqueue_trial({"arm": arm})
    study.optimize(objective, n_trials=30)
    assert course.epochs_of_arms.tolist() == reached
    assert course.num_stopped > 0


def test_pbt_goes_on_with_the_arms_of_the_best(courses: dict[str, Course]) -> None:
    course = courses["pbt"]
    assert course.num_stopped > 0
    assert len(course.ticks) == 30 * 20, "each successor goes on where its predecessor was stopped"
    assert np.bincount(course.epochs).tolist() == [30] * 20
    before, after = course.mean_regret[4], course.mean_regret[5]
    assert after < before
    assert course.cumulative_regret[-1] < courses["none"].cumulative_regret[-1]


class StopAt(optuna.pruners.BasePruner):
    """Stops every run at a step, and remembers how many it has seen."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.num_asked = 0

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        self.num_asked += 1
        return trial.last_step == self.step


def test_own_pruners_race_as_copies_of_themselves() -> None:
    pruner = StopAt(3)
    (course,) = race([pruner], landscape(), NUM_WORKERS).values()
    assert course.epochs_of_arms.tolist() == [3] * 30
    assert course.num_stopped == 30
    assert pruner.num_asked == 0
    assert np.isnan(course.mean_regret).tolist() == [False] * 3 + [True] * 17
    assert np.isnan(course.cumulative_regret[3:]).all()


def test_the_same_seed_has_the_same_race(courses: dict[str, Course]) -> None:
    again = race(SCHEDULERS, landscape(), NUM_WORKERS, seed=2)
    for name, course in courses.items():
        assert steps_of(course) == steps_of(again[name]), name


@pytest.mark.parametrize(("num_arms", "workers"), [(1, 1), (3, 8)])
def test_few_arms(num_arms: int, workers: int) -> None:
    where = landscape(num_arms, 5)
    course = race("none", where, workers)["none"]
    assert course.ticks[-1] == 4
    assert course.mean_regret == pytest.approx(np.zeros(5), abs=1e-12)
    smallest = np.sort(where.observed, axis=None)[:workers]
    assert course.moving_loss[-1] == pytest.approx(smallest.mean())


def test_groups_have_mean_and_deviation_over_seeds() -> None:
    groups = race_groups(
        {"a": "median", "n": "none"}, "overfit", NUM_WORKERS, seeds=(1, 2, 3), num_arms=20, num_epochs=8
    )
    assert list(groups) == ["a", "n"]
    group = groups["a"]
    for seed, course in zip((1, 2, 3), group.courses, strict=True):
        alone = race({"a": "median"}, landscape(20, 8, "overfit", seed), NUM_WORKERS, seed)["a"]
        assert steps_of(course) == steps_of(alone)
    for epoch in range(8):
        values = [plain_regret(course, epoch) for course in group.courses]
        assert group.mean_regret.mean[epoch] == pytest.approx(statistics.fmean(values))
        assert group.mean_regret.deviation[epoch] == pytest.approx(statistics.pstdev(values))
    lengths = [len(course.moving_loss) for course in group.courses]
    assert len(set(lengths)) > 1
    last = [course.moving_loss[-1] for course in group.courses]
    assert len(group.moving_loss.mean) == max(lengths)
    assert group.moving_loss.mean[-1] == pytest.approx(statistics.fmean(last))
    assert group.moving_loss.deviation[-1] == pytest.approx(statistics.pstdev(last))


def test_epochs_that_no_arm_reached_are_left_out_of_the_mean() -> None:
    where = landscape(8, 5)
    short, long = (race([StopAt(step)], where, 2)["StopAt"] for step in (2, 4))
    regret = Group("both", (short, long)).mean_regret
    assert regret.mean[2] == long.mean_regret[2]
    assert regret.deviation[2] == 0.0
    assert np.isnan(regret.mean[4])


def test_a_race_of_the_usual_size(record_property: Any) -> None:
    start = time.perf_counter()
    groups = race_groups(["none", "asha", "hyperband", "median"], seeds=(1, 2), num_arms=100, num_epochs=25)
    record_property("seconds", time.perf_counter() - start)
    for group in groups.values():
        assert len(group.courses) == 2
        assert group.cumulative_regret.mean.shape == (25,)
        assert (group.courses[0].epochs_of_arms > 0).all()


def test_a_race_is_quiet_and_leaves_optunas_log_level(capfd: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()
    race(["asha"], landscape(5, 5), 2)
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("schedulers", "workers", "message"),
    [
        (["asha", "asha"], 2, "schedulers: 'asha' is there twice; give them names"),
        ([], 2, "schedulers: there is none"),
        (["medain"], 2, r"Did you mean 'median'\?"),
        (["asha"], 0, "workers: a whole number of at least 1 is wanted; 0"),
        (["asha"], 1.5, r"workers: .*1\.5"),
    ],
)
def test_bad_races_are_refused(schedulers: Any, workers: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        race(schedulers, landscape(5, 5), workers)


def test_a_group_needs_seeds() -> None:
    with pytest.raises(StudyError, match="seeds: there is none"):
        race_groups(["asha"], seeds=())
    with pytest.raises(StudyError, match=r"landscape\.seed: .*-1 was given"):
        race_groups(["asha"], seeds=(-1,))


def test_groups_race_where_single_runs_play() -> None:
    (course,) = race_groups(["asha"], "overfit", seeds=(4,), num_arms=9, num_epochs=6)["asha"].courses
    losses = arm_losses("overfit", 8, num_arms=9, num_epochs=6, seed=4)
    assert np.array_equal(course.landscape.observed[:, 8], losses.observed)
