"""Clock *batsim* of the embedded simulator: the real Batsim's schedules, decided anew; and its environments.

The recorded runs come out whole, also those that the exact clock leaves at an instant that Batsim told in two
messages. The original's ``high_cores`` prefers the busiest processor and its random selections draw their own
numbers, so that those runs are left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from golden import GOLDEN, GoldenRun, cores_of_jobs, read_text
from hdeeprm.cli import launch
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.env.vector import WorkloadManagementVectorEnv
from hdeeprm.errors import BatsimError, SimulationError
from hdeeprm.platforms import load_platform
from hdeeprm.results.jobs_reader import read_jobs
from hdeeprm.simulator import ToldSimulator
from hdeeprm.simulator.batsim.embedded_peer import EmbeddedPeer
from hdeeprm.simulator.batsim.peer import EpisodeJobs, Orders
from hdeeprm.simulator.batsim.retracing import RetracingPeer
from kernel_runs import COMPILED

DECIDED = (
    sorted(
        path.name
        for path in (GOLDEN / "runs").iterdir()
        if "high_cores" not in path.name and "random" not in path.name
    )
    if GOLDEN.exists()
    else []
)
LARGE = ("pik", "padded_gaia", "das2", "batsim31_das2")
ENERGY_TOLERANCE = 1e-4
"""J; of a job."""


def decided() -> list[Any]:
    """Names of recorded runs; of large ones only where there is a compiler."""
    slow = pytest.mark.skipif(not COMPILED, reason="takes too long without the compiler")
    return [pytest.param(name, marks=[slow] if name.startswith(LARGE) else []) for name in DECIDED]


def simgrid_of(name: str) -> str:
    return "3.24" if name.startswith("batsim31") else "3.29"


@pytest.mark.skipif(not DECIDED, reason="the recorded runs are not here")
class TestRecordedRuns:
    @pytest.mark.parametrize("name", decided())
    def test_decided_anew_they_are_the_same(self, name: str) -> None:
        run = GoldenRun(name)
        version = simgrid_of(name)
        power = "p0" if version == "3.29" else "pstate"
        peer = EmbeddedPeer(run.platform, simgrid=version, start_power=power)
        simulator = ToldSimulator(peer, run.platform, run.workload, recording=True)
        simulator.reset()
        while not simulator.over:
            simulator.run(run.pair, limit=1000)
        records, outcomes = simulator.job_records(), run.outcomes
        assert records["start_time"].tolist() == [outcome.start for outcome in outcomes]
        assert records["end_time"].tolist() == [outcome.finish for outcome in outcomes]
        assert cores_of_jobs(simulator) == {job: outcome.cores for job, outcome in enumerate(outcomes)}
        energies = [outcome.energy_joules for outcome in outcomes]
        np.testing.assert_allclose(records["energy_mj"] / 1000, energies, rtol=0, atol=ENERGY_TOLERANCE)

    @pytest.mark.parametrize(
        "name", [name for name in DECIDED if "gaia_2000_first" in name or "shortest" in name]
    )
    def test_by_the_launcher(self, name: str, tmp_path: Path) -> None:
        """``--clock batsim -cw workload.json`` gives start and allocation of every job as recorded."""
        if not COMPILED and name.startswith(LARGE):
            pytest.skip("takes too long without the compiler")
        run = GoldenRun(name)
        workload, options = tmp_path / "workload.json", tmp_path / "options.json"
        workload.write_text(read_text(run.folder / "workload.json.gz"))
        recorded = run.options["platform_file_path"].removesuffix(".json")
        content = run.options | {"platform_file_path": recorded, "simulator": {"clock": "batsim"}}
        content["simulator"]["simgrid"] = simgrid_of(name)
        options.write_text(json.dumps(content))
        arguments = ["-cw", str(workload), "-o", str(tmp_path / "run"), str(options)]
        assert launch(["--clock", "batsim", *arguments]) == 0
        ours = [row.split(",") for row in (tmp_path / "run" / "out_jobs.csv").read_text().splitlines()]
        theirs = [row.split(",") for row in read_text(run.folder / "out_jobs.csv.gz").splitlines()]
        columns = [theirs[0].index(name) for name in ("starting_time", "finish_time", "allocated_resources")]
        told = [{row[0]: [row[place] for place in columns] for row in rows[1:]} for rows in (ours, theirs)]
        assert told[0] == told[1]


OPTIONS = {
    "platform_file_path": "learning",
    "workload_file_path": "gaia_like.swf",
    "nb_jobs": 40,
    "simulator": {"clock": "batsim"},
    "env": {"observation": "normal", "reward": "integrated"},
}


def steps(env: Any, actions: list[int]) -> list[tuple[Any, ...]]:
    return [(step[0].tolist(), *step[1:4], step[4]["now"]) for step in map(env.step, actions)]


class TestEnvironment:
    def test_a_whole_episode(self) -> None:
        env = gymnasium.make("HDeepRM/WorkloadManagement-v0", options=OPTIONS)
        env.reset(seed=3)
        total, over = 0.0, False
        while not over:
            _, reward, over, _, info = env.step(7)
            total += reward
        simulator = env.unwrapped.simulator
        assert simulator.ended
        assert info["num_ended"] + np.sum(simulator.job_records()["status"] == 5) == 40
        assert total == pytest.approx(simulator.summary()["objective"], rel=1e-9)

    def test_it_comes_back_to_a_snapshot(self) -> None:
        env = WorkloadManagementEnv(OPTIONS)
        env.reset(seed=1)
        steps(env, [3, 9, 14])
        snapshot = env.snapshot()
        once = steps(env, [1, 2, 0, 35])
        steps(env, [5])
        env.restore(snapshot)
        assert steps(env, [1, 2, 0, 35]) == once

    def test_a_snapshot_of_another_clock_is_refused(self) -> None:
        told = WorkloadManagementEnv(OPTIONS)
        exact = WorkloadManagementEnv({**OPTIONS, "simulator": {}})
        for env, other in ((told, exact), (exact, told)):
            env.reset(seed=1)
            other.reset(seed=1)
            with pytest.raises(SimulationError, match="of an environment on another clock"):
                env.restore(other.snapshot())

    def test_side_by_side_is_as_one_by_one(self) -> None:
        together = WorkloadManagementVectorEnv(OPTIONS, num_envs=2)
        together.reset(seed=[4, 5])
        alone = [WorkloadManagementEnv(OPTIONS) for _ in range(2)]
        for env, seed in zip(alone, (4, 5), strict=True):
            env.reset(seed=seed)
        for action in (0, 7, 20, 36, 3):
            observations, rewards, *_ = together.step(np.array([action, action]))
            for row, env in enumerate(alone):
                observation, reward, *_ = env.step(action)
                assert np.array_equal(observations[row], observation)
                assert rewards[row] == reward
        together.close()

    def test_the_state_of_several_goes_through_plain_arrays(self) -> None:
        first, second = (WorkloadManagementVectorEnv(OPTIONS, num_envs=2) for _ in range(2))
        first.reset(seed=[1, 2])
        for action in (4, 5, 6):
            first.step(np.array([action, action + 1]))
        second.reset(seed=[8, 9])
        second.restore(first.snapshot())
        for action in (1, 9):
            one, other = (env.step(np.array([action, action])) for env in (first, second))
            assert all(np.array_equal(mine, theirs) for mine, theirs in zip(one[:4], other[:4], strict=True))


class TestRetracing:
    JOBS = EpisodeJobs(
        np.array([0.0, 1.0, 1.0]),
        np.array([1, 2, 1]),
        np.array([4.4e9, 8.8e9, 8e9]),
        np.array([np.inf, 1.5, np.inf]),
    )

    def peer(self) -> RetracingPeer:
        peer = RetracingPeer(EmbeddedPeer(load_platform("learning")))
        peer.begin(self.JOBS)
        return peer

    def test_it_takes_the_same_course_again(self) -> None:
        peer = self.peer()
        peer.exchange(Orders())
        news = peer.exchange(Orders(starts=[(0, np.array([3]))], pstates=[(0, np.array([2, 3]))]))
        while not news.submitted:
            news = peer.exchange(Orders())
        state = peer.snapshot()
        orders = Orders(starts=[(1, np.array([0, 1])), (2, np.array([2]))], pstates=[(0, np.array([0, 1]))])
        later = [peer.exchange(orders), *(peer.exchange(Orders()) for _ in range(3))]
        other = RetracingPeer(EmbeddedPeer(load_platform("learning")))
        other.restore(state)
        assert [other.exchange(orders), *(other.exchange(Orders()) for _ in range(3))] == later

    def test_before_the_first_simulation_there_is_nothing_to_come_back_to(self) -> None:
        peer = self.peer()
        empty = RetracingPeer(EmbeddedPeer(load_platform("learning"))).snapshot()
        peer.restore(empty)
        assert empty["submit_time"].size == empty["exchanges"][0] == 0

    def test_a_job_out_of_walltime_is_told(self) -> None:
        peer = self.peer()
        peer.exchange(Orders())
        orders = Orders(starts=[(0, np.array([3]))], pstates=[(0, np.arange(4))])
        told = [peer.exchange(orders)]
        while not told[-1].submitted:
            told.append(peer.exchange(Orders()))
        told.append(peer.exchange(Orders(starts=[(1, np.array([0, 1])), (2, np.array([2]))])))
        while not told[-1].over:
            told.append(peer.exchange(Orders()))
        ends = {job: good for news in told for job, good in news.completed}
        assert ends == {0: True, 1: False, 2: True}
        results = peer.results()
        assert results.finish_time.tolist() == [1.0, 2.5, pytest.approx(1 + 8 / 4.4, abs=1e-6)]

    def test_orders_that_cannot_be_are_refused(self) -> None:
        peer = self.peer()
        peer.exchange(Orders())
        with pytest.raises(BatsimError, match="at 0 s an order can't be carried out"):
            peer.exchange(Orders(starts=[(2, np.array([0]))]))

    def test_without_a_simulation_there_is_nothing_to_exchange(self) -> None:
        with pytest.raises(BatsimError, match="begin one"):
            EmbeddedPeer(load_platform("learning")).exchange(Orders())


def test_the_run_says_which_clock_it_had(tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps(OPTIONS | {"agent": {"name": "first-low_power"}, "env": {}}))
    assert launch([str(options), "-o", str(tmp_path / "run")]) == 0
    assert "embedded clock batsim SimGrid 3.29" in (tmp_path / "run" / "out_schedule.csv").read_text()
    assert read_jobs(tmp_path / "run" / "out_jobs.csv").num_jobs == 40
