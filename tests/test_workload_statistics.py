"""Statistics of workloads: fields, statistics, the summary, the figure and the command line."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.cli import jobstat, main
from hdeeprm.errors import WorkloadError
from hdeeprm.platforms import load_platform
from hdeeprm.workload_statistics import (
    FIELDS,
    STATISTICS,
    compute,
    read_job_table,
    statistic_named,
    summarise_workload,
)
from hdeeprm.workloads import TraceSettings, load_workload, read_swf

GAIA = Path(__file__).parents[2] / "shared" / "traces" / "UniLu-Gaia-2014-1.swf"

# job, submit, wait, run, allocated, cpu, used memory, cores, time, memory, status, user, ...
TRACE = """\
; MaxProcs: 4
1 100 5 60 1 -1 500 1 120 -1 1 7 -1 -1 2 -1 -1 -1
2 100 0 30 2 -1 -1 2 -1 -1 0 8 -1 -1 1 -1 -1 -1
4 300 0 -1 1 -1 -1 1 50 -1 5 8 -1 -1 1 -1 -1 -1
3 200 1 0 4 -1 -1 4 10 2000 1 7 -1 -1 1 -1 -1 -1
"""
WORKLOAD = {
    "nb_res": 4,
    "jobs": [
        {"id": "1", "subtime": 10, "res": 1, "profile": "a"},
        {"id": "2", "subtime": 15, "res": 2, "profile": "b"},
        {"id": "3", "subtime": 30, "res": 1, "profile": "a"},
    ],
    "profiles": {
        "a": {"type": "parallel_homogeneous", "com": 0, "cpu": None, "req_time": 10, "mem": 100, "mem_bw": 4},
        "b": {"type": "parallel_homogeneous", "com": 0, "cpu": None, "req_time": 40, "mem": 2.5, "mem_bw": 8},
    },
}


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.swf"
    path.write_text(TRACE, "utf-8")
    return path


@pytest.fixture
def workload(tmp_path: Path) -> Path:
    path = tmp_path / "workload.json"
    path.write_text(json.dumps(WORKLOAD), "utf-8")
    return path


# The table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("submit_time", [0, 0, 100]),
        ("interarrival_time", [0, 100]),
        ("size", [1, 2, 4]),
        ("req_time", [120, 30, 10]),  # job 2 asked for no time
        ("run_time", [60, 30, 0]),
        ("accuracy", [0.5, 0]),  # which job 2 is not in
        ("core_seconds", [60, 60, 0]),
        ("mem", [0.5, 2]),  # KB per processor
        ("wait_time", [5, 0, 1]),
        ("user", [7, 8, 7]),
        ("requested_time", [120, 10]),  # as it stands in the trace
        ("Requested-Memory", [2000]),
    ],
)
def test_fields_of_a_trace(trace: Path, field: str, values: list[float]) -> None:
    assert read_job_table(trace).known(field).tolist() == values


def test_a_trace_tells_what_it_skips_and_what_machine_it_is_from(trace: Path) -> None:
    table = read_job_table(trace)
    assert (table.num_jobs, table.num_cores, dict(table.skipped)) == (3, 4, {"negative run time": 1})
    assert read_job_table(trace, TraceSettings(nb_jobs=2)).known("size").tolist() == [1, 2]


def test_memory_has_the_unit_and_the_scope_that_are_given(trace: Path) -> None:
    settings = TraceSettings(memory_unit="MB", memory_scope="job")
    assert read_job_table(trace, settings).known("mem").tolist() == [500, 500]  # 2000 MB of 4 cores


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("submit_time", [0, 5, 20]),
        ("size", [1, 2, 1]),
        ("req_time", [10, 40, 10]),
        ("requested_time", [10, 40, 10]),
        ("mem", [100, 2.5, 100]),
        ("mem_bw", [4, 8, 4]),
        ("bandwidth", [4, 8, 4]),
    ],
)
def test_fields_of_a_json_workload(workload: Path, field: str, values: list[float]) -> None:
    assert read_job_table(workload).known(field).tolist() == values


def test_columns_are_those_of_the_jobs_that_a_run_takes() -> None:
    ours, run = read_job_table("gaia_like.swf"), load_workload("gaia_like.swf")
    np.testing.assert_array_equal(ours.columns["submit_time"], run.submit_time)
    np.testing.assert_array_equal(ours.columns["size"], run.requested_cores)
    np.testing.assert_array_equal(ours.columns["run_time"], run.run_time)
    np.testing.assert_allclose(ours.columns["mem"] * 1000, run.memory_kb, rtol=1e-12)


def test_a_packed_trace_is_read(trace: Path) -> None:
    packed = trace.with_suffix(".swf.gz")
    packed.write_bytes(gzip.compress(trace.read_bytes()))
    assert read_job_table(packed).known("size").tolist() == [1, 2, 4]


# Statistics ------------------------------------------------------------------------------------------------


def test_statistics_by_hand() -> None:
    values = np.array([1.0, 1.0, 4.0, 10.0])
    found = {name: compute(values, name) for name in (*STATISTICS, "p25", "p100")}
    assert found == {
        "count": 4,
        "unique": 3,
        "sum": 16,
        "mean": 4,
        "std": pytest.approx(math.sqrt(13.5)),
        "min": 1,
        "median": 2.5,
        "max": 10,
        "p25": 1,
        "p100": 10,
    }


numbers = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40).map(np.array)


@given(numbers, st.floats(0, 100).map(lambda part: round(part, 3)))
def test_statistics_are_in_order(values: np.ndarray[Any, np.dtype[np.float64]], part: float) -> None:
    least, most = compute(values, "min"), compute(values, "max")
    tolerance = 1e-6 * max(abs(least), abs(most), 1e-3)
    for name in ("mean", "median", f"p{part:f}"):
        assert least - tolerance <= compute(values, name) <= most + tolerance
    assert compute(values, "p50") == pytest.approx(compute(values, "median"), abs=tolerance)
    assert compute(values, "sum") == pytest.approx(compute(values, "mean") * len(values), abs=tolerance * 40)


@pytest.mark.parametrize("name", ["p101", "p-1", "p", "average", "P95", "p1e1"])
def test_unknown_statistics(name: str) -> None:
    with pytest.raises(WorkloadError, match=r"is not known; one of count, .*p0 to p100"):
        statistic_named(name)


# The summary -----------------------------------------------------------------------------------------------


def test_summary_by_hand(trace: Path) -> None:
    summary = summarise_workload(read_job_table(trace))
    assert summary.facts == {
        "jobs": 3,
        "days": 100 / 86400,
        "serial_jobs": 1 / 3,
        "power_of_two_jobs": 2 / 3,
        "users": 2,
        "cores": 4,
        "offered_load": 120 / (4 * 100),
    }
    assert "mem_bw" not in summary.fields
    assert summary.fields["mem"]["mean"] == 1.25


def test_a_platform_tells_its_load_and_what_it_cannot_hold(workload: Path, tmp_path: Path) -> None:
    content = json.loads(json.dumps(WORKLOAD))
    content["profiles"]["b"]["mem"] = 64_000  # a node of the platform has 32,000
    workload.write_text(json.dumps(content), "utf-8")
    facts = summarise_workload(read_job_table(workload), load_platform("learning")).facts
    assert facts["jobs_that_do_not_fit"] == 1
    assert facts["offered_load"] == (10 + 80 + 10) / (4 * 20)


@pytest.mark.skipif(not GAIA.is_file(), reason="needs the trace of Gaia")
def test_summary_of_gaia_is_that_of_its_fields() -> None:
    table, raw = read_job_table(GAIA), read_swf(GAIA)
    summary = summarise_workload(table)
    ran = raw.field(4) >= 0
    assert summary.facts["jobs"] + sum(summary.skipped.values()) == raw.num_records
    assert summary.facts["cores"] == 2004
    assert summary.fields["run_time"]["p99"] == pytest.approx(np.percentile(raw.field(4)[ran], 99))


# The command line ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statistic", "shown"), [("min", "10"), ("max", "40"), ("mean", "20"), ("median", "10"), ("p95", "37")]
)
def test_one_statistic_is_a_bare_number(
    workload: Path, statistic: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jobstat([str(workload), "req_time", statistic]) == 0
    assert capsys.readouterr().out == f"{shown}\n"


def test_all_statistics_of_a_field(workload: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobstat", str(workload), "size"]) == 0
    assert "count: 3\nunique: 2\nsum: 4\n" in capsys.readouterr().out


def test_some_statistics_as_json(workload: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert jobstat([str(workload), "mem", "max", "count", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content == {"workload": "workload.json", "field": "mem", "max": 100, "count": 3}


def test_the_summary_shows_every_field_whole(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert jobstat([str(trace), "--platform", "learning"]) == 0
    shown = capsys.readouterr().out
    for text in (*(set(FIELDS) - {"mem_bw"}), "offered load: 0.300", "negative run time: 1", "hold: 0"):
        assert text in shown
    assert "…" not in shown
    assert jobstat([str(trace), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["skipped"] == {"negative run time": 1}
    assert content["fields"]["size"]["max"] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wait"], "field 'wait' is not known; one of submit_time, "),
        (["runtime"], "Did you mean 'run_time'?"),
        (["mem_bw"], "trace.swf records none. SWF has no bandwidth, a run draws it"),
        (["think_time"], "trace.swf records none."),
        (["size", "p999"], "statistic 'p999' is not known"),
        (["--memory-unit", "GB"], "memory_unit: 'GB' is not known"),
        (["--platform", "gaja"], "Did you mean 'gaia'?"),
        (["-s", "out.jpg"], "out.jpg: a file ending in .svg, .png, .pdf is wanted."),
    ],
)
def test_bad_arguments(
    trace: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jobstat([str(trace), *arguments]) in (1, 2)
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_bad_workloads(workload: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert jobstat([str(workload), "user"]) == 1
    assert "only SWF traces have it, workload.json is a Batsim JSON workload" in capsys.readouterr().err
    unusable = tmp_path / "unusable.swf"
    unusable.write_text("1 0 0 -5 1 -1 -1 1 5" + " -1" * 9 + "\n2 0 0 5 0 -1 -1 0 5" + " -1" * 9, "utf-8")
    assert jobstat([str(unusable)]) == 1
    said = capsys.readouterr().err
    assert "no job is left of 2 records: 1 with negative run time, 1 with no processors" in said
    assert jobstat([str(tmp_path / "gone.swf")]) == 1
    assert "no such workload file" in capsys.readouterr().err


# The figure ------------------------------------------------------------------------------------------------


@pytest.fixture
def draw() -> Callable[..., Any]:
    pytest.importorskip("matplotlib")
    from hdeeprm.workload_statistics import figure

    return lambda path, *field: (figure.draw_field if field else figure.draw_workload)(
        read_job_table(path), *field
    )


def test_the_figure_holds_every_job(draw: Callable[..., Any]) -> None:
    figure = draw("gaia_like.swf")
    panels = {axes.get_title().partition(":")[0]: axes for axes in figure.axes if axes.get_title()}
    assert set(panels) == {"submissions", "size", "run_time", "accuracy", "mem", "size and run time"}
    table = read_job_table("gaia_like.swf")
    for field in ("size", "run_time", "accuracy"):
        heights = [bar.get_height() for bar in panels[field].patches]
        assert sum(heights) == np.count_nonzero(table.known(field))
    assert sum(bar.get_height() for bar in panels["submissions"].patches) == table.num_jobs
    (mesh,) = panels["size and run time"].collections
    assert mesh.get_array().sum() == np.count_nonzero(table.known("run_time"))


def test_the_curve_is_the_part_of_the_jobs_up_to_there(trace: Path, draw: Callable[..., Any]) -> None:
    left, right = draw(trace, "size").axes
    assert left.get_xlabel() == "size (cores)"
    (curve,) = right.lines
    assert curve.get_xdata().tolist() == [1, 1, 2, 4]
    np.testing.assert_allclose(curve.get_ydata(), [0, 100 / 3, 200 / 3, 100])


def test_wide_fields_are_drawn_on_a_logarithmic_axis_without_zeros(
    tmp_path: Path, draw: Callable[..., Any]
) -> None:
    path = tmp_path / "wide.swf"
    line = "{0} {0} 0 {1} 1 -1 -1 1 500 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
    path.write_text("".join(line.format(job, run) for job, run in enumerate((0, 0, 1, 50, 400))), "utf-8")
    left, right = draw(path, "run_time").axes
    assert left.get_xscale() == "log"
    assert left.get_title() == "run_time: 5 jobs, 2 with 0 not drawn"
    assert sum(bar.get_height() for bar in left.patches) == 3
    assert right.lines[0].get_ydata()[1] == 60  # the zeros and the job of 1 s, of five


def test_what_is_not_recorded_says_so(trace: Path, tmp_path: Path, draw: Callable[..., Any]) -> None:
    path = tmp_path / "poor.swf"
    path.write_text("1 0 0 5 1 -1 -1 1 -1" + " -1" * 9, "utf-8")
    texts = [text.get_text() for axes in draw(path).axes for text in axes.texts]
    assert texts == ["no accuracy recorded", "no mem recorded"]


def test_a_job_of_one_instant_can_be_drawn(workload: Path, draw: Callable[..., Any]) -> None:
    content = {**WORKLOAD, "jobs": WORKLOAD["jobs"][:1]}  # type: ignore[index]
    workload.write_text(json.dumps(content), "utf-8")
    assert draw(workload).axes


def test_a_figure_is_written_with_the_same_bytes(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out.svg"
    assert jobstat([str(trace), "-s", str(out)]) == 0
    assert capsys.readouterr().out.endswith(f"{out}\n")
    first = out.read_bytes()
    assert jobstat([str(trace), "-s", str(out), "--json"]) == 0
    assert out.read_bytes() == first
    assert json.loads(capsys.readouterr().out)
    assert jobstat([str(trace), "-s", str(tmp_path / "gone" / "out.svg")]) == 1
