"""A simulator that a Batsim tells the time: recorded ones, and a toy that is obviously right."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import GOLDEN, VOID, GoldenRun, cores_of_jobs
from hdeeprm.agents.facade import AgentEnvironment
from hdeeprm.agents.rollout import RolloutAgent
from hdeeprm.errors import BatsimError, SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.results import RunDirectory, WallTimes, write_results
from hdeeprm.simulator import (
    EmbeddedSimulator,
    JobStatus,
    Objective,
    SimulatorBatch,
    ToldBatch,
    ToldSimulator,
)
from hdeeprm.simulator.batch import DISABLED, NEXT_STEP, SAME_STEP
from hdeeprm.simulator.batsim.peer import EpisodeJobs, News, Orders
from hdeeprm.simulator.futures import Futures
from hdeeprm.simulator.kernel import observations, tables
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import COMPILED, cases, job_observation, observation
from recorded_peer import RecordedPeer
from scenarios import make, options, selection
from strategies import make_workload, platforms, small_platform, workloads
from toy_batsim import ToyBatsim

RUNS = sorted(path.name for path in (GOLDEN / "runs").iterdir()) if GOLDEN.exists() else []
LARGE = ("pik", "padded_gaia", "das2", "batsim31_das2")
HIGH_MEM_BW = tables.HIGH_MEM_BW
NTH_JOB = tables.NTH_JOB

# Recorded runs ---------------------------------------------------------------------------------------------


def decided_runs() -> list[Any]:
    """All runs but those that draw, and those whose *high_cores* means something else."""
    names = [name for name in RUNS if "high_cores" not in name and "random" not in name]
    slow = pytest.mark.skipif(not COMPILED, reason="takes too long without the compiler")
    return [pytest.param(name, marks=[slow] if name.startswith(LARGE) else []) for name in names]


@pytest.mark.skipif(not RUNS, reason="the recorded runs are not here")
@pytest.mark.parametrize("name", decided_runs())
def test_a_recorded_batsim_gets_the_recorded_orders(name: str) -> None:
    """Every start, its cores, and every P-state, in order; at every decision as many jobs wait."""
    run = GoldenRun(name)
    peer = RecordedPeer(run)
    simulator = ToldSimulator(peer, run.platform, run.workload, recording=True)
    simulator.reset()
    decisions = [simulator.run(run.pair, limit=7) for _ in iter(lambda: simulator.over, True)]
    seen = [(time, waiting) for part in decisions for time, waiting, *_ in part.tolist()]
    assert seen == [(step["now"], step["nb_pending"]) for step in run.steps]
    assert peer.num_exchanges == peer.num_messages
    check_results(run, simulator, peer)


def check_results(run: GoldenRun, simulator: ToldSimulator, peer: RecordedPeer) -> None:
    """Times, cores and energies as Batsim wrote them."""
    records = simulator.job_records()
    assert records["start_time"].tolist() == [outcome.start for outcome in run.outcomes]
    assert records["end_time"].tolist() == [outcome.finish for outcome in run.outcomes]
    assert records["energy_mj"].tolist() == [outcome.energy_joules * 1000 for outcome in run.outcomes]
    assert cores_of_jobs(simulator) == {job: outcome.cores for job, outcome in enumerate(run.outcomes)}
    assert simulator.energy_joules == simulator.summary()["energy_joules"] == peer.consumed_joules
    assert simulator.num_pstate_changes == peer.num_pstate_changes


@pytest.mark.skipif(not RUNS, reason="the recorded runs are not here")
def test_a_recorded_batsim_gets_no_other_orders() -> None:
    """The comparison above can fail."""
    run = GoldenRun("learning60_first-high_gflops")
    simulator = ToldSimulator(RecordedPeer(run), run.platform, run.workload)
    simulator.reset()
    with pytest.raises(AssertionError, match="in reply"):
        while not simulator.over:
            simulator.run((tables.SHORTEST, tables.HIGH_GFLOPS), limit=7)


# A toy beside the exact clock ------------------------------------------------------------------------------


def codes_of(num_choices: int) -> np.ndarray:
    """Actions whose choice does not hang on how bandwidth is summed up."""
    cores = [selection for selection in range(6) if selection != HIGH_MEM_BW]
    if num_choices:
        return np.array([(NTH_JOB + place, 1) for place in range(num_choices)] + [VOID], np.int64)
    return np.array([(job, core) for job in range(6) for core in cores] + [VOID] * 5, np.int64)


def chosen(simulator: EmbeddedSimulator, codes: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    """An allowed action."""
    mask = np.zeros(len(codes), np.int8)
    simulator.write_mask(codes, mask)
    job, core = codes[rng.choice(np.flatnonzero(mask))].tolist()
    return job, core


def close(left: Any, right: Any, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(left, right, rtol=1e-6, atol=atol)


def check_alike(told: ToldSimulator, exact: EmbeddedSimulator) -> None:
    """Two simulators that are at the same point."""
    names = ("over", "num_waiting", "num_running", "num_ended", "num_free_cores", "watts", "invalid_actions")
    assert [getattr(told, name) for name in names] == [getattr(exact, name) for name in names]
    close(told.now, exact.now)
    close(told.energy_joules, exact.energy_joules)
    close(list(told.summary().values()), list(exact.summary().values()))
    if not told.over:
        for kind in ("normal", "small", "minimal"):
            close(observation(told, kind), observation(exact, kind), atol=1e-5)
        close(job_observation(told, 3), job_observation(exact, 3), atol=1e-5)


def check_same_ends(told: ToldSimulator, exact: EmbeddedSimulator) -> None:
    """Two simulators that are at the end of the same schedule."""
    mine, other = told.job_records(), exact.job_records()
    assert mine["status"].tolist() == other["status"].tolist()
    ran = mine["status"] != JobStatus.REJECTED
    for name in ("start_time", "end_time", "sequence"):
        close(mine[name][ran], other[name][ran], atol=2e-6)
    close(mine["energy_mj"][ran], other["energy_mj"][ran], atol=1e-2)
    assert cores_of_jobs(told) == cores_of_jobs(exact)
    assert len(told.oversubscriptions()) == len(exact.oversubscriptions())


@cases(80, 8)
@given(st.data())
def test_the_schedule_is_that_of_the_exact_clock(data: st.DataObject) -> None:
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    num_choices = data.draw(st.sampled_from([0, 0, 3]))
    settings = {
        "recording": True,
        "integrated": data.draw(st.booleans()),
        "objective": data.draw(st.sampled_from(list(Objective))),
        "num_choices": num_choices,
        "load": data.draw(st.sampled_from([None, 0.8])),
    }
    exact = EmbeddedSimulator(platform, workload, **settings)
    told = ToldSimulator(ToyBatsim(platform), platform, workload, **settings)
    codes, seed = codes_of(num_choices), data.draw(st.integers(0, 99))
    for episode_seed in (seed, None):
        rng = np.random.default_rng(seed)
        exact.reset(seed=episode_seed)
        told.reset(seed=episode_seed)
        check_alike(told, exact)
        while not exact.over:
            check_tables(told)
            action = chosen(exact, codes, rng)
            close(told.step(action), exact.step(action), atol=1e-5)
            assert told.last_decision()[["num_waiting", "num_started", "blocked_by"]].tolist() == (
                exact.last_decision()[["num_waiting", "num_started", "blocked_by"]].tolist()
            )
            check_alike(told, exact)
        check_same_ends(told, exact)


class Listener(ToyBatsim):
    """Keeps all that is said."""

    def begin(self, jobs: EpisodeJobs) -> None:
        super().begin(jobs)
        self.orders: list[Orders] = []
        self.news: list[News] = []

    def exchange(self, orders: Orders) -> News:
        self.orders.append(orders)
        self.news.append(super().exchange(orders))
        return self.news[-1]


@cases(60, 5)
@given(st.data())
def test_orders_are_what_was_decided(data: st.DataObject) -> None:
    """Starts in order with ascending cores; after them every core is in the right P-state."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    peer = Listener(platform)
    simulator = ToldSimulator(peer, platform, workload, recording=True)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    simulator.reset(seed=1)
    codes = np.array([(job, core) for job in range(6) for core in range(6)] + [VOID] * 8, np.int64)
    while not simulator.over:
        simulator.step(chosen(simulator, codes, rng))
    starts = [start for orders in peer.orders for start in orders.starts]
    records = simulator.job_records()
    order = np.argsort(records["sequence"][[job for job, _ in starts]])
    assert order.tolist() == list(range(len(starts)))
    assert {job: cores.tolist() for job, cores in starts} == cores_of_jobs(simulator)
    rejected = [job for orders in peer.orders for job in orders.rejections]
    assert rejected == np.flatnonzero(records["status"] == JobStatus.REJECTED).tolist()
    pstates = [pstate for orders in peer.orders for pstate in orders.pstates]
    assert all(np.all(np.diff(cores) > 0) for _, cores in (*starts, *pstates))
    assert all([number for number, _ in o.pstates] == sorted({n for n, _ in o.pstates}) for o in peer.orders)
    sent = (len(pstates), sum(len(cores) for _, cores in pstates))
    assert simulator.num_pstate_changes == sent
    check_pstates(platform, workload, peer)


def check_pstates(platform: Platform, workload: Workload, peer: Listener) -> None:
    """Follow the orders: P-states are those that the jobs on each processor imply."""
    cores, processors = (
        platform.processor_cores,
        np.repeat(np.arange(platform.num_processors), platform.processor_cores),
    )
    pstate, job_on = np.full(len(processors), 3), np.full(len(processors), -1)
    for orders, news in zip(peer.orders, peer.news, strict=True):
        for job, ids in orders.starts:
            job_on[ids] = job
        for number, ids in orders.pstates:
            pstate[ids] = number
        active = job_on >= 0
        used = np.bincount(processors[active], workload.bandwidth_mb_per_s[job_on[active]], len(cores))
        over = (used > platform.processor_bandwidth_mb_per_s)[processors]
        busy = (np.bincount(processors[active], minlength=len(cores)) > 0)[processors]
        expected = np.where(active, np.where(over, 1, 0), np.where(busy, 2, 3))
        np.testing.assert_array_equal(pstate, expected)
        for job, _ in news.completed:
            job_on[job_on == job] = -1


# Bandwidth as HDeepRM 0.3 sums it up -----------------------------------------------------------------------


def test_equal_bandwidth_is_told_apart_by_its_sum() -> None:
    """What was far below zero comes back a little higher: that processor is taken, not the first one."""
    total = 6.4
    for change in [-20.0] * 4 + [20.0] * 4:
        total += change
    assert total > 6.4
    platform = small_platform((1.0, [4, 4]), bandwidth=6.4)
    jobs = [
        {"requested_cores": 4, "run_time": 20.0},
        {"requested_cores": 4, "run_time": 1.0, "bandwidth_mb_per_s": 20_000},
        {"submit_time": 30.0, "bandwidth_mb_per_s": 1000},
    ]
    exact = EmbeddedSimulator(platform, make_workload(jobs), recording=True)
    told = ToldSimulator(ToyBatsim(platform), platform, make_workload(jobs), recording=True)
    for simulator in (exact, told):
        simulator.reset()
        simulator.run((tables.FIRST, HIGH_MEM_BW), 9)
    first_two = {0: [0, 1, 2, 3], 1: [4, 5, 6, 7]}
    assert cores_of_jobs(exact) == first_two | {2: [0]}
    assert cores_of_jobs(told) == first_two | {2: [4]}


# What a Batsim must not tell -------------------------------------------------------------------------------

THREE_JOBS = [{"run_time": 5.0}, {"submit_time": 1.0, "run_time": 5.0}, {"submit_time": 2.0, "run_time": 5.0}]


class Liar(ToyBatsim):
    """Tells other news than it should, from some exchange on."""

    def __init__(self, platform: Platform, lies: dict[int, News | Exception]) -> None:
        super().__init__(platform)
        self.lies, self.num_exchanges = lies, 0

    def exchange(self, orders: Orders) -> News:
        news = super().exchange(orders)
        lie = self.lies.get(self.num_exchanges, news)
        self.num_exchanges += 1
        if isinstance(lie, Exception):
            raise lie
        return lie


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (News(0.5), r"tells of 0\.5 s after 1 s; time must not go back"),
        (News(float("nan")), r"tells of nan s after 1 s"),
        (
            News(3.0, submitted=[1]),
            r"at 3 s Batsim submits job 1 \(id 00001, waiting\); next .* job 2 \(id 00002",
        ),
        (News(3.0, submitted=[3]), r"submits job 3, but there are jobs 0 to 2"),
        (
            News(3.0, completed=[(1, True)]),
            r"at 3 s Batsim completes job 1 \(id 00001, waiting\), which does not",
        ),
        (News(3.0, completed=[(2, True)]), r"completes job 2 \(id 00002, pending\), which does not run"),
        (News(3.0, completed=[(7, True)]), r"completes job 7, but there are jobs 0 to 2"),
        (News(3.0, completed=[(-1, True)]), r"completes job -1, but"),
        (
            News(3.0, completed=[(0, True), (0, True)]),
            r"completes job 0 \(id 00000, success\), which does not run",
        ),
        (News(3.0, over=True), r"ends at 3 s, but 1 jobs wait, 1 run and 1 are not submitted yet"),
        (BatsimError("it died"), "it died"),
    ],
)
def test_contradictions(lie: News | Exception, message: str) -> None:
    """On one core: the second job waits for the first one when the lie is told; the episode ends with it."""
    platform = small_platform((1.0, [1]))
    simulator = ToldSimulator(Liar(platform, {3: lie}), platform, make_workload(THREE_JOBS))
    simulator.reset()
    simulator.step((1, 1))
    assert (simulator.now, simulator.num_waiting, simulator.num_running) == (1.0, 1, 1)
    with pytest.raises(BatsimError, match=message):
        simulator.step((1, 1))
    assert simulator.over
    with pytest.raises(SimulationError, match="reset to start"):
        simulator.step((1, 1))
    simulator.peer = ToyBatsim(platform)
    simulator.reset()
    simulator.run((1, 1), 9)
    assert simulator.job_records()["end_time"].tolist() == [5.0, 10.0, 15.0]


def test_news_of_nothing_are_no_decision_point() -> None:
    platform = small_platform((1.0, [1]))
    simulator = ToldSimulator(
        Liar(platform, {0: News(0.0), 1: News(0.0, [0, 1, 2])}), platform, make_workload(THREE_JOBS)
    )
    simulator.reset()
    assert (simulator.now, simulator.num_waiting) == (0.0, 3)


def test_waiting_for_nothing_is_a_stall() -> None:
    """As on the exact clock, and Batsim is not asked."""
    platform = small_platform((1.0, [1]))
    simulator = ToldSimulator(Listener(platform), platform, make_workload([{}]))
    simulator.reset()
    assert not simulator.may_wait()
    with pytest.raises(SimulationError, match="stalled at 0 s: 1 jobs wait"):
        simulator.step(VOID)
    assert simulator.over
    assert len(simulator.peer.orders) == 1


# Jobs placed by hand ---------------------------------------------------------------------------------------


def test_a_job_is_placed_now() -> None:
    platform = small_platform((1.0, [4]))
    simulator = ToldSimulator(Listener(platform), platform, make_workload(THREE_JOBS), recording=True)
    simulator.reset()
    with pytest.raises(
        SimulationError, match=r"job 0 cannot start at 0\.5 s: Batsim starts jobs now, at 0 s"
    ):
        simulator.place(0, np.array([2]), 0.5)
    with pytest.raises(SimulationError, match="another number of cores"):
        simulator.place(0, np.array([2, 3]))
    simulator.place(0, np.array([2]), 0.0)
    assert simulator.run(VOID)["num_started"].tolist() == [1]
    ((job, cores),) = simulator.peer.orders[1].starts
    assert (job, cores.tolist()) == (0, [2])
    simulator.run((1, 1), 9)
    assert cores_of_jobs(simulator) == {0: [2], 1: [0], 2: [1]}


def test_logs_are_emptied_as_often_as_they_are_full() -> None:
    """A log with room for one instant only."""
    platform = small_platform((1.0, [4]), bandwidth=4.0)
    jobs = [
        {"submit_time": float(job), "requested_cores": 2, "bandwidth_mb_per_s": 1500} for job in range(40)
    ]
    simulators = [
        ToldSimulator(ToyBatsim(platform), platform, make_workload(jobs), recording=True) for _ in range(2)
    ]
    tight = simulators[1]
    tight._take_tables(tight.tables._replace(log=np.zeros(5, tables.LOG)))
    for simulator in simulators:
        simulator.reset()
        while not simulator.over:
            simulator.run((1, 2), 3)
    assert cores_of_jobs(simulators[0]) == cores_of_jobs(tight)
    assert simulators[0].oversubscriptions().tolist() == tight.oversubscriptions().tolist()


# States ----------------------------------------------------------------------------------------------------


def contended(platform: Platform, num_jobs: int = 30) -> Workload:
    """Jobs that wait for each other."""
    rng = np.random.default_rng(5)
    return make_workload(
        {
            "submit_time": float(2 * job),
            "run_time": float(rng.integers(1, 20)),
            "requested_cores": int(rng.integers(1, 5)),
            "bandwidth_mb_per_s": int(rng.integers(0, 4000)),
        }
        for job in range(num_jobs)
    )


def go_on(simulator: EmbeddedSimulator, seed: int, limit: int = 99) -> list[Any]:
    """All that is seen of random actions."""
    rng, seen, codes = np.random.default_rng(seed), [], codes_of(0)
    while not simulator.over and limit > 0:
        seen += [simulator.run(chosen(simulator, codes, rng)).tolist(), simulator.summary()]
        seen += [observation(simulator, "normal").tobytes(), simulator.num_pstate_changes]
        limit -= 1
    return [
        *seen,
        simulator.over,
        simulator.job_records()["status"].tolist(),
        simulator.placements().tolist(),
    ]


@pytest.mark.parametrize("num_steps", [0, 12, 999])
def test_what_follows_is_what_followed(num_steps: int) -> None:
    """In the same simulator, in another one, and in a copy."""
    platform = small_platform((1.0, [4, 2]))
    args = platform, contended(platform)
    simulator = ToldSimulator(ToyBatsim(platform), *args, recording=True)
    simulator.reset(seed=4)
    go_on(simulator, 1, num_steps)
    snapshot, twin = simulator.snapshot(), copy.deepcopy(simulator)
    first = go_on(simulator, 2)
    assert go_on(twin, 2) == first
    other = ToldSimulator(ToyBatsim(platform), *args, recording=True)
    for again in (simulator, other):
        again.restore(snapshot)
        assert go_on(again, 2) == first
        assert again.job_records().tolist() == simulator.job_records().tolist()


def test_pending_starts_are_part_of_a_state() -> None:
    """Where actions are single jobs, orders gather within an instant; a snapshot in between keeps them."""
    platform = small_platform((1.0, [4]))
    workload = make_workload([{}, {}, {"requested_cores": 2}])
    simulator = ToldSimulator(Listener(platform), platform, workload, num_choices=3)
    simulator.reset()
    simulator.step((NTH_JOB + 1, 1))
    snapshot = simulator.snapshot()
    simulator.step((NTH_JOB + 1, 1))
    simulator.restore(snapshot)
    simulator.step((NTH_JOB, 1))
    simulator.step((NTH_JOB, 1))
    starts = [(job, cores.tolist()) for job, cores in simulator.peer.orders[1].starts]
    assert starts == [(1, [0]), (0, [1]), (2, [2, 3])]


class Forward(ToyBatsim):
    """One that cannot go back, as one that was started by hand."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("snapshot", "restore"):
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_a_batsim_that_cannot_go_back() -> None:
    platform = small_platform((1.0, [4]))
    simulator = ToldSimulator(Forward(platform), platform, make_workload(THREE_JOBS))
    simulator.reset()
    with pytest.raises(BatsimError, match=r"started by hand cannot go back .* --simulator batsim"):
        simulator.snapshot()
    exact = EmbeddedSimulator(platform, make_workload(THREE_JOBS))
    exact.reset()
    with pytest.raises(SimulationError, match="of a simulator on another clock"):
        simulator.restore(exact.snapshot())


def test_close() -> None:
    platform = small_platform((1.0, [4]))
    peer = ToyBatsim(platform)
    simulator = ToldSimulator(peer, platform, make_workload(THREE_JOBS))
    simulator.close()
    assert peer.closed == 0
    simulator.reset()
    simulator.close()
    simulator.close()
    assert peer.closed == 1
    with pytest.raises(SimulationError, match="reset to start"):
        simulator.step((1, 1))
    simulator.reset()
    assert not simulator.over


# Results ---------------------------------------------------------------------------------------------------


def test_results_are_what_batsim_wrote(tmp_path: Path) -> None:
    """A job is rejected, one is cut off, one has no work."""
    platform = small_platform((1.0, [2]), bandwidth=4.0)
    jobs = [
        {"requested_cores": 2, "run_time": 3.25},
        {"run_time": 5.0, "walltime": 3.0, "bandwidth_mb_per_s": 5000},
        {"submit_time": 1.0, "requested_cores": 3},
        {"submit_time": 2.0, "run_time": 0.0},
    ]
    exact = EmbeddedSimulator(platform, make_workload(jobs), recording=True)
    told = ToldSimulator(ToyBatsim(platform), platform, make_workload(jobs), recording=True)
    texts = []
    for simulator in (exact, told):
        simulator.reset()
        decisions = simulator.run((1, 1), 99)
        directory = RunDirectory.create(tmp_path / type(simulator).__name__)
        actions = np.zeros(len(decisions), np.int64)
        write_results(directory, simulator, decisions, actions, ["first-high_gflops"], WallTimes(1.0))
        texts.append((directory.path / "out_jobs.csv").read_text())
    assert told.job_records()["end_time"].tolist()[:2] == [3.25, 6.25]
    assert texts[0] == texts[1]


# Looking ahead ---------------------------------------------------------------------------------------------


def test_an_exact_simulator_takes_over_the_state() -> None:
    """Beside it, with the jobs that run and those that wait; the schedule goes on as it would."""
    platform = small_platform((1.0, [4, 2]))
    told = ToldSimulator(ToyBatsim(platform), platform, contended(platform))
    told.reset(seed=4)
    told.run((1, 1), 10)
    exact = told.beside()
    assert type(exact) is EmbeddedSimulator
    exact.restore(told.snapshot())
    check_alike(told, exact)
    for simulator in (told, exact):
        simulator.run((2, 2), 999)
    close(told.job_records()["end_time"], exact.job_records()["end_time"], atol=2e-6)


def test_futures_of_a_told_simulator_are_those_of_an_exact_one() -> None:
    platform = small_platform((1.0, [4, 2]))
    workload = contended(platform)
    settings = {"objective": Objective.avg_wait, "integrated": True}
    simulators = [
        ToldSimulator(ToyBatsim(platform), platform, workload, **settings),
        EmbeddedSimulator(platform, workload, **settings),
    ]
    codes = np.array([(1, 1), (2, 1), (3, 1), VOID], np.int64)
    outlooks = []
    for simulator in simulators:
        simulator.reset(seed=4)
        simulator.run((1, 1), 9)
        futures = Futures(
            simulator,
            codes,
            (2, 1),
            num_futures=6,
            num_arrivals=8,
            num_past_jobs=0,
            rng=np.random.default_rng(1),
        )
        outlooks.append(futures.look())
    close(outlooks[0].scores, outlooks[1].scores)
    assert len(set(outlooks[0].scores.tolist())) > 1
    assert outlooks[0].groups.tolist() == outlooks[1].groups.tolist()


def test_a_planning_agent_decides_as_over_the_exact_clock() -> None:
    """Rollouts, base pair included, in an environment whose simulator is told the time."""
    actions = []
    for told in (False, True):
        env = make(
            options(
                env=selection(
                    "first-high_gflops",
                    "shortest-low_power",
                    "smallest-high_mem",
                    void=True,
                    objective="avg_wait",
                    reward="integrated",
                )
            )
        )
        if told:
            platform = env.scenario.platform
            settings = {"objective": Objective.avg_wait, "integrated": True}
            env.simulator = ToldSimulator(ToyBatsim(platform), platform, env.scenario.workload, **settings)
        environment, agent = AgentEnvironment(env), RolloutAgent(num_futures=4, num_arrivals=4)
        environment.reset(seed=3)
        agent.begin(environment)
        while not env.simulator.over:
            environment.step(agent.decide(environment.observation(), environment.action_mask()))
        actions.append([action for _, action in environment.steps_taken()])
    assert actions[0] == actions[1]
    assert len(set(actions[0])) > 1


# Side by side ----------------------------------------------------------------------------------------------

SHOWN = ("observations", "masks", "outcomes")
FINAL = ("final_observations", "final_masks", "final_outcomes", "summaries")


def check_same_view(one: SimulatorBatch, other: SimulatorBatch) -> None:
    """What two batches show; times and sums but for rounding."""
    for name in (*SHOWN, *FINAL):
        mine, theirs = getattr(one.view, name), getattr(other.view, name)
        for field in mine.dtype.names or (None,):
            left, right = (mine, theirs) if field is None else (mine[field], theirs[field])
            np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-5, err_msg=f"{name} {field}")


def told_batch(num_rows: int, **settings: Any) -> tuple[ToldBatch, SimulatorBatch]:
    """Rows of random windows, told by toys and exact ones."""
    platform = small_platform((1.0, [4, 2]))
    codes = codes_of(settings.get("num_choices", 0))
    args = platform, contended(platform), num_rows, codes, (observations.FIT, observations.FIT_SIZE)
    told = ToldBatch(lambda: ToyBatsim(platform), *args, max_jobs=8, **settings)
    return told, SimulatorBatch(*args, max_jobs=8, **settings)


def reset(batch: SimulatorBatch, rows: np.ndarray | None = None, seeds: list[int] | None = None) -> None:
    """Random windows of 8 of the 30 jobs."""
    starts = np.tile(np.array([0, 22], np.int64), (len(batch), 1))
    batch.reset(starts, 8, np.ones(len(batch), np.bool_) if rows is None else rows, seeds)


@pytest.mark.parametrize("mode", [NEXT_STEP, SAME_STEP, DISABLED], ids=["next step", "same step", "disabled"])
@pytest.mark.parametrize("num_choices", [0, 3])
def test_rows_are_those_of_an_exact_batch(mode: int, num_choices: int) -> None:
    batches = told_batch(4, num_choices=num_choices, objective=Objective.edp, integrated=True)
    rng = np.random.default_rng(7)
    for batch in batches:
        reset(batch, seeds=[3, 1, 4, 1])
    check_same_view(*batches)
    for step in range(60):
        actions = rng.integers(-1, len(batches[0].view.codes), 4)
        over = batches[0].view.outcomes["over"] != 0
        if mode == DISABLED:
            actions[over] = -1
        for batch in batches:
            if mode == DISABLED and over.all():
                reset(batch, seeds=[step, 1, 2, 3])
            batch.step(actions, mode)
        check_same_view(*batches)
    summaries = [np.array(batch.summaries().tolist()) for batch in batches]
    close(*summaries)


def test_a_batch_tells_what_cannot_be() -> None:
    batch, _ = told_batch(2)
    reset(batch)
    while not batch.view.outcomes["over"].any():
        batch.step(np.zeros(2, np.int64), DISABLED)
    with pytest.raises(SimulationError, match=r"simulation \d cannot go on at"):
        batch.step(np.zeros(2, np.int64), DISABLED)
    with pytest.raises(BatsimError, match="cannot be copied"):
        copy.deepcopy(batch)


def test_a_batch_without_a_job_that_can_run() -> None:
    platform = small_platform((1.0, [1]))
    jobs = [{"requested_cores": 5}] * 3
    batch = ToldBatch(lambda: ToyBatsim(platform), platform, make_workload(jobs), 2, codes_of(0), (-1, 0))
    with pytest.raises(SimulationError, match="none of the 3 jobs from job 0 can run"):
        batch.reset(np.zeros((2, 2), np.int64), 3, np.ones(2, np.bool_))


def test_a_restored_batch_does_what_it_did() -> None:
    batch, _ = told_batch(3)
    reset(batch, seeds=[1, 2, 3])
    rng = np.random.default_rng(7)
    actions = rng.integers(0, len(batch.view.codes), (40, 3))
    for row in actions[:15]:
        batch.step(row, NEXT_STEP)
    state, seen = batch.snapshot(), []
    other, _ = told_batch(3)
    reset(other)
    for again in (batch, batch, other):
        if seen:
            again.restore(state)
        shown = []
        for row in actions[15:]:
            again.step(row, NEXT_STEP)
            shown += [getattr(again.view, name).tobytes() for name in SHOWN]
        seen.append(shown)
    assert seen[0] == seen[1] == seen[2]
    with pytest.raises(SimulationError, match="another batch"):
        told_batch(2)[0].restore(state)


def test_a_batch_closes_every_batsim() -> None:
    batch, _ = told_batch(3)
    reset(batch)
    batch.close()
    batch.close()
    assert [simulator.peer.closed for simulator in batch.simulators] == [1, 1, 1]
    assert len({id(simulator.peer) for simulator in batch.simulators}) == 3
    reset(batch)
    assert not batch.view.outcomes["over"].any()
