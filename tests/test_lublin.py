"""The Lublin-Feitelson model: its shares, quantiles and day cycle, and the traces made with it."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads import generate_lublin, load_workload, read_swf
from hdeeprm.workloads.generate import generate
from hdeeprm.workloads.generators.arrivals import ArrivalModel, arrival_times
from hdeeprm.workloads.generators.drawing import GeneratedJobs
from hdeeprm.workloads.generators.requests import rounded_requests
from workload_files import SHIPPED, shared

QUANTILES = (5, 25, 50, 75, 95)


@pytest.fixture(scope="module")
def jobs() -> GeneratedJobs:
    return generate_lublin(20_000, 256, np.random.default_rng(1))


def test_sizes(jobs: GeneratedJobs) -> None:
    assert jobs.cores.min() == 1
    assert jobs.cores.max() == 256
    assert (jobs.cores == 1).mean() == pytest.approx(0.244, abs=0.015)
    powers = (jobs.cores & (jobs.cores - 1)) == 0
    assert 0.82 < powers.mean() < 0.9  # 0.244 + 0.576 and those of any size that happen to be one


def test_run_times(jobs: GeneratedJobs) -> None:
    assert jobs.run_time.min() >= 1
    assert jobs.run_time.max() <= math.exp(12)
    assert np.array_equal(jobs.run_time, np.floor(jobs.run_time))
    serial = np.log(jobs.run_time[jobs.cores == 1])
    short = 0.78 - 0.0054
    mean = short * 4.2 * 0.94 + (1 - short) * 312 * 0.03
    assert serial.mean() == pytest.approx(mean, abs=0.15)
    wide = jobs.run_time[jobs.cores > 150]  # beyond 144 cores, all jobs are long
    assert np.log(wide).mean() == pytest.approx(312 * 0.03, abs=0.05)


def test_more_jobs_arrive_by_day_than_by_night(jobs: GeneratedJobs) -> None:
    half_hours = (jobs.submit_time // 1800 % 48).astype(int)
    counts = np.bincount(half_hours, minlength=48)
    assert counts[24:32].mean() > 4 * counts[8:12].mean()
    expected = ArrivalModel().day_weights()
    assert np.corrcoef(counts, expected)[0, 1] > 0.95


def test_day_weights() -> None:
    weights = ArrivalModel().day_weights()
    assert weights.shape == (48,)
    assert weights.mean() == pytest.approx(1)
    assert 26 <= int(weights.argmax()) <= 30  # around 14 h: the mode of the fitted gamma
    assert 9 <= int(weights.argmin()) <= 12


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_a_day_of_the_clock_is_a_day(gaps: list[float]) -> None:
    times = arrival_times(np.array(gaps), ArrivalModel())
    assert (np.diff(times) >= 0).all()
    clock = np.cumsum(gaps)
    assert np.abs(times - clock).max() < 86_400
    later = arrival_times(np.array([gaps[0] + 86_400, *gaps[1:]]), ArrivalModel())
    assert later == pytest.approx(times + 86_400, abs=1e-3)


def test_the_authors_own_sample(jobs: GeneratedJobs) -> None:
    trace = read_swf(shared("traces", "lublin_256.swf"))
    for ours, theirs, tolerance in (
        (np.log(jobs.run_time + 1), np.log(trace.field(4) + 1), 0.25),
        (np.log(np.diff(jobs.submit_time) + 1), np.log(np.diff(trace.field(2)) + 1), 0.25),
        (jobs.cores, trace.field(5), 13.0),
    ):
        assert np.percentile(ours, QUANTILES) == pytest.approx(
            np.percentile(theirs, QUANTILES), abs=tolerance
        )


@settings(max_examples=40)
@given(st.integers(2, 60), st.integers(1, 3000), st.sampled_from([0.01, 0.5, 0.9, 2.0]), st.integers(0, 99))
def test_load_is_met(num_jobs: int, num_cores: int, load: float, seed: int) -> None:
    jobs = generate_lublin(num_jobs, num_cores, np.random.default_rng(seed), load)
    span = float((jobs.cores * jobs.run_time).sum()) / (num_cores * load)
    assert jobs.submit_time[-1] - jobs.submit_time[0] == pytest.approx(span, abs=2.0)
    assert 1 <= jobs.cores.min() <= jobs.cores.max() <= num_cores


def test_limits() -> None:
    jobs = generate_lublin(3000, 2280, np.random.default_rng(2), max_job_cores=100, max_run_time=3600)
    assert jobs.cores.max() <= 100
    assert jobs.run_time.max() <= 3600


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_jobs": 0}, "num_jobs: 0; give at least 1"),
        ({"num_jobs": 1, "load": 0.5}, "num_jobs: 1; give at least 2"),
        ({"num_cores": 0}, "num_cores: 0"),
        ({"load": 0.0}, "load: 0.0"),
        ({"load": math.nan}, "load: nan"),
        ({"max_job_cores": 300}, "max_job_cores: 300"),
        ({"max_run_time": 1.0}, "max_run_time: 1.0 s"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"num_jobs": 10, "num_cores": 256, "rng": np.random.default_rng(0)}
    with pytest.raises(WorkloadError) as caught:
        generate_lublin(**(usual | arguments))
    assert message in str(caught.value)


# Generated files ---------------------------------------------------------------------------------------


def test_requested_times_are_round_and_enough() -> None:
    run_time = np.array([1.0, 60, 61, 3601, 172_800, 172_801, 600_000])
    assert rounded_requests(run_time).tolist() == [60, 60, 300, 7200, 172_800, 259_200, 604_800]


def test_generate(tmp_path: Path) -> None:
    path = generate(
        tmp_path / "new" / "a.swf", num_jobs=50, num_cores=64, seed=3, load=0.8, memory_mb=(100, 2000)
    )
    again = generate(
        tmp_path / "new" / "b.swf", num_jobs=50, num_cores=64, seed=3, load=0.8, memory_mb=(100, 2000)
    )
    assert path.read_text("utf-8").replace("a.swf", "b.swf") == again.read_text("utf-8")
    jobs = load_workload(path)
    assert (jobs.num_jobs, jobs.skipped) == (50, {})
    assert (jobs.requested_time >= jobs.run_time).all()
    assert (jobs.memory_kb >= 100_000).all()
    assert (jobs.memory_kb <= 2_000_000).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "lublim"}, "Did you mean 'lublin'?"),
        ({"seed": -1}, "seed: -1"),
        ({"memory_mb": (5, 1)}, "memory_mb: "),
    ],
)
def test_wrong_requests(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        generate(tmp_path / "x.swf", **arguments)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "num_jobs"), [("gaia_like.swf", 1000), ("lublin_256_like.swf", 500)])
def test_shipped_traces_hold_the_command_that_makes_them(name: str, num_jobs: int, tmp_path: Path) -> None:
    trace = read_swf(SHIPPED / name)
    assert trace.num_records == num_jobs
    words = shlex.split(trace.header["Command"])
    assert words[:2] == ["hdeeprm", "generate"]
    options: dict[str, list[str]] = {}
    for word in words[2:]:
        if word.startswith("--"):
            options[word[2:].replace("-", "_")] = []
        else:
            options[list(options)[-1]].append(word)
    kinds: dict[str, Any] = {"model": str, "out": str, "load": float}
    arguments: dict[str, Any] = {
        key: kinds.get(key, int)(value[0]) if len(value) == 1 else tuple(map(float, value))
        for key, value in options.items()
    }
    made = generate(tmp_path / arguments.pop("out"), **arguments)
    assert made.read_bytes() == (SHIPPED / name).read_bytes()
