"""The observations *fit* and *queue* against what a slow reading of the records says, and registered ones."""

from __future__ import annotations

from collections.abc import Iterator
from math import log1p
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv, register_observation
from hdeeprm.env.observations import JOB_FEATURES, KINDS
from hdeeprm.errors import OptionsError
from hdeeprm.simulator import EmbeddedSimulator, JobStatus
from scenarios import make, options, selection

SYSTEM = 7
SELECTIONS = ("first", "shortest", "smallest", "low_mem", "low_mem_bw")
MONTH = 30 * 86400
FEW_PAIRS = selection("shortest-high_mem_bw", "random-random", "smallest-low_power", void=True)
TYPE_JOBS = {"actions": {"type": "jobs", "num_jobs": 4, "core_selection": "random"}}
GAIA = {
    "platform_file_path": "gaia",
    "workload_file_path": "gaia_like.swf",
    "workload": {"window": {"start": "random", "length": 60, "load": 3.0}},
}

PROBLEMS: dict[str, dict[str, Any]] = {
    "pairs": options(env=FEW_PAIRS),
    "jobs": options(env=TYPE_JOBS),
    "a window under load": options(
        env=FEW_PAIRS, workload={"window": {"start": 2, "length": 9, "load": 2.0}}
    ),
    "gaia": GAIA | {"env": TYPE_JOBS | {"objective": "avg_wait"}},
}


def log_scale(value: float, limit: float) -> float:
    return min(1.0, log1p(value) / log1p(limit)) if limit > 0 else 0.0


class Reading:
    """The present of an environment, read from its records, node by node and job by job."""

    def __init__(self, env: WorkloadManagementEnv) -> None:
        simulator, self.workload, self.platform = env.simulator, env.scenario.workload, env.scenario.platform
        self.first, self.num_jobs = simulator.first_job, simulator.num_jobs
        status = simulator.job_records()["status"]
        self.waiting = [self.first + job for job in np.flatnonzero(status == JobStatus.WAITING)]
        self.running = [self.first + job for job in np.flatnonzero(status == JobStatus.RUNNING)]
        self.nodes = simulator.node_records()
        self.placements = simulator.placements()
        self.now, self.stretch = simulator.now, self._stretch(env)
        workload = self.workload
        columns = (
            *(workload.requested_time, workload.requested_cores),
            *(workload.memory_kb, workload.bandwidth_mb_per_s),
        )
        self.limits = [float(np.percentile(column, 99)) for column in columns]

    def _stretch(self, env: WorkloadManagementEnv) -> float:
        """What the arrivals of this window are stretched by, so that it offers the load asked for."""
        window = env.experiment_options.workload.window
        if window is None or window.load is None:
            return 1.0
        work = 0.0
        for job in range(self.first, self.first + self.num_jobs):
            flop = self.workload.work_flop[job] / self.platform.reference_speed_flops
            run_time = self.workload.run_time[job] if np.isnan(flop) else flop
            work += run_time * self.workload.requested_cores[job]
        times = self.workload.submit_time[self.first : self.first + self.num_jobs]
        return float(work / (window.load * self.platform.num_cores) / (times[-1] - times[0]))

    def age(self, job: int) -> float:
        submitted = self.workload.submit_time[job] - self.workload.submit_time[self.first]
        return float(self.now - submitted * self.stretch)

    def fits(self, job: int) -> float:
        room, memory = 0, int(self.workload.memory_kb[job])
        for node in self.nodes:
            free = int(node["free_cores"])
            room += min(free, int(node["free_memory"]) // memory) if memory else free
        return float(room >= self.workload.requested_cores[job])

    def times_and_cores(self, job: int) -> list[float]:
        return [
            log_scale(self.workload.requested_time[job], self.limits[0]),
            log_scale(self.workload.requested_cores[job], self.limits[1]),
        ]

    def oversubscribed(self) -> float:
        """Share of the processors whose jobs want more bandwidth than there is."""
        wanted = np.zeros(self.platform.num_processors)
        running = set(self.running)
        for placement in self.placements:
            job = self.first + int(placement["job"])
            if job in running:
                cores = np.arange(placement["first_core"], placement["last_core"] + 1)
                for processor in self.platform.core_processor[cores]:
                    wanted[processor] += self.workload.bandwidth_mb_per_s[job]
        return float(np.mean(wanted > self.platform.processor_bandwidth_mb_per_s))

    def system(self) -> list[float]:
        running = self.running
        mean_time = float(np.mean(self.workload.requested_time[running])) if running else 0.0
        mean_cores = float(np.mean(self.workload.requested_cores[running])) if running else 0.0
        return [
            sum(self.nodes["free_cores"].tolist()) / self.platform.num_cores,
            log_scale(len(self.waiting), self.num_jobs),
            log_scale(max(map(self.age, self.waiting), default=0.0), MONTH),
            self.oversubscribed(),
            log_scale(mean_time, self.limits[0]),
            log_scale(mean_cores, self.limits[1]),
            log_scale(len(running), self.num_jobs),
        ]

    def fit(self) -> list[float]:
        workload = self.workload
        keys = {
            "first": np.arange(workload.num_jobs),
            "shortest": workload.requested_time,
            "smallest": workload.requested_cores,
            "low_mem": workload.memory_kb,
            "low_mem_bw": workload.bandwidth_mb_per_s,
        }
        values = []
        for name in SELECTIONS:
            picked = min(self.waiting, key=lambda job, key=keys[name]: (key[job], job), default=None)  # type: ignore[misc]
            shown = [0.0] * 3 if picked is None else [self.fits(picked), *self.times_and_cores(picked)]
            values += shown
        return values + self.system()

    def queue(self, num_jobs: int) -> list[float]:
        workload, values = self.workload, []
        for job in self.waiting[:num_jobs]:
            time, cores = float(workload.requested_time[job]), float(workload.requested_cores[job])
            values += [
                1.0,
                self.fits(job),
                *self.times_and_cores(job),
                cores / self.platform.num_cores,
                min(1.0, workload.memory_kb[job] / self.limits[2]) if self.limits[2] else 0.0,
                min(1.0, workload.bandwidth_mb_per_s[job] / self.limits[3]) if self.limits[3] else 0.0,
                log_scale(self.age(job), MONTH),
                log_scale(self.age(job) / max(time, 10.0), 10_000.0),
                log_scale(time * cores, self.limits[0] * self.limits[1]),
            ]
        missing = num_jobs - len(self.waiting[:num_jobs])
        return values + [0.0] * (10 * missing) + self.system()


def seen(content: dict[str, Any], observation: str, seed: int) -> Iterator[tuple[Any, WorkloadManagementEnv]]:
    """Observations at the decision points of an episode of allowed actions, and at its end."""
    changed = content | {"env": content["env"] | {"observation": observation}}
    env = WorkloadManagementEnv(changed, recording=True)
    rng = np.random.default_rng(seed)
    values, _ = env.reset(seed=seed)
    yield values, env
    while not env.simulator.over:
        values, *_ = env.step(rng.choice(np.flatnonzero(env.action_masks())))
        yield values, env


@pytest.mark.parametrize("problem", PROBLEMS)
def test_fit(problem: str) -> None:
    told = []
    for seed in range(3):
        for values, env in seen(PROBLEMS[problem], "fit", seed):
            np.testing.assert_allclose(values, Reading(env).fit(), atol=1e-6)
            told.append(values)
    assert_everything_varies(np.array(told), {18} if problem == "gaia" else set())


@pytest.mark.parametrize("problem", PROBLEMS)
def test_queue(problem: str) -> None:
    told = []
    for seed in range(3):
        for values, env in seen(PROBLEMS[problem], "queue", seed):
            num_jobs = env.experiment_options.env.actions.num_jobs
            np.testing.assert_allclose(values, Reading(env).queue(num_jobs), atol=1e-6)
            told.append(values)
    shown = np.array(told)
    features = shown[:, :-SYSTEM].reshape(-1, JOB_FEATURES)
    assert_everything_varies(features, {5} if problem == "gaia" else set())
    assert not features[features[:, 0] == 0].any()  # jobs that there are not
    assert np.array_equal(shown[:, -SYSTEM:], [values[-SYSTEM:] for values in told])


def assert_everything_varies(rows: np.ndarray, constant: set[int]) -> None:
    """The comparison means something: each value, but these, was not always the same."""
    spread = np.ptp(rows, axis=0)
    assert set(np.flatnonzero(spread == 0.0).tolist()) <= constant


def test_sizes() -> None:
    for num_jobs in (1, 5, 40):
        actions = {"type": "jobs", "num_jobs": num_jobs}
        for observation, size in (("queue", num_jobs * JOB_FEATURES + SYSTEM), ("fit", 15 + SYSTEM)):
            env = make(options(env={"actions": actions, "observation": observation}))
            assert env.observation_space.shape == (size,)
            assert env.reset(seed=0)[0].shape == (size,)


@pytest.mark.parametrize("observation", ["fit", "queue"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_gymnasium_finds_nothing_to_complain_about(problem: str, observation: str) -> None:
    content = PROBLEMS[problem]
    check_env(make(content | {"env": content["env"] | {"observation": observation}}))


# Actions of type jobs through the environment


def test_one_job_is_started_at_a_time_and_masks_say_which() -> None:
    content = options(env={"actions": {"type": "jobs", "num_jobs": 3}, "observation": "queue"})
    env = make(content, recording=True)
    assert env.actions.names == ("job-0", "job-1", "job-2", "void")
    env.reset(seed=0)
    rng, instants = np.random.default_rng(1), []
    while not env.simulator.over:
        reading, mask = Reading(env), env.action_masks()
        fitting = [reading.fits(job) for job in reading.waiting[:3]]
        assert mask[:-1].tolist() == fitting + [0] * (3 - len(fitting))
        assert any(fitting)  # else it would be no decision point
        assert mask[-1] == env.simulator.may_wait()
        assert [env.is_masked(action) for action in range(4)] == (mask == 0).tolist()
        action = int(rng.choice(np.flatnonzero(mask)))
        instants.append(env.simulator.now)
        num_running, num_ended = env.simulator.num_running, env.simulator.num_ended
        env.step(action)
        started = env.simulator.last_decision()["num_started"][0]
        assert started == (action < 3)
        if env.simulator.now == instants[-1]:
            assert (env.simulator.num_running, env.simulator.num_ended) == (num_running + 1, num_ended)
    assert len(set(instants)) < len(instants)  # several decisions in one instant
    assert (env.simulator.job_records()["status"] == JobStatus.SUCCESS).all()


def test_void_ends_an_instant() -> None:
    env = make(options(env={"actions": {"type": "jobs", "num_jobs": 3}, "observation": "queue"}))
    env.reset(seed=0)
    now, waiting = env.simulator.now, env.simulator.num_waiting
    assert env.action_masks().tolist() == [1, 1, 1, 1]
    env.step(3)
    assert env.simulator.now > now
    assert env.simulator.num_waiting > waiting  # none was started


def test_the_last_jobs_cannot_be_put_off_for_ever() -> None:
    env = make(options([(0, 1, 5, 5, 0, 0)] * 2, env={"actions": {"type": "jobs", "num_jobs": 2}}))
    env.reset(seed=0)
    assert env.action_masks().tolist() == [1, 1, 0]
    assert env.step(2)[4]["invalid_actions"] == 1
    assert env.simulator.num_running == 1
    assert env.action_masks().tolist() == [1, 0, 1]


# Registered observations


def write_length(simulator: EmbeddedSimulator, out: np.ndarray) -> None:
    out[:] = simulator.num_waiting / simulator.num_jobs


@pytest.fixture
def length(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("hdeeprm.options.fields._registered", [])
    monkeypatch.delitem(KINDS, "length", raising=False)
    register_observation("length", lambda platform, num_jobs: platform.num_nodes + num_jobs, write_length)
    return "length"


def test_a_registered_observation_is_named_by_options(length: str) -> None:
    content = options(env={"observation": length, "actions": {"num_jobs": 5}})
    env = make(content)
    check_env(env)
    values, info = env.reset(seed=0)
    assert values.tolist() == [np.float32(info["num_waiting"] / 13)] * 6
    envs = WorkloadManagementVectorEnv(content, num_envs=2)
    assert np.array_equal(envs.reset(seed=0)[0], [values, values])


def test_a_name_is_registered_once(length: str) -> None:
    for name in (length, "fit"):
        with pytest.raises(OptionsError, match=f"observation '{name}' is there already"):
            register_observation(name, lambda platform, num_jobs: 1, write_length)


def test_an_unknown_observation_is_an_error(length: str) -> None:
    with pytest.raises(OptionsError, match=r"env\.observation: 'lenght' .* Did you mean 'length'\?"):
        make(options(env={"observation": "lenght"}))


# States


@pytest.mark.parametrize("problem", ["pairs", "jobs", "a window under load"])
def test_a_state_of_an_environment_is_come_back_to(problem: str) -> None:
    env = make(PROBLEMS[problem])
    env.reset(seed=5)
    for _ in range(4):
        env.step(int(np.flatnonzero(env.action_masks())[-1]))
    state, drawn = env.snapshot(), env.np_random.integers(1000, size=5).tolist()

    def rest() -> list[str]:
        told = []
        while not env.simulator.over:
            told.append(repr(env.step(int(np.flatnonzero(env.action_masks())[0]))))
        return [*told, repr(env.summary()), repr(env.reset()), repr(env.step(0))]

    expected = rest()
    assert len(expected) > 5
    for _ in range(2):
        env.restore(state)
        assert env.np_random.integers(1000, size=5).tolist() == drawn
        env.restore(state)
        assert rest() == expected


def test_a_state_from_before_the_first_draw() -> None:
    env, other = make(), make()
    env.restore(env.snapshot())
    other.reset(seed=1)
    other.restore(env.snapshot())
    assert repr(env.reset(seed=1)) == repr(other.reset(seed=1))


def test_the_summary_is_what_metrics_say() -> None:
    total = 0.0
    env = make(PROBLEMS["pairs"] | {"env": FEW_PAIRS | {"reward": "integrated", "objective": "avg_wait"}})
    env.reset(seed=0)
    while not env.simulator.over:
        total += env.step(0)[1]
    summary, records, times = env.summary(), env.simulator.job_records(), env.simulator.submit_times()
    assert summary["objective"] == pytest.approx(total)
    assert summary["avg_wait"] == pytest.approx(np.mean(records["start_time"] - times))
    assert summary["avg_turnaround"] == pytest.approx(np.mean(records["end_time"] - times))
    assert summary["makespan"] == pytest.approx(records["end_time"].max())
    assert summary["energy_joules"] == pytest.approx(env.simulator.energy_joules)
