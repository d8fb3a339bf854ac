"""The original HDeepRM under the real Batsim, recorded: played again, and decided anew.

*Replay.* Every recorded start, put in from outside at its time, gives every start, end and energy that Batsim
wrote. Batsim starts a job at the later of its clock and that time rounded to 6 decimals, therefore
the replay takes the recorded times and not its own instants, which differ from them by up to 1e-6 s.

*Own decisions.* By the same pair of selections, the schedule is the recorded one up to the first instant that
Batsim tells in several messages. Its clock adds up rounding errors, so that some events of one time come an
ulp apart: the original then decides twice, having seen a part of the completions (or submissions) at first,
where the exact clock has one instant and one decision. On a contended platform everything that follows
differs. All runs that differ do so from such an instant on, which a test verifies.

The original's ``high_cores`` prefers the processor with the most *busy* cores, where its documentation and
this project say free ones, and a random selection has its own random numbers: these runs are only replayed.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from golden import GOLDEN, GoldenRun, cores_of_jobs, read_text
from hdeeprm.simulator import EmbeddedSimulator
from kernel_runs import COMPILED, observation

RUNS = sorted(path.name for path in (GOLDEN / "runs").iterdir()) if GOLDEN.exists() else []
LARGE = ("pik", "padded_gaia", "das2", "batsim31_das2")

pytestmark = pytest.mark.skipif(not RUNS, reason="the recorded runs are not here")

# Jobs that start when they did, and those that also get the same cores, where these are not all jobs.
AGREEING = {
    "das2_hpc2n_1000_first-high_gflops": (269, 265),
    "das2_hpc2n_1000_low_mem-low_power": (1000, 996),
    "das2_hpc2n_1000_shortest-high_gflops": (906, 899),
    "das2_hpc2n_1000_smallest-high_mem_bw": (790, 720),
    "learning60_first-high_mem_bw": (60, 52),
    "learning60_low_mem-high_mem_bw": (60, 59),
    "padded_gaia_gaia_2000_first-high_gflops": (1105, 998),
    "padded_gaia_gaia_2000_smallest-low_power": (1739, 1638),
    "padded_gaia_hpc2n_x25_1000_shortest-high_gflops": (677, 601),
    "padded_gaia_hpc2n_x25_1000_smallest-high_mem_bw": (407, 111),
}
SAME_START = 2e-5
"""Seconds: the recorded clock carries the rounding of one start into the next."""


def runs(*, decided: bool = False, observed: bool = False) -> list[object]:
    """Names of runs; of large ones only some where there is no compiler."""
    names = [
        name
        for name in RUNS
        if not (decided and ("high_cores" in name or "random" in name))
        and not (observed and not (GOLDEN / "runs" / name / "obs.npy.gz").exists())
    ]
    slow = pytest.mark.skipif(not COMPILED, reason="takes too long without the compiler")
    return [pytest.param(name, marks=[slow] if name.startswith(LARGE) else []) for name in names]


def agreement(run: GoldenRun, simulator: EmbeddedSimulator) -> tuple[np.ndarray, np.ndarray]:
    """Per job: whether it starts when it did, and whether it gets the same cores too."""
    starts = simulator.job_records()["start_time"]
    cores = cores_of_jobs(simulator)
    same_start = np.array(
        [abs(start - outcome.start) < SAME_START for start, outcome in zip(starts, run.outcomes, strict=True)]
    )
    same_cores = np.array([cores[job] == outcome.cores for job, outcome in enumerate(run.outcomes)])
    return same_start, same_start & same_cores


@pytest.mark.parametrize("name", runs())
def test_replay(name: str) -> None:
    run = GoldenRun(name)
    simulator = run.replay()
    records, outcomes = simulator.job_records(), run.outcomes
    starts = np.array([outcome.start for outcome in outcomes])
    finishes = np.array([outcome.finish for outcome in outcomes])
    energies = np.array([outcome.energy_joules for outcome in outcomes])
    np.testing.assert_allclose(records["start_time"], starts, rtol=0, atol=2e-6)
    np.testing.assert_allclose(records["end_time"], finishes, rtol=0, atol=2e-6)
    error = np.abs(records["energy_mj"] / 1000 - energies)
    assert np.all((error <= 1e-5) | (error <= 1e-6 * energies))
    assert cores_of_jobs(simulator) == {job: outcome.cores for job, outcome in enumerate(outcomes)}


@pytest.mark.parametrize("name", runs(decided=True))
def test_own_decisions(name: str) -> None:
    """As many jobs as ever agree with the record; where all did, all do."""
    run = GoldenRun(name)
    same_start, same = agreement(run, run.decide())
    all_jobs = run.workload.num_jobs
    least_start, least = AGREEING.get(name, (all_jobs, all_jobs))
    assert same_start.sum() >= least_start
    assert same.sum() >= least


@pytest.mark.parametrize("name", runs(decided=True))
def test_a_schedule_departs_only_where_batsim_split_an_instant(name: str) -> None:
    """The first differing job starts at a time whose events came in several messages."""
    run = GoldenRun(name)
    simulator = run.decide()
    _, same = agreement(run, simulator)
    if same.all():
        return
    starts = simulator.job_records()["start_time"]
    departure = min(min(starts[job], run.outcomes[job].start) for job in np.flatnonzero(~same))
    messages = event_messages(run)
    assert sum(count for time, count in messages.items() if abs(time - departure) < SAME_START) > 1


def event_messages(run: GoldenRun) -> Counter[float]:
    """Per time, the number of messages with submissions or completions."""
    times: Counter[float] = Counter()
    for line in read_text(run.folder / "messages.jsonl.gz").splitlines():
        message = json.loads(line[1:])
        if line[0] == "<" and any(
            event["type"] in ("JOB_SUBMITTED", "JOB_COMPLETED") for event in message["events"]
        ):
            times[message["now"]] += 1
    return times


# Observations --------------------------------------------------------------------------------------------

QUEUE_SIZE = 21
ORIGINAL_P2, OUR_P2 = 0.15, 0.25
"""Power of an idle core beside an active one: as the original observes it; as platforms have it."""


@pytest.mark.parametrize("name", runs(observed=True))
def test_observations(name: str) -> None:
    """Every column of the decisions that both have, but for what is meant to differ.

    Ours are clipped at 1. Idle cores beside active ones have a quarter of the power. What is left of a job
    counts in the units of its work (the original subtracts Gflop from flop: nothing is ever done). The queue
    variation looks back to the decision before, which must be one of both too.
    """
    run = GoldenRun(name)
    kind = run.options["pybatsim"]["env"]["observation"]
    seen: list[tuple[float, int, np.ndarray]] = []
    run.replay(lambda sim: seen.append((sim.now, sim.num_waiting, observation(sim, kind))))
    pairs = common_decisions(run, [(time, num_waiting) for time, num_waiting, _ in seen])
    assert len(pairs) > 0.95 * len(run.steps)
    recorded = np.minimum(run.observations[[step for step, _ in pairs]], 1.0)
    ours = np.array([seen[decision][2] for _, decision in pairs])
    watts, remaining = core_columns(run, kind)
    recorded[:, watts] = np.where(np.isclose(recorded[:, watts], ORIGINAL_P2), OUR_P2, recorded[:, watts])
    recorded[:, remaining] = ours[:, remaining] = 0.0
    follows = np.array([(step - 1, decision - 1) in pairs or step == 0 for step, decision in pairs])
    recorded[~follows, -1] = ours[~follows, -1] = 0.0
    assert follows.mean() > 0.9
    np.testing.assert_allclose(ours, recorded, rtol=0, atol=1e-5)


def common_decisions(run: GoldenRun, seen: list[tuple[float, int]]) -> list[tuple[int, int]]:
    """Recorded and own decisions that are the only ones at their time, with the same jobs waiting."""
    times = np.array([time for time, _ in seen])
    recorded_times = np.array([step["now"] for step in run.steps])
    common = []
    for index, step in enumerate(run.steps):
        own = np.flatnonzero(np.abs(times - step["now"]) < SAME_START)
        alone = np.count_nonzero(np.abs(recorded_times - step["now"]) < SAME_START) == 1
        if alone and len(own) == 1 and seen[own[0]][1] == step["nb_pending"]:
            common.append((index, int(own[0])))
    return common


def core_columns(run: GoldenRun, kind: str) -> tuple[list[int], list[int]]:
    """Columns of the power and of the remaining fraction of cores."""
    watts, remaining, column, last_node = [], [], 0, -1
    if kind != "normal":
        return watts, remaining
    platform = run.platform
    for node, cores in zip(platform.processor_node, platform.processor_cores, strict=True):
        column += 1 + int(node != last_node)
        last_node = node
        for _ in range(cores):
            watts.append(column + 1)
            remaining.append(column + 2)
            column += 3
    assert column + QUEUE_SIZE == run.observations.shape[1]
    return watts, remaining
