"""Metrics against three jobs worked out by hand, and what must hold for any jobs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import WorkloadError
from hdeeprm.metrics import (
    METRICS,
    REJECTED,
    SUCCESS,
    UNFINISHED,
    WALLTIME_REACHED,
    JobRecords,
    bounded_slowdown,
    execution_time,
    run_time,
    slowdown,
    summarise,
    turnaround_time,
    wait_time,
)

NAN = math.nan


def records(*jobs: tuple[float, float, float, int, str]) -> JobRecords:
    """Jobs of submission, start, finish, cores and final state."""
    submit, start, finish, cores, state = zip(*jobs, strict=True) if jobs else ((),) * 5
    return JobRecords(
        job_ids=tuple(map(str, range(len(jobs)))),
        submit_time=np.array(submit, np.float64),
        start_time=np.array(start, np.float64),
        finish_time=np.array(finish, np.float64),
        requested_cores=np.array(cores, np.int64),
        walltime=np.full(len(jobs), math.inf),
        final_state=np.array(state, np.str_),
        energy_joules=np.zeros(len(jobs)),
    )


THREE = records(
    (0.0, 0.0, 100.0, 2, SUCCESS),  # waits 0, runs 100
    (10.0, 30.0, 32.0, 1, SUCCESS),  # waits 20, runs 2
    (20.0, 60.0, 100.0, 3, WALLTIME_REACHED),  # waits 40, runs 40
)


def test_per_job_by_hand() -> None:
    assert wait_time(THREE).tolist() == [0, 20, 40]
    assert run_time(THREE).tolist() == [100, 2, 40]
    assert turnaround_time(THREE).tolist() == [100, 22, 80]
    assert slowdown(THREE).tolist() == [1, 11, 2]
    assert bounded_slowdown(THREE).tolist() == [1, 2.2, 2]
    assert bounded_slowdown(THREE, tau=44.0).tolist() == [1, 1, 80 / 44]


def test_summary_by_hand() -> None:
    summary = summarise(THREE, num_cores=4, energy_joules=5000.0)
    assert summary == pytest.approx(
        {
            "num_jobs": 3,
            "num_finished": 3,
            "num_killed": 1,
            "num_rejected": 0,
            "num_unfinished": 0,
            "mean_wait_time": 20.0,
            "max_wait_time": 40.0,
            "mean_turnaround_time": 202 / 3,
            "max_turnaround_time": 100.0,
            "mean_slowdown": 14 / 3,
            "max_slowdown": 11.0,
            "mean_bounded_slowdown": 5.2 / 3,
            "p95_bounded_slowdown": 2.18,  # nine tenths of the way from 2 to 2.2
            "utilization": (200 + 2 + 120) / 400,
            "makespan": 100.0,
            "throughput": 108.0,
            "energy_joules": 5000.0,
            "edp": 500_000.0,
        }
    )
    assert list(summary) == list(METRICS)


def test_rejected_and_unfinished_jobs_are_only_counted() -> None:
    more = records(
        *((*times, 1, state) for *times, state in [(0.0, 0.0, 10.0, SUCCESS), (90.0, NAN, NAN, REJECTED)]),
        (95.0, NAN, NAN, 1, UNFINISHED),
    )
    summary = summarise(more, 1, 1.0)
    assert (summary["num_jobs"], summary["num_finished"]) == (3, 1)
    assert (summary["num_rejected"], summary["num_unfinished"]) == (1, 1)
    assert (summary["makespan"], summary["utilization"], summary["mean_wait_time"]) == (10, 1, 0)


@pytest.mark.parametrize("jobs", [records(), records((0.0, NAN, NAN, 1, REJECTED))])
def test_nothing_ended(jobs: JobRecords) -> None:
    summary = summarise(jobs, 4, 0.0)
    counts = {name: value for name, value in summary.items() if name.startswith("num_")}
    assert counts["num_jobs"] == counts["num_rejected"] == jobs.num_jobs
    rest = [value for name, value in summary.items() if name not in counts and name != "energy_joules"]
    assert all(map(math.isnan, rest))


def test_job_without_work() -> None:
    jobs = records((0.0, 1.0, 1.0, 1, SUCCESS))
    assert execution_time(jobs)[0] == 1e-5
    assert slowdown(jobs)[0] == pytest.approx(100_001)
    assert bounded_slowdown(jobs)[0] == 1
    assert math.isnan(summarise(records((0.0, 0.0, 0.0, 1, SUCCESS)), 1, 0.0)["utilization"])


def test_makespan_counts_from_the_first_submission() -> None:
    moved = {name: getattr(THREE, name) + 50 for name in ("submit_time", "start_time", "finish_time")}
    late = replace(THREE, **moved)
    assert summarise(late, 4, 5000.0) == pytest.approx(summarise(THREE, 4, 5000.0))


def test_columns_of_different_lengths() -> None:
    with pytest.raises(WorkloadError, match="walltime has 1 values for 3 jobs"):
        replace(THREE, walltime=np.zeros(1))


def test_every_metric_says_what_it_is() -> None:
    for metric in METRICS.values():
        assert metric.unit
        assert metric.definition
        assert metric.source


TIMES = st.tuples(
    st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0.001, 1e5), st.integers(1, 8)
)  # submission, wait, run time, cores


@given(st.lists(TIMES, min_size=1, max_size=20), st.randoms())
def test_any_jobs(rows: list[tuple[float, float, float, int]], random: object) -> None:
    ended = [
        (submit, submit + wait, submit + wait + run, cores, SUCCESS) for submit, wait, run, cores in rows
    ]
    jobs = records(*ended)
    summary = summarise(jobs, sum(job[3] for job in ended), 1.0)
    bounded = bounded_slowdown(jobs)
    assert np.all(bounded >= 1)
    assert np.all(bounded <= np.maximum(1, slowdown(jobs)) * (1 + 1e-6))
    assert np.allclose(wait_time(jobs) + run_time(jobs), turnaround_time(jobs))
    assert 0 <= summary["utilization"] <= 1 + 1e-9
    assert summary["mean_slowdown"] <= summary["max_slowdown"] * (1 + 1e-9)
    assert summary["p95_bounded_slowdown"] <= bounded.max()
    random.shuffle(ended)  # type: ignore[attr-defined]
    assert summarise(records(*ended), sum(job[3] for job in ended), 1.0) == pytest.approx(summary)
