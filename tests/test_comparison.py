"""Comparisons: their statistics on made data, the same windows for all, and each kind of contender."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from hdeeprm import metrics
from hdeeprm.agents import ClassicAgent
from hdeeprm.comparison import Comparison, compare
from hdeeprm.comparison.contenders import read_contenders
from hdeeprm.comparison.episodes import Episode, Plan, Player, episode_seed
from hdeeprm.comparison.measures import HIGHER_IS_BETTER, OBJECTIVE_METRICS, metric_of
from hdeeprm.comparison.statistics import (
    Interval,
    gain_interval,
    gain_percent,
    holm,
    mean_interval,
    paired_p_value,
)
from hdeeprm.comparison.writing import json_text
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, HDeepRMError, OptionsError, SimulationError
from hdeeprm.options import OBJECTIVES, load_options
from hdeeprm.playing import play
from hdeeprm.results import job_records
from hdeeprm.selections import PAIR_NAMES

compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="long without compilation")

LENGTH = 30
FIT_PAIRS = ["shortest-high_gflops", "smallest-high_gflops"]


def content(**changes: Any) -> dict[str, Any]:
    """Windows of 30 jobs on 256 equal cores, two actions, and what a test changes in sections."""
    window = {"length": LENGTH, "start": "random", "split": [0.6, 0.1, 0.3], "load": 1.2}
    tree: dict[str, Any] = {
        "seed": 3,
        "platform_file_path": "equal_256",
        "workload_file_path": "lublin_256_like.swf",
        "workload": {"mem_bw": "none", "window": window},
        "env": {
            "objective": "avg_bounded_slowdown",
            "observation": "fit",
            "actions": {"selection": FIT_PAIRS, "void": False},
        },
    }
    for key, value in changes.items():
        tree[key] = {**tree.get(key, {}), **value} if isinstance(value, dict) else value
    return tree


def compared(*contenders: str, windows: int = 4, **arguments: Any) -> Comparison:
    options = arguments.pop("options", None) or content()
    return compare(options, contenders, windows, **arguments)


def values(comparison: Comparison, contender: str) -> list[list[float]]:
    found: list[list[float]] = comparison.values[contender]["mean_bounded_slowdown"].tolist()
    return found


def agent_file(folder: Path, body: str, name: str = "agent.py") -> str:
    """An agent file whose agent decides in the given lines."""
    lines = [
        "import os",
        "import numpy as np",
        "from hdeeprm.agents import Agent",
        "class Mine(Agent):",
        "    def decide(self, observation, action_mask):",
        *(f"        {line}" for line in body.splitlines()),
    ]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


# Statistics


def rng() -> np.random.Generator:
    return np.random.default_rng(12)


def test_intervals_of_a_mean_cover_it_about_as_often_as_they_say() -> None:
    samples = rng().gamma(2.0, 1.0, (60, 40))  # skewed, with the mean 2
    intervals = [mean_interval(sample) for sample in samples]
    covered = sum(interval.low <= 2.0 <= interval.high for interval in intervals)
    assert 52 <= covered <= 60  # 57 of 60 expected; 52 or fewer in 1 of 50 at 93 %


def test_the_interval_of_a_mean_is_nearly_that_of_the_normal_distribution() -> None:
    sample = rng().normal(10.0, 2.0, 400)
    half = 1.96 * sample.std(ddof=1) / math.sqrt(400)
    low, high = mean_interval(sample)
    assert low == pytest.approx(sample.mean() - half, abs=0.03)
    assert high == pytest.approx(sample.mean() + half, abs=0.03)


def test_intervals_are_the_same_again() -> None:
    sample = rng().exponential(size=20)
    assert mean_interval(sample) == mean_interval(sample.copy())


def test_a_gain_is_in_percent_of_the_baseline_and_positive_where_it_is_better() -> None:
    low, high = np.array([30.0, 60.0]), np.array([40.0, 80.0])
    assert gain_percent(low, high, higher_is_better=False) == pytest.approx(25.0)
    assert gain_percent(high, low, higher_is_better=False) == pytest.approx(-100.0 / 3.0)
    assert gain_percent(high, low, higher_is_better=True) == pytest.approx(100.0 / 3.0)


def test_a_gain_over_nothing_is_unknown() -> None:
    zero = np.zeros(5)
    assert math.isnan(gain_percent(zero, zero, higher_is_better=False))
    assert all(math.isnan(bound) for bound in gain_interval(zero, zero, higher_is_better=False))


@pytest.mark.parametrize("baseline", [[0.0, 0.0, 5.0], [0.0, 0.0, 0.0, 1.0]])
def test_a_gain_over_a_baseline_that_may_be_nothing_has_no_interval(baseline: list[float]) -> None:
    values = np.arange(1.0, 1.0 + len(baseline))  # over resamples of zeros only, it is infinite
    assert all(map(math.isnan, gain_interval(values, np.array(baseline), higher_is_better=False)))


def test_pairs_of_windows_make_gains_sure_that_would_drown_in_noise() -> None:
    base = rng().gamma(1.0, 100.0, 30)
    better = 0.9 * base + rng().normal(0.0, 0.1, 30)
    low, high = gain_interval(better, base, higher_is_better=False)
    assert 9.5 < low < 10.0 < high < 10.5
    separate = mean_interval(base)
    assert separate.low < better.mean() < separate.high


def test_a_constant_factor_has_a_gain_without_doubt() -> None:
    base = np.arange(1.0, 9.0)
    assert gain_interval(base / 2.0, base, higher_is_better=False) == pytest.approx((50.0, 50.0))


def test_a_constant_shift_is_significant_and_noise_is_not() -> None:
    noise = rng().normal(0.0, 1.0, 30)
    assert paired_p_value(np.full(30, 0.5)) == pytest.approx(2e-4)
    assert paired_p_value(noise - noise.mean() + 1.0) < 0.001
    assert paired_p_value(noise - noise.mean() + 0.02) > 0.5


def test_the_p_value_of_few_windows_is_exact() -> None:
    # Of the 2^5 choices of signs, all + and all - have a mean as far from 0.
    assert paired_p_value(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(2 / 32)
    # 4 of the 8 have a mean at least as far from 0: 1+2+4 and 2+4-1, and their opposites.
    assert paired_p_value(np.array([-1.0, 2.0, 4.0])) == pytest.approx(4 / 8)


def test_the_direction_of_a_difference_does_not_matter() -> None:
    differences = rng().normal(0.3, 1.0, 25)
    assert paired_p_value(differences) == pytest.approx(paired_p_value(-differences), rel=0.05)


def test_p_values_of_noise_are_as_often_small_as_they_say() -> None:
    samples = rng().normal(size=(100, 10))
    assert 1 <= sum(paired_p_value(sample) < 0.1 for sample in samples) <= 19  # 10 expected


@pytest.mark.parametrize("sample", [[3.0], [1.0, math.nan], []])
def test_too_few_windows_have_neither_interval_nor_p_value(sample: list[float]) -> None:
    array = np.array(sample)
    assert all(math.isnan(bound) for bound in mean_interval(array))
    assert all(math.isnan(bound) for bound in gain_interval(array, array, higher_is_better=False))
    assert math.isnan(paired_p_value(array))


def test_equal_values_have_an_interval_without_width_and_no_difference() -> None:
    same = np.full(6, 2.5)
    assert mean_interval(same) == Interval(2.5, 2.5)
    assert gain_interval(same, same, higher_is_better=False) == Interval(0.0, 0.0)
    assert paired_p_value(same - same) == 1.0


def test_holm_multiplies_the_least_most_and_never_inverts() -> None:
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    corrected = holm([math.nan, 0.01])
    assert math.isnan(corrected[0]) and corrected[1] == 0.01


# Metrics


def test_every_objective_has_a_metric_and_every_metric_a_direction() -> None:
    assert set(OBJECTIVE_METRICS) == set(OBJECTIVES)
    assert set(OBJECTIVE_METRICS.values()) <= set(metrics.METRICS)
    assert set(metrics.METRICS) > HIGHER_IS_BETTER


def test_an_unknown_metric_is_an_error() -> None:
    with pytest.raises(OptionsError, match=r"metric: 'avg_waits' is not known.*Did you mean 'avg_wait'"):
        metric_of("avg_waits")


# Windows and seeds


def test_windows_are_those_of_the_test_part_evenly_spaced() -> None:
    found = compared("first-high_gflops", windows=5)
    assert found.setting.part == "test"
    assert found.setting.starts == (350, 380, 410, 440, 470)


@pytest.mark.parametrize(
    ("part", "first", "last"), [("train", 0, 270), ("validation", 300, 320), ("all", 0, 470)]
)
def test_another_part_can_be_asked_for(part: str, first: int, last: int) -> None:
    starts = compared("first-high_gflops", windows=2, part=part).setting.starts
    assert starts == (first, last)


def test_the_part_of_the_options_does_not_count() -> None:
    window = content()["workload"]["window"] | {"part": "train", "start": 0}
    training = content(workload={"window": window})
    assert values(compared(*FIT_PAIRS, options=training), FIT_PAIRS[0]) == values(
        compared(*FIT_PAIRS), FIT_PAIRS[0]
    )


def test_without_a_split_all_jobs_are_tested_on() -> None:
    options = content(workload={"window": {"length": LENGTH, "start": 100}})
    found = compared("first-high_gflops", options=options, windows=2)
    assert found.setting.part == "all"
    assert found.setting.starts == (100, 470)
    with pytest.raises(OptionsError, match="part: 'test' needs a split"):
        compared("first-high_gflops", options=options, part="test")
    with pytest.raises(OptionsError, match="part: 'tests' is not known"):
        compared("first-high_gflops", options=options, part="tests")


def test_without_a_window_all_jobs_are_one() -> None:
    options = content(workload={"window": None}, nb_jobs=40)
    found = compared(*FIT_PAIRS, options=options)
    assert found.setting.starts == (0,) and found.setting.num_jobs == 40
    assert any("one window" in note for note in found.notes)
    assert all(math.isnan(one.p_value) and math.isnan(one.interval.low) for one in found.standings)
    assert next(one.gain for one in found.standings if one.name != found.baseline) <= 0.0


def test_windows_that_overlap_or_coincide_are_told_of() -> None:
    window = content()["workload"]["window"]
    crowded = compared("first-high_gflops", windows=20)
    assert any("windows overlap" in note for note in crowded.notes)
    few = content(workload={"window": window | {"length": 147}})
    assert compared("first-high_gflops", windows=20, options=few).setting.starts == (350, 351, 352, 353)
    apart = compared("first-high_gflops", windows=5)
    assert not any("window" in note for note in apart.notes)


@compiled_only
@pytest.mark.parametrize("workers", [1, 2])
def test_reservations_that_are_not_kept_are_told_of(workers: int) -> None:
    """Where bandwidth is over-subscribed, as here, some are not."""
    window = {"length": 100, "load": 2.0}
    options = {
        "platform_file_path": "gaia",
        "workload_file_path": "gaia_like.swf",
        "workload": {"window": window},
        "queue": {"backfilling": "conservative"},
    }
    pairs = ("first-high_cores", "shortest-high_cores")
    found = compared(*pairs, options=options, windows=3, workers=workers)
    env, counts = WorkloadManagementEnv(load_options(options)), np.zeros((2, 2), np.int64)
    for row, pair in zip(counts, pairs, strict=True):
        for start in found.setting.starts:
            play(env, ClassicAgent(pair), 0, first_job=start)
            row += env.simulator.num_late, env.simulator.num_reserved
    assert counts[1, 0] > counts[0, 0] > 0
    (line,) = [note for note in found.notes if "reservations" in note]
    of_all, of_worst = ("{:,} of {:,}".format(*row) for row in (counts.sum(axis=0), counts[1]))
    assert line == f"reservations that were not kept: {of_all}, the most under {pairs[1]} ({of_worst})"


def test_reservations_that_are_kept_are_not_told_of() -> None:
    found = compared(*FIT_PAIRS, options=content(queue={"backfilling": "easy"}))
    assert not any("reservations" in note for note in found.notes)


def test_all_have_the_same_jobs_and_arrivals() -> None:
    """A pair gives the same values whoever else is compared, and as it does when it is played by hand."""
    alone = compared("shortest-high_gflops")
    among = compared("random", "first-low_power", "shortest-high_gflops", "shortest-fit")
    assert values(alone, "shortest-high_gflops") == values(among, "shortest-high_gflops")
    tree = content(workload={"window": content()["workload"]["window"] | {"part": "test"}})
    env = WorkloadManagementEnv(tree)
    for window, start in enumerate(alone.setting.starts):
        play(env, ClassicAgent("shortest-high_gflops"), 0, first_job=start)
        slowdowns = metrics.bounded_slowdown(job_records(env.simulator))
        assert values(alone, "shortest-high_gflops")[window] == [pytest.approx(slowdowns.mean())]


def test_all_metrics_are_of_the_same_episode() -> None:
    found = compared("first-high_gflops").values["first-high_gflops"]
    assert list(found) == list(metrics.METRICS)
    assert np.all(found["num_jobs"] == LENGTH)
    assert np.all(found["edp"] == found["energy_joules"] * found["makespan"])


def test_only_those_who_draw_have_several_seeds() -> None:
    found = compared("first-high_gflops", "first-random", "shortest-fit", "random", seeds=3)
    shapes = {name: columns["makespan"].shape for name, columns in found.values.items()}
    assert shapes == {
        "first-high_gflops": (4, 1),
        "first-random": (4, 3),
        "shortest-fit": (4, 1),
        "random": (4, 3),
    }
    assert any("2 of 4 contenders draw nothing" in note for note in found.notes)
    assert any(len(set(row)) > 1 for row in values(found, "random"))


def test_a_learner_that_may_choose_a_random_pair_has_all_seeds() -> None:
    options = content(env={"actions": {"selection": [*FIT_PAIRS, "random-high_gflops"]}})
    assert len(values(compared("shortest-fit", options=options, seeds=2), "shortest-fit")[0]) == 2


def test_a_window_has_the_same_seeds_whatever_other_windows_there_are() -> None:
    many, few = compared("random", windows=5), compared("random", windows=3)
    assert many.setting.starts[::2] == few.setting.starts
    assert values(many, "random")[::2] == values(few, "random")
    seeds = {episode_seed(1, job, number) for job in range(20) for number in range(3)}
    assert len(seeds) == 60


def test_a_seed_gives_the_same_comparison_and_another_one_does_not() -> None:
    first, again, other = (compared("random", options=content(seed=seed)) for seed in (3, 3, 4))
    assert json_text(first) == json_text(again) != json_text(other)


@pytest.mark.parametrize("arguments", [{"windows": 0}, {"seeds": 0}, {"workers": 0}, {"windows": True}])
def test_numbers_below_one_are_errors(arguments: dict[str, int]) -> None:
    with pytest.raises(OptionsError, match=f"{next(iter(arguments))}: .* give 1 or more"):
        compared("random", **arguments)


# Standings


def test_the_best_comes_first_and_gains_are_over_the_best_fixed_pair() -> None:
    found = compared("first-high_gflops", "shortest-fit", "shortest-high_gflops", "random", windows=5)
    means = [standing.mean for standing in found.standings]
    assert means == sorted(means)
    pairs = {one.name: one.mean for one in found.standings if one.name in PAIR_NAMES}
    assert found.baseline == min(pairs, key=pairs.__getitem__) == "shortest-high_gflops"
    by_name = {one.name: one for one in found.standings}
    worse = by_name["first-high_gflops"]
    base = by_name["shortest-high_gflops"]
    assert worse.difference == pytest.approx(worse.mean - base.mean)
    assert worse.gain == pytest.approx(100.0 * (base.mean - worse.mean) / base.mean)
    assert worse.gain < 0.0 and worse.gain_interval.low <= worse.gain <= worse.gain_interval.high
    assert worse.interval.low < worse.mean < worse.interval.high
    assert 0.0 < worse.p_value <= worse.p_holm <= 1.0
    assert math.isnan(base.p_value) and math.isnan(base.gain)


def test_more_is_better_of_some_metrics() -> None:
    found = compared(*FIT_PAIRS, "first-high_gflops", metric="utilization")
    means = [standing.mean for standing in found.standings]
    assert found.higher_is_better and means == sorted(means, reverse=True)
    assert found.baseline == found.standings[0].name
    assert all(one.gain <= 0.0 for one in found.standings[1:])


def test_the_objective_says_by_which_metric() -> None:
    assert compared("random").metric == "mean_bounded_slowdown"
    assert compared("random", options=content(env={"objective": "avg_wait"})).metric == "mean_wait_time"
    assert compared("random", metric="edp").metric == "edp"


def test_the_same_episodes_can_be_judged_otherwise() -> None:
    found = compared(*FIT_PAIRS, "random")
    other = found.by("avg_wait", "random")
    direct = compared(*FIT_PAIRS, "random", metric="mean_wait_time", baseline="random")
    assert json_text(other) == json_text(direct)
    assert other.baseline == "random"


def test_without_a_fixed_pair_there_are_no_gains() -> None:
    found = compared("random", "shortest-fit")
    assert found.baseline is None
    assert all(math.isnan(one.gain) for one in found.standings)


def test_a_baseline_is_a_contender() -> None:
    found = compared(*FIT_PAIRS, baseline="shortest-high_flops")  # the old name
    assert found.baseline == "shortest-high_gflops"
    with pytest.raises(OptionsError, match=r"baseline: 'shortest-fits' .*Did you mean 'shortest-fit'"):
        compared("shortest-fit", "random", baseline="shortest-fits")


# Contenders


def labels(*texts: str, **changes: Any) -> list[str]:
    return [one.label for one in read_contenders(texts, load_options(content(**changes)))]


def problem_of(*texts: str, **changes: Any) -> str:
    with pytest.raises(HDeepRMError) as caught:
        compared(*texts, options=content(**changes))
    return str(caught.value)


def test_pairs_are_all_36_whatever_the_actions_are() -> None:
    assert labels("pairs") == list(PAIR_NAMES)
    jobs = content(env={"actions": {"type": "jobs", "num_jobs": 4}, "observation": "queue"})
    found = compared("first-low_power", "shortest-high_gflops", options=jobs, windows=2)
    assert values(found, "first-low_power") == values(
        compared("first-low_power", windows=2), "first-low_power"
    )


def test_who_is_named_twice_is_compared_once() -> None:
    assert labels("random", "first-high_flops", "random", "first-high_gflops") == [
        "random",
        "first-high_gflops",
    ]
    assert len(labels("pairs", "first-random")) == 36


def test_labels_name_contenders_and_are_unique() -> None:
    assert labels("r=random", "best=rollout:num_futures=2", "sjf=shortest-high_gflops") == [
        "r",
        "best",
        "sjf",
    ]
    assert "another contender is labelled 'r'" in problem_of("r=random", "r=shortest-fit")
    assert "36, which one label cannot name" in problem_of("all=pairs")


def test_a_labelled_pair_is_a_fixed_pair_too() -> None:
    assert compared("sjf=shortest-high_gflops", "random").baseline == "sjf"


def test_settings_follow_a_name() -> None:
    def settings(text: str) -> Any:
        (found,) = read_contenders([text], load_options(content()))
        return found.agent["settings"]

    text = "rollout:num_futures=2,base=first-low_power"
    assert settings(text) == {"num_futures": 2, "base": "first-low_power"}
    assert "agent.settings.num_future: unknown setting" in problem_of("rollout:num_future=2")
    assert "'num_futures' is no setting; write NAME:key=value" in problem_of("rollout:num_futures")
    assert "'random' has no settings" in problem_of("random:x=1")


@compiled_only
def test_rollout_plans_and_its_seeds_differ() -> None:
    found = compared("rollout:num_futures=2,num_arrivals=5", *FIT_PAIRS, windows=2, seeds=2)
    rollout = values(found, "rollout:num_futures=2,num_arrivals=5")
    assert len(rollout[0]) == 2
    own = compared("rollout:num_futures=2,num_arrivals=5,seed=1", windows=2)
    second = values(own, "rollout:num_futures=2,num_arrivals=5,seed=1")
    assert [row[1] for row in rollout] == [row[0] for row in second]


def test_shortest_fit_chooses_between_pairs_where_actions_are_jobs() -> None:
    jobs = content(env={"actions": {"type": "jobs", "num_jobs": 4}})
    found = compared("shortest-fit", "random", options=jobs, windows=2)
    assert values(found, "shortest-fit") != values(found, "random")
    assert not found.failures


def test_where_the_agent_is_a_pair_the_others_have_all_actions() -> None:
    tree = content(agent={"name": "first-low_power"})
    del tree["env"]["actions"]
    found = read_contenders(["random", "options"], load_options(tree))
    assert [len(one.options["env"]["actions"].get("selection", PAIR_NAMES)) for one in found] == [36, 1]
    by_name = compared("first-low_power", "own=options", options=tree)
    assert values(by_name, "own") == values(by_name, "first-low_power")


def test_an_agent_file_is_compared(tmp_path: Path) -> None:
    always = agent_file(tmp_path, "return 1")
    found = compared(f"mine={always}", "smallest-high_gflops")
    assert values(found, "mine") == values(found, "smallest-high_gflops")


def test_an_agent_of_a_file_begins_anew_in_every_episode(tmp_path: Path) -> None:
    counts = agent_file(tmp_path, "self.count = getattr(self, 'count', 0) + 1\nreturn int(self.count > 20)")
    whole, part = compared(f"a={counts}", windows=5), compared(f"a={counts}", windows=3)
    assert values(whole, "a")[::2] == values(part, "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shortest-fits", "contender 'shortest-fits': .* is no agent; .*Did you mean 'shortest-fit'"),
        ("shortest-high_gflop", "contender .*Did you mean 'shortest-high_gflops'"),
        ("ppo", "'ppo' learns; name the checkpoint FILE.pt"),
        ("nothing.py", "contender 'nothing.py': .*nothing.py: no such file"),
        ("optoins", "Did you mean 'options'"),
        ("mine=score:walt-high_mem", "contender .*'walt' is not known; .*Did you mean 'wait'"),
        ("score:wait", "contender .*Did you mean 'score:wait-high_gflops'"),
    ],
)
def test_what_cannot_be_compared_is_an_error(text: str, message: str) -> None:
    with pytest.raises(HDeepRMError, match=message):
        compared(text)


def test_nobody_to_compare_is_an_error() -> None:
    with pytest.raises(OptionsError, match="no contender is named"):
        compared()


def test_an_agent_without_its_actions_is_an_error_that_names_it() -> None:
    message = problem_of("shortest-fit", env={"actions": {"selection": ["first-random"]}})
    assert message.startswith("contender 'shortest-fit': window 0 (from job 350), seed 0: the agent")


def test_options_of_a_learner_without_a_name_serve_its_file(tmp_path: Path) -> None:
    tree = content(agent={"type": "LEARNING", "run": "train"})
    found = compared(f"mine={agent_file(tmp_path, 'return 0')}", options=tree, windows=2)
    assert not found.failures
    with pytest.raises(OptionsError, match="needs a name or a file"):
        compared("options", options=tree)


# Checkpoints


def checkpoint(path: Path, name: str, env: dict[str, Any], hidden: int = 8) -> WorkloadManagementEnv:
    """Write the checkpoint of an untrained learner; returns the environment that it is for."""
    pytest.importorskip("torch")
    from hdeeprm.agents import agent_from_options
    from hdeeprm.agents.building import learner_shape
    from hdeeprm.agents.checkpoints import environment_facts, save_checkpoint

    options = load_options(content(env=env, agent={"name": name, "hidden": hidden}))
    made_for = WorkloadManagementEnv(options)
    agent: Any = agent_from_options(options, made_for)
    save_checkpoint(path, name, learner_shape(made_for), environment_facts(made_for), agent.model_state())
    return made_for


@pytest.mark.parametrize(
    ("name", "env"),
    [
        ("ppo", {"observation": "minimal", "actions": {"selection": ["first-low_power"], "void": True}}),
        ("dqn", {"observation": "queue", "actions": {"type": "jobs", "num_jobs": 4, "void": False}}),
        ("actor-critic", {"observation": "queue", "actions": {"selection": FIT_PAIRS, "num_jobs": 3}}),
        ("reinforce", {"observation": "fit", "actions": {"type": "jobs", "num_jobs": 5}}),
    ],
)
def test_a_checkpoint_knows_its_environment(name: str, env: dict[str, Any], tmp_path: Path) -> None:
    made_for = checkpoint(tmp_path / "model.pt", name, env)
    found = compared(f"mine={tmp_path / 'model.pt'}", *FIT_PAIRS, windows=2)
    assert {one.name for one in found.standings} == {"mine", *FIT_PAIRS}
    (contender,) = read_contenders([str(tmp_path / "model.pt")], load_options(content()))
    rebuilt = load_options(contender.without_agent)
    assert rebuilt.action_table() == made_for.actions
    assert rebuilt.env.observation == made_for.experiment_options.env.observation
    assert contender.agent["hidden"] == 8


def test_a_checkpoint_decides_as_its_agent_does(tmp_path: Path) -> None:
    from_file = {"observation": "fit", "actions": {"selection": FIT_PAIRS, "void": False}}
    checkpoint(tmp_path / "model.pt", "ppo", from_file, hidden=12)
    own = content(agent={"name": "ppo", "hidden": 12, "input_model": str(tmp_path / "model.pt")})
    found = compared(f"a={tmp_path / 'model.pt'}", "options", options=own)
    assert values(found, "a") == values(found, "options")
    assert not any("nothing was learnt" in note for note in found.notes)


def test_an_agent_that_has_learnt_nothing_is_told_of() -> None:
    pytest.importorskip("torch")
    found = compared("options", options=content(agent={"name": "ppo", "hidden": 8}))
    assert any(note.startswith("options: no checkpoint is given") for note in found.notes)


def test_new_weights_are_the_same_whatever_was_played_before() -> None:
    pytest.importorskip("torch")
    options = load_options(content(agent={"name": "ppo", "hidden": 8}))
    plan = Plan(read_contenders(["options"], options), (350, 420), options.seed, Path())
    before = Player(plan)
    before.play(Episode(0, 0, 0))
    assert before.play(Episode(0, 1, 0)) == Player(plan).play(Episode(0, 1, 0))


@pytest.mark.parametrize("marked", [True, False])
def test_the_checkpoint_of_an_agent_of_a_file(marked: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from hdeeprm.agents import agent_from_options
    from hdeeprm.agents.checkpoints import environment_facts, plugin_shape, save_checkpoint

    file = str(Path(__file__).parent / "agent_files" / "reinforce.py")
    env = content()["env"] | {"observation": "minimal" if marked else "fit"}
    options = load_options(content(env=env, agent={"file": file, "hidden": 6}))
    made_for = WorkloadManagementEnv(options)
    weights = agent_from_options(options, made_for).state_dict()  # type: ignore[attr-defined]
    model = tmp_path / "model.pt"
    if marked:
        facts = environment_facts(made_for)
        save_checkpoint(model, "ReinforceAgent", plugin_shape(made_for), facts, {"model_state_dict": weights})
    else:
        torch.save(weights, model)  # as HDeepRM 0.3 did
    found = compared(f"mine={file}:{model}", "random", windows=2)
    assert not any("nothing was learnt" in note for note in found.notes)
    message = problem_of(str(model))
    assert f"name the file of its agent with it, as agent.py:{model}" in message


def test_a_checkpoint_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "model.pt").write_bytes(b"nothing")
    message = problem_of(f"mine={tmp_path / 'model.pt'}")
    assert message.startswith("contender 'mine=") and "is no checkpoint" in message
    assert "no such file" in problem_of(str(tmp_path / "missing.pt"))


def test_a_checkpoint_that_does_not_say_its_environment_is_an_error(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from hdeeprm.agents.checkpoints import save_checkpoint

    state = {"model_state_dict": {"weight": torch.ones(2, 2)}}
    save_checkpoint(tmp_path / "model.pt", "ppo", {"observation_size": 2, "num_actions": 2}, {}, state)
    assert "does not say what environment it is for" in problem_of(str(tmp_path / "model.pt"))


def test_a_model_of_stable_baselines3_is_compared(tmp_path: Path) -> None:
    contrib = pytest.importorskip("sb3_contrib")
    from hdeeprm.env import WorkloadManagementVectorEnv
    from hdeeprm.integrations.sb3 import SB3VecEnv

    envs = WorkloadManagementVectorEnv(content(), num_envs=1, autoreset_mode="SameStep")
    contrib.MaskablePPO("MlpPolicy", SB3VecEnv(envs), device="cpu", seed=1).save(tmp_path / "model.zip")
    found = compared(f"sb3={tmp_path / 'model.zip'}", *FIT_PAIRS, windows=2, seeds=2)
    assert values(found, "sb3") and len(values(found, "sb3")[0]) == 1
    message = problem_of(str(tmp_path / "model.zip"), env={"observation": "minimal"})
    assert message.startswith("contender ") and "observations of" in message


# Failures


def failing_file(folder: Path, where: str) -> str:
    """An agent that raises an error in some windows, after a few decisions."""
    body = f"self.count = getattr(self, 'count', 0) + 1\nif self.count == 5 and {where}:\n    1 / 0\nreturn 0"
    path = Path(agent_file(folder, body, "failing.py"))
    begin = "    def begin(self, environment):\n        self.job = environment.env.simulator.first_job\n"
    path.write_text(path.read_text(encoding="utf-8") + begin, encoding="utf-8")
    return str(path)


def test_a_contender_that_fails_ends_the_comparison(tmp_path: Path) -> None:
    fails = failing_file(tmp_path, "self.job > 360")
    with pytest.raises(AgentError, match=r"'bad': window 1 .from job 390., seed 0: .*failing.py:8: .*Zero"):
        compared(f"bad={fails}", "random")


def test_the_others_results_are_not_lost(tmp_path: Path) -> None:
    fails = failing_file(tmp_path, "self.job > 400")
    found = compared(f"bad={fails}", *FIT_PAIRS, keep_going=True)
    assert found.standings == compared(*FIT_PAIRS).standings
    (failure,) = found.failures
    assert (failure.contender, failure.window, failure.first_job, failure.num_episodes) == ("bad", 2, 430, 2)
    assert str(failure).endswith("(the first of 2 such episodes)")
    assert np.isnan(values(found, "bad")).tolist() == [[False], [False], [True], [True]]


def test_a_baseline_that_fails_leaves_no_gains(tmp_path: Path) -> None:
    fails = failing_file(tmp_path, "True")
    found = compared(f"bad={fails}", *FIT_PAIRS, keep_going=True, baseline="bad")
    assert found.baseline is None and len(found.standings) == 2


# Workers


@compiled_only
def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    mine = f"mine={agent_file(tmp_path, 'return int(np.argmax(action_mask))')}"
    contenders = (mine, *FIT_PAIRS, "random", "rollout:num_futures=2", "first-random")
    told: list[tuple[int, int]] = []
    one = compared(*contenders, windows=3, seeds=2)
    two = compared(*contenders, windows=3, seeds=2, workers=2, watch=lambda *counts: told.append(counts))
    assert json_text(one) == json_text(two)
    assert told[0] == (0, told[-1][1]) and told[-1][0] == told[-1][1]
    assert told == sorted(told)


@compiled_only
def test_a_worker_that_dies_is_told_of(tmp_path: Path) -> None:
    deadly = agent_file(tmp_path, f"if os.getpid() != {os.getpid()}:\n    os._exit(9)\nreturn 0")
    with pytest.raises(SimulationError, match="a worker process died"):
        compared(deadly, "random", workers=2)
