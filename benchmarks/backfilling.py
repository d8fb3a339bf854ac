"""Decisions per second with scores, queues that block, and backfilling.

Rates of the kernel alone. *Lublin*: 4,096 generated jobs on 256 equal cores; RLScheduler's simulator takes
725 decisions per second on such a trace with backfilling, measured on another machine. *Whole trace*: jobs
per second of a log, without memory and bandwidth on one pool of equal cores, and with both on platform gaia;
AccaSim simulates 4,200 jobs per second of the Gaia trace, first in, first out, measured on another machine.
*Waiting jobs*: the highest rate over the lowest where so many jobs wait at any time on gaia.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.scores import Score
from hdeeprm.selections import SelectionPair
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.queue_rules import Backfilling, QueueRules
from hdeeprm.workloads import TraceSettings, Workload, load_workload
from hdeeprm.workloads.generate import generate

from .generated import pool_platform, queueing_workload
from .measuring import Case, Row, Settings, measure_rates

NUM_JOBS = 4_096
RULES: tuple[tuple[str, Backfilling], ...] = (
    ("first", "none"),
    ("first", "easy"),
    ("first", "rlscheduler"),
    ("first", "conservative"),
    ("shortest", "easy"),
    ("F1", "easy"),
    ("wfp3", "easy"),
    ("score:wait * wait / cores", "easy"),
)
RLSCHEDULER, AT_LEAST = 725.0, 10_000.0
"""Decisions per second: of its simulator, and what is asked of every rule here."""
ACCASIM, TIMES_ACCASIM = 4_200.0, 100.0
TRACE_CORES = 2_004
NUM_WAITING: tuple[int, ...] = (10, 100, 1_000, 5_000)
NUM_QUEUEING_JOBS = 20_000
CONSERVATIVE_WAITING, NUM_CONSERVATIVE_JOBS = (10, 100, 1_000), 4_000
"""For conservative backfilling, whose cost grows with the square of the queue."""
WAITING_RULES: tuple[tuple[str, Backfilling, float | None], ...] = (
    ("first", "easy", 2.0),
    ("shortest", "easy", 2.0),
    ("wfp3", "easy", 2.0),
    ("first", "conservative", None),
)
"""Job selection, backfilling, and the most that the rate may change; a logarithm from 10 to 5,000 is 3.7."""


def measure(settings: Settings) -> Iterator[Row]:
    """One row per rule on the Lublin trace, on the whole trace, and by the number of waiting jobs."""
    yield from _lublin(settings)
    yield from _whole_trace(settings)
    for selection, backfilling, most in WAITING_RULES:
        yield _by_waiting(settings, selection, backfilling, most)


def _lublin(settings: Settings) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        trace = generate(Path(folder, "lublin.swf"), num_jobs=settings.scaled(NUM_JOBS))
        jobs = load_workload(trace, TraceSettings(memory="zero", mem_bw="none"))
    platform = load_platform("equal_256")
    cases = {rule: _case(platform, jobs, *rule) for rule in RULES}
    for (selection, backfilling), rate in measure_rates(cases, settings.repetitions).items():
        beside = "" if backfilling == "none" else f"{rate.per_second / RLSCHEDULER:,.0f} x RLScheduler"
        name = f"Lublin, {selection}, {backfilling}"
        yield Row(name, rate.per_second, "decisions/s", at_least=AT_LEAST, comparison=beside)


def _whole_trace(settings: Settings) -> Iterator[Row]:
    nb_jobs = settings.scaled(60_000) if settings.scale < 1 else None
    full = load_workload(settings.trace, TraceSettings(nb_jobs=nb_jobs))
    plain = replace(
        full,
        memory_kb=np.zeros_like(full.memory_kb),
        bandwidth_mb_per_s=np.zeros_like(full.bandwidth_mb_per_s),
    )
    places = {"equal cores": (pool_platform(TRACE_CORES), plain), "gaia": (load_platform("gaia"), full)}
    cases = {name: _case(*place, "first", "easy", per_job=True) for name, place in places.items()}
    for name, rate in measure_rates(cases, settings.repetitions).items():
        beside = f"{rate.per_second / ACCASIM:,.0f} x AccaSim"
        target = TIMES_ACCASIM * ACCASIM if name == "equal cores" else None
        title = f"{settings.trace_name}, first, easy, {name}"
        yield Row(title, rate.per_second, "jobs/s", at_least=target, comparison=beside)


def _by_waiting(settings: Settings, selection: str, backfilling: Backfilling, most: float | None) -> Row:
    platform, pair = load_platform("gaia"), SelectionPair.parse("first-high_gflops").codes(())
    sizes, num_jobs = NUM_WAITING, settings.scaled(NUM_QUEUEING_JOBS)
    if backfilling == "conservative":
        sizes, num_jobs = CONSERVATIVE_WAITING, settings.scaled(NUM_CONSERVATIVE_JOBS)
    cases = {}
    for num_waiting in sizes:
        workload = queueing_workload(platform, pair, num_jobs, settings.scaled(num_waiting))
        cases[f"{num_waiting:,}"] = _case(platform, workload, selection, backfilling)
    rates = {size: rate.per_second for size, rate in measure_rates(cases, settings.repetitions).items()}
    listed = ", ".join(f"{size}: {rate:,.0f}/s" for size, rate in rates.items())
    change = max(rates.values()) / min(rates.values())
    return Row(f"waiting jobs, {selection}, {backfilling}", change, "x", at_most=most, comparison=listed)


def _case(
    platform: Platform, jobs: Workload, selection: str, backfilling: Backfilling, per_job: bool = False
) -> Case:
    """One episode: its decisions, or its jobs, and the CPU seconds they take."""
    pair = SelectionPair.parse(f"{selection}-high_gflops")
    scores = (pair.job,) if isinstance(pair.job, Score) else ()
    simulator = EmbeddedSimulator(platform, jobs, queue=QueueRules(scores=scores, backfilling=backfilling))

    def play() -> tuple[int, float]:
        simulator.reset()
        taken, started = 0, time.process_time()
        while not simulator.over:
            taken += len(simulator.run(pair.codes(scores), jobs.num_jobs))
        return (jobs.num_jobs if per_job else taken), time.process_time() - started

    return play
