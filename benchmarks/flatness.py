"""How the rate of decisions depends on the size of the problem.

Generated workloads that differ in the named quantity only, memory and bandwidth drawn; rates of the kernel
alone, where nothing else hides a dependence. Each row is the highest rate of the sizes over the lowest.

* *jobs*: the first so many of the same steady arrivals on platform gaia.
* *waiting jobs*: the same jobs with the same schedule on gaia, submitted so early that so many wait at any
  time.
* *cores*: platforms of so many equal nodes; the same workload, which even the smallest runs at once, then one
  whose arrivals are as much denser as the platform is larger.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.selections import SelectionPair
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.workloads import Workload

from .generated import queueing_workload, steady_workload, uniform_platform
from .measuring import Case, Row, Settings, measure_rates

PAIRS = ("first-high_gflops", "smallest-high_mem_bw")
NUM_DECISIONS = 50_000
"""Decisions of one measurement, over as many episodes as it takes."""

NUM_JOBS = (1_000, 7_000, 50_000)
NUM_WAITING = (10, 300, 10_000)
NUM_CORES = (144, 1_440, 10_002)
SHIPPED_PLATFORMS = ("das2", "gaia", "mc2")
MOST_CHANGE_BY_JOBS, MOST_CHANGE_BY_WAITING, MOST_CHANGE_BY_CORES = 1.5, 2.0, 3.0

STEADY_LOAD = 0.5
"""Of the cores, before slow and over-subscribed processors stretch the jobs: queues stay short."""
SIZES = (1, 2, 4, 8, 16, 32)
LIGHT_LOAD = 0.2
"""At which jobs of the sizes below hardly ever wait on 144 cores."""
SMALL_SIZES = (1, 2, 4, 8)


def measure(settings: Settings) -> Iterator[Row]:
    """One row per quantity and selection pair."""
    for name in PAIRS:
        selected = SelectionPair.parse(name)
        pair = (int(selected.job), int(selected.core))
        for title, most, cases in (
            ("jobs", MOST_CHANGE_BY_JOBS, _by_jobs(settings, pair)),
            ("waiting jobs", MOST_CHANGE_BY_WAITING, _by_waiting(settings, pair)),
            ("cores, same workload", MOST_CHANGE_BY_CORES, _by_cores(settings, pair, scaled=False)),
            ("cores, arrivals in proportion", None, _by_cores(settings, pair, scaled=True)),
            ("shipped platforms, same workload", None, _by_platform(settings, pair)),
        ):
            yield _row(f"{title}, {name}", cases, settings.repetitions, most)


def _row(name: str, cases: Mapping[str, Case], repetitions: int, most: float | None) -> Row:
    rates = {size: rate.per_second for size, rate in measure_rates(cases, repetitions).items()}
    listed = ", ".join(f"{size}: {rate:,.0f}/s" for size, rate in rates.items())
    return Row(name, max(rates.values()) / min(rates.values()), "x", at_most=most, comparison=listed)


def _by_jobs(settings: Settings, pair: tuple[int, int]) -> dict[str, Case]:
    platform = load_platform("gaia")
    cases = {}
    for num_jobs in NUM_JOBS:
        workload = steady_workload(settings.scaled(num_jobs), platform.num_cores, STEADY_LOAD, SIZES)
        cases[f"{num_jobs:,}"] = _case(platform, workload, pair, settings.scaled(NUM_DECISIONS))
    return cases


def _by_waiting(settings: Settings, pair: tuple[int, int]) -> dict[str, Case]:
    platform = load_platform("gaia")
    num_jobs = settings.scaled(NUM_DECISIONS + 2 * max(NUM_WAITING))
    cases = {}
    for num_waiting in NUM_WAITING:
        workload = queueing_workload(platform, pair, num_jobs, settings.scaled(num_waiting))
        cases[f"{num_waiting:,}"] = _case(platform, workload, pair, settings.scaled(NUM_DECISIONS))
    return cases


def _by_cores(settings: Settings, pair: tuple[int, int], scaled: bool) -> dict[str, Case]:
    num_jobs = settings.scaled(NUM_DECISIONS)
    cases = {}
    for num_cores in NUM_CORES:
        offered_to = num_cores if scaled else min(NUM_CORES)
        workload = steady_workload(num_jobs, offered_to, LIGHT_LOAD, SMALL_SIZES)
        cases[f"{num_cores:,}"] = _case(uniform_platform(num_cores), workload, pair, num_jobs)
    return cases


def _by_platform(settings: Settings, pair: tuple[int, int]) -> dict[str, Case]:
    num_jobs = settings.scaled(NUM_DECISIONS)
    workload = steady_workload(num_jobs, min(NUM_CORES), LIGHT_LOAD, SMALL_SIZES)
    platforms = {name: load_platform(name) for name in SHIPPED_PLATFORMS}
    return {
        f"{name} ({platform.num_cores:,} cores)": _case(platform, workload, pair, num_jobs)
        for name, platform in platforms.items()
    }


def _case(platform: Platform, workload: Workload, pair: tuple[int, int], num_decisions: int) -> Case:
    simulator = EmbeddedSimulator(platform, workload)

    def play() -> tuple[int, float]:
        taken, seconds = 0, 0.0
        while taken < num_decisions:
            simulator.reset()
            started = time.process_time()
            taken += len(simulator.run(pair, num_decisions - taken))
            seconds += time.process_time() - started
        return taken, seconds

    return play
