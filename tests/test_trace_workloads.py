"""From SWF records to workloads: fall-backs, skipped records, units, draws, order, loading by name."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hdeeprm.workloads as package
from hdeeprm.errors import WorkloadError
from hdeeprm.workloads import TraceSettings, load_workload, read_swf, workload_from_swf
from hdeeprm.workloads.swf import SwfTrace
from hdeeprm.workloads.synthesis import (
    RUN_TIME_FACTORS,
    RUN_TIME_PROBABILITIES,
    draw_bandwidths,
    draw_memories,
    draw_run_times,
)
from workload_files import SHIPPED, record, shared, trace_of, workload_of

# What a record says ------------------------------------------------------------------------------------


def test_plain_record() -> None:
    jobs = workload_of(record(job=7, submit=30, memory=1500), mem_bw="none")
    assert (jobs.name, jobs.job_ids, jobs.profiles) == ("made.swf", ("7",), ("job_7",))
    assert (jobs.submit_time[0], jobs.origin) == (0, 30)
    assert (jobs.requested_cores[0], jobs.requested_time[0], jobs.run_time[0]) == (2, 20, 10)
    assert (jobs.memory_kb[0], jobs.bandwidth_mb_per_s[0]) == (1500, 0)
    assert np.isinf(jobs.walltime[0])
    assert np.isnan(jobs.work_flop[0])
    assert np.isnan(jobs.requested_work_flop[0])
    assert (jobs.skipped, jobs.notes) == ({}, ())


@pytest.mark.parametrize(
    ("values", "attribute", "expected"),
    [
        ({"processors": -1, "allocated": 5}, "requested_cores", 5),
        ({"processors": 0, "allocated": 5}, "requested_cores", 5),
        ({"processors": 3, "allocated": 5}, "requested_cores", 3),
        ({"processors": 2.5}, "requested_cores", 3),
        ({"time": -1}, "requested_time", 10),
        ({"time": 0}, "requested_time", 10),
        ({"time": -1, "run": 0}, "requested_time", 1),
        ({"time": 0.25}, "requested_time", 1),
        ({"run": 0}, "run_time", 0),
        ({"memory": -1, "used_memory": 9}, "memory_kb", 9),
        ({"memory": 8, "used_memory": 9}, "memory_kb", 8),
        ({"memory": 0, "used_memory": 0}, "memory_kb", 0),
        ({"memory": 8.2}, "memory_kb", 9),
    ],
)
def test_fall_backs(values: dict[str, float], attribute: str, expected: float) -> None:
    assert getattr(workload_of(record(**values)), attribute).tolist() == [expected]


@pytest.mark.parametrize(
    ("unit", "scope", "expected"),
    [
        ("KB", "processor", 3000),
        ("bytes", "processor", 3),
        ("MB", "processor", 3_000_000),
        ("KB", "job", 1500),
        ("bytes", "job", 2),
    ],
)
def test_memory_units(unit: str, scope: str, expected: int) -> None:
    jobs = workload_of(record(memory=3000), memory_unit=unit, memory_scope=scope)
    assert jobs.memory_kb.tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"run": -1}, "negative run time"),
        ({"run": -5, "submit": -1, "processors": -1}, "negative run time"),
        ({"submit": -1}, "negative submit time"),
        ({"processors": -1}, "no processors"),
        ({"processors": 0, "allocated": 0}, "no processors"),
    ],
)
def test_skipped_records_are_counted_by_reason(values: dict[str, float], reason: str) -> None:
    jobs = workload_of(record(), record(job=2, **values), record(job=3))
    assert jobs.job_ids == ("1", "3")
    assert jobs.skipped == {reason: 1}


def test_no_requested_time() -> None:
    jobs = workload_of(record(run=-1), record(job=2, run=-1, time=-1))
    assert jobs.skipped == {"no requested time": 1}
    assert any("no run times" in note for note in jobs.notes)


def test_missing_memory() -> None:
    lines = [record(memory=5000), record(job=2)]
    assert workload_of(*lines).memory_kb.tolist() == [5000, 0]
    skip = workload_of(*lines, memory="skip")
    assert (skip.job_ids, skip.skipped) == (("1",), {"no memory": 1})
    draw = workload_of(*lines, memory="draw")
    assert draw.memory_kb[0] == 5000
    assert draw.memory_kb[1] in draw_memories(1000, np.random.default_rng(0))


def test_walltime_on_request() -> None:
    jobs = workload_of(record(), walltime="requested")
    assert jobs.walltime.tolist() == [20]


def test_status_is_ignored() -> None:
    cancelled = record().split()
    cancelled[10] = "5"
    assert workload_of(" ".join(cancelled)).num_jobs == 1


# Draws ------------------------------------------------------------------------------------------------


def test_factor_table() -> None:
    assert RUN_TIME_FACTORS[[0, 1, -1]].tolist() == [0.05, 0.1, 1.25]
    assert RUN_TIME_PROBABILITIES.shape == RUN_TIME_FACTORS.shape
    assert RUN_TIME_PROBABILITIES.sum() == pytest.approx(1, abs=1e-12)


def test_synthetic_run_times_follow_the_table() -> None:
    shares = draw_run_times(np.full(40_000, 100.0), np.random.default_rng(3)) / 100
    counts = np.bincount(np.rint(shares * 20).astype(int), minlength=26)[1:]
    assert counts / 40_000 == pytest.approx(RUN_TIME_PROBABILITIES, abs=0.006)


def test_equal_requests_get_run_times_of_their_own() -> None:
    jobs = workload_of(*[record(job=number) for number in range(200)], run_time="synthetic")
    assert len(np.unique(jobs.run_time)) > 15


def test_bandwidths_are_uniform() -> None:
    values, counts = np.unique(draw_bandwidths(60_000, np.random.default_rng(1)), return_counts=True)
    assert values.tolist() == [4000, 8000, 12000, 16000, 20000, 24000]
    assert counts / 10_000 == pytest.approx(1, abs=0.06)


def test_a_job_keeps_its_draws() -> None:
    lines = [record(job=10 + number, submit=number) for number in range(50)]
    whole = workload_of(*lines, run_time="synthetic", memory="draw", seed=5)
    part = workload_of(*lines, run_time="synthetic", nb_jobs=7, seed=5)
    assert part.run_time.tolist() == whole.run_time[:7].tolist()
    assert part.bandwidth_mb_per_s.tolist() == whole.bandwidth_mb_per_s[:7].tolist()
    other = workload_of(*lines, run_time="synthetic", seed=6)
    assert other.run_time.tolist() != whole.run_time.tolist()


def test_synthetic_keeps_skipping_negative_run_times() -> None:
    jobs = workload_of(record(), record(job=2, run=-1), run_time="synthetic")
    assert jobs.skipped == {"negative run time": 1}


# Order, number, identity -------------------------------------------------------------------------------


def test_a_trace_that_starts_at_zero_keeps_its_times() -> None:
    jobs = workload_of(record(submit=0), record(job=2, submit=40))
    assert (jobs.submit_time.tolist(), jobs.origin) == ([0, 40], 0)


def test_jobs_out_of_order_are_sorted() -> None:
    jobs = workload_of(record(job=1, submit=50), record(job=2, submit=20), record(job=3, submit=60))
    assert jobs.job_ids == ("2", "1", "3")
    assert jobs.submit_time.tolist() == [0, 30, 40]
    assert jobs.origin == 20
    assert jobs.notes[0].startswith("1 of 3 jobs stood out of order")


def test_equal_times_are_ordered_by_id_as_text() -> None:
    jobs = workload_of(*[record(job=number) for number in (9, 10, 100, 2)])
    assert jobs.job_ids == ("10", "100", "2", "9")
    assert jobs.notes[0] == "4 of 4 jobs have no memory in the trace: 0 is taken"


def test_duplicate_ids_become_unique() -> None:
    jobs = workload_of(record(memory=1), record(submit=1, memory=2), record(submit=2, memory=3))
    assert jobs.job_ids == ("1", "1-2", "1-3")
    assert len(set(jobs.profiles)) == 3
    assert jobs.notes[0].startswith("job numbers that came again") and jobs.notes[0].endswith(": 2")


def test_nb_jobs() -> None:
    lines = [record(job=1, run=-1), *(record(job=number, submit=9 - number) for number in (2, 3, 4))]
    assert workload_of(*lines, nb_jobs=2).job_ids == ("4", "3")
    more = workload_of(*lines, nb_jobs=9)
    assert more.num_jobs == 3
    assert "nb_jobs asks for 9 jobs, there are 3: all are taken" in more.notes


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"nb_jobs": 0}, "nb_jobs: 0"),
        ({"memory": "drow"}, "Did you mean 'draw'?"),
        ({"run_time": "real"}, "allowed: 'logged', 'synthetic', None"),
        ({"memory_unit": "GB"}, "memory_unit: 'GB'"),
    ],
)
def test_wrong_settings(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        TraceSettings(**choices)
    assert message in str(caught.value)


def test_no_job_left() -> None:
    with pytest.raises(WorkloadError) as caught:
        workload_of(record(processors=-1), record(submit=-4), record(submit=-4))
    message = str(caught.value)
    assert "no job is left of 3 records: 2 with negative submit time, 1 with no processors" in message
    with pytest.raises(WorkloadError, match="1 with negative run time"):
        workload_of(record(run=-1), run_time="logged")


@pytest.mark.parametrize("values", [{"processors": 1e300}, {"memory": 1e300}, {"memory": 1.7e308}])
def test_numbers_that_no_integer_holds(values: dict[str, float]) -> None:
    with pytest.raises(WorkloadError, match=r"made.swf:2: "):
        workload_of(record(), record(job=2, **values), memory_unit="MB")


times = st.one_of(st.integers(-2, 30).map(float), st.floats(0, 1e6))
records = st.builds(
    record,
    job=st.integers(0, 40),
    submit=times,
    run=times,
    allocated=st.integers(-1, 3),
    processors=st.integers(-1, 3),
    time=times,
    memory=st.integers(-1, 3),
    used_memory=st.integers(-1, 3),
)


@settings(max_examples=150)
@given(
    st.lists(records, min_size=1, max_size=12),
    st.sampled_from(["zero", "skip", "draw"]),
    st.sampled_from([None, "logged", "synthetic"]),
)
def test_whatever_the_trace(lines: list[str], memory: Any, run_time: Any) -> None:
    trace = trace_of(*lines)
    try:
        jobs = workload_of(*lines, memory=memory, run_time=run_time)
    except WorkloadError as error:
        assert "no job is left" in str(error)
        return
    assert sum(jobs.skipped.values()) + jobs.num_jobs == trace.num_records
    assert jobs.submit_time[0] == 0
    assert jobs.origin in trace.field(2)
    assert (np.diff(jobs.submit_time) >= 0).all()
    assert len(set(jobs.job_ids)) == jobs.num_jobs
    assert (jobs.requested_time >= 1).all()
    assert (jobs.requested_cores >= 1).all()
    assert (jobs.run_time >= 0).all()
    assert (jobs.memory_kb >= 0).all()


# Real logs --------------------------------------------------------------------------------------------


def real(name: str, **choices: Any) -> Any:
    trace = read_swf(shared("traces", name))
    return workload_from_swf(trace, TraceSettings(**choices), np.random.default_rng(0))


def test_gaia() -> None:
    jobs = real("UniLu-Gaia-2014-1.swf")
    assert (jobs.num_jobs, jobs.skipped) == (51_860, {"negative run time": 127})
    assert int(np.count_nonzero(jobs.run_time > jobs.requested_time)) == pytest.approx(1500, abs=15)
    with_memory = real("UniLu-Gaia-2014-1.swf", memory="skip")
    assert with_memory.num_jobs + sum(with_memory.skipped.values()) == 51_987
    assert (with_memory.memory_kb > 0).all()


def test_metacentrum_asks_for_bytes_per_job() -> None:
    jobs = real("MetaCentrum-wagap-2013.swf.gz", memory_unit="bytes", memory_scope="job")
    assert jobs.memory_kb[0] == 1_073_742  # 64 GiB over 64 processors
    assert jobs.origin == 1_356_996_147
    assert jobs.num_jobs + sum(jobs.skipped.values()) == 17_900


def test_nasa_has_no_requested_times() -> None:
    jobs = real("NASA-iPSC-1993-3.1-cln.swf.gz")
    assert jobs.num_jobs == 18_239
    assert np.array_equal(jobs.requested_time, np.maximum(jobs.run_time, 1))


def test_hpc2n() -> None:
    jobs = real("HPC2N-alea-subset.swf")
    assert (jobs.num_jobs, jobs.skipped) == (3_145, {"negative run time": 25})


def test_large_traces_are_fast() -> None:
    num_jobs = 300_000
    rng = np.random.default_rng(0)
    fields = np.ones((num_jobs, 18))
    fields[:, 0] = np.arange(num_jobs)
    fields[:, 1] = rng.integers(0, 100_000, num_jobs)
    trace = SwfTrace("large.swf", {}, fields, np.arange(num_jobs))
    start = time.process_time()
    jobs = workload_from_swf(trace, TraceSettings(run_time="synthetic", memory="draw"), rng)
    assert time.process_time() - start < 4
    assert jobs.num_jobs == num_jobs


# Loading by name ---------------------------------------------------------------------------------------


def test_search_order_and_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for number, directory in enumerate((here, there), start=1):
        directory.mkdir()
        (directory / "a.swf").write_text(record(job=number), encoding="utf-8")
    (here / "looks.swf").write_text((SHIPPED / "learning.json").read_text("utf-8"), encoding="utf-8")
    monkeypatch.chdir(here)
    assert load_workload("a.swf").job_ids == ("1",)
    assert load_workload("a.swf", search=there).job_ids == ("2",)
    assert load_workload("looks.swf", search=there).requested_time.tolist() == [5, 5]
    assert load_workload(there / "a.swf").job_ids == ("2",)


def test_shipped_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_workload("gaia_like.swf", TraceSettings(nb_jobs=10)).num_jobs == 10
    (tmp_path / "learning").mkdir()
    assert load_workload("learning").num_jobs == 2


def test_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkloadError, match="Did you mean 'gaia_like'"):
        load_workload("gaia_lke")
    with pytest.raises(WorkloadError, match="is a directory"):
        load_workload(tmp_path)
    with pytest.raises(WorkloadError, match="is a directory"):
        load_workload("")


def test_the_package_names_what_it_offers() -> None:
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
