"""Windows of a workload: consecutive jobs that begin at 0 s."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.window import window
from hdeeprm.workloads.workload import Workload
from workload_files import record, workload_of

WHOLE = workload_of(*[record(job=10 + k, submit=100 + k * k, run=k, memory=k + 1) for k in range(9)])


def test_jobs_and_origin() -> None:
    part = window(WHOLE, 3, 2)
    assert part.job_ids == ("13", "14")
    assert part.profiles == ("job_13", "job_14")
    assert part.submit_time.tolist() == [0, 7]
    assert part.run_time.tolist() == [3, 4]
    assert part.origin == 109
    assert not part.submit_time.flags.writeable


def test_the_whole_is_a_window() -> None:
    assert_equal(window(WHOLE, 0, 9), WHOLE)


@given(st.data())
def test_a_window_of_a_window_is_a_window(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, 8))
    length = data.draw(st.integers(1, 9 - start))
    inner = data.draw(st.integers(0, length - 1))
    part = window(window(WHOLE, start, length), inner, length - inner)
    assert part.submit_time[0] == 0
    assert_equal(part, window(WHOLE, start + inner, length - inner))


@pytest.mark.parametrize(
    ("start", "length", "message"),
    [
        (0, 0, "window of length 0; give 1 to 9 jobs"),
        (-1, 2, "window of jobs -1 to 0"),
        (8, 2, "the 9 jobs are numbered 0 to 8"),
        (9, 1, "window of jobs 9 to 9"),
    ],
)
def test_out_of_range(start: int, length: int, message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        window(WHOLE, start, length)


def assert_equal(one: Workload, other: Workload) -> None:
    for item in fields(Workload):
        np.testing.assert_equal(getattr(one, item.name), getattr(other, item.name))
