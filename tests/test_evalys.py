"""evalys 4 reads the out_jobs.csv that a run writes: the job set, its series, and its Gantt chart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.results import read_run

NUM_JOBS = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with waiting jobs and one that is rejected, which has no allocation."""
    folder = tmp_path_factory.mktemp("evalys")
    trace = folder / "trace.swf"
    line = "{0} {1} 0 {2} {3} -1 -1 {3} 500 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
    jobs = [line.format(job, job // 2, 5 + job % 7, 1 + job % 4) for job in range(1, NUM_JOBS)]
    trace.write_text("".join(jobs) + line.format(NUM_JOBS, 40, 5, 5), "utf-8")
    options = {"platform_file_path": "learning", "workload_file_path": str(trace)}
    run_experiment(load_options(options), folder / "run")
    return folder / "run"


@pytest.fixture
def jobs(run: Path) -> Iterator[Any]:
    """The run as evalys has it; what evalys itself warns of is its own affair."""
    import matplotlib

    pytest.importorskip("evalys", reason="evalys is not installed")
    matplotlib.use("agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evalys.jobset import JobSet

        yield JobSet.from_csv(str(run / "out_jobs.csv"))


def test_the_job_set_holds_the_run(jobs: Any, run: Path) -> None:
    ours = read_run(run).jobs
    assert len(jobs.df) == ours.num_jobs == NUM_JOBS
    ended = jobs.df[jobs.df.finish_time.notna()]
    assert len(ended) == NUM_JOBS - 1
    np.testing.assert_allclose(ended.finish_time, ours.finish_time[ours.ended], atol=1e-6)
    assert jobs.MaxProcs == 4
    assert ended.proc_alloc.tolist() == ours.requested_cores[ours.ended].tolist()


def test_its_series_are_those_of_the_run(jobs: Any, run: Path) -> None:
    ours = read_run(run).jobs
    core_seconds = float((ours.requested_cores * (ours.finish_time - ours.start_time))[ours.ended].sum())
    load = jobs.utilisation.load
    assert float((load.to_numpy()[:-1] * np.diff(load.index)).sum()) == pytest.approx(core_seconds, rel=1e-6)
    assert jobs.queue.load.max() > 0


def test_its_gantt_chart_has_a_bar_for_every_job(jobs: Any) -> None:
    import matplotlib.pyplot as plt
    from evalys.visu.gantt import plot_gantt

    plot_gantt(jobs)
    figure = plt.gcf()
    try:
        bars = [patch for axes in figure.axes for patch in axes.patches]
        assert len(bars) >= NUM_JOBS - 1
    finally:
        plt.close("all")
