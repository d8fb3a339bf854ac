"""The files of a run: byte for byte on a case worked out by hand, and against what the real Batsim wrote."""

from __future__ import annotations

import csv
import gzip
import json
import math
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import GoldenRun
from hdeeprm import __version__
from hdeeprm.errors import RunDirectoryError, SimulationError
from hdeeprm.metrics import METRICS, JobRecords, summarise
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.results import RunDirectory, WallTimes, job_records, read_jobs, write_results
from hdeeprm.results.jobs_csv import COLUMNS, jobs_csv, reported
from hdeeprm.results.logs import decisions_csv, oversubscriptions_csv, rewards_csv, shortages_csv
from hdeeprm.results.placements import as_text, last_use, merge
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.kernel.tables import DECISION_RECORD
from hdeeprm.simulator.protocol import BlockedBy
from strategies import make_workload
from workload_files import shared

FIRST_HIGH_GFLOPS = (1, 1)
PLACEMENT = [("job", "i8"), ("first_core", "i8"), ("last_core", "i8")]
OVERSUBSCRIPTION = [("processor", "i8"), ("start", "f8"), ("end", "f8")]
WALL = WallTimes(simulation=2.5, scheduling=0.25)
ENERGY_TOLERANCE = 1e-4  # J; Batsim's own rounding
TIME_TOLERANCE = 2.5e-6  # s; Batsim answers at times rounded to 6 decimals

RESULTS = [
    "decisions.csv",
    "metrics.json",
    "out_jobs.csv",
    "out_schedule.csv",
    "over_utilization_core.csv",
    "over_utilization_mem.csv",
    "over_utilization_mem_bw.csv",
    "rewards.csv",
    "run.json",
    "versions.json",
]


def text(blocks: Iterable[str]) -> str:
    return "".join(blocks)


def two_cores() -> Platform:
    """One processor of two cores, each of 1 Gflop/s and 10 W, 2.5 W while only the other one is active."""
    link = {"type": "InfiniBand QDR", "latency": "0us"}
    processor = {
        "cores": 2,
        "clock_ghz": 1.0,
        "flop_per_cycle": 1.0,
        "power_watts": 20.0,
        "bandwidth_gb_per_s": 4.0,
    }
    node = {"processors": [{"type": "processor", "number": 1}], "memory_gb": 1.0}
    return load_platform(
        {
            "clusters": [{"id": "c", "nodes": [{"type": "node", "number": 1}], "local_links": link}],
            "global_links": link,
            "types": {"processors": {"processor": processor}, "nodes": {"node": node}},
        }
    )


JOBS: list[dict[str, Any]] = [
    {"requested_cores": 2, "run_time": 10.0},  # 0 to 10
    {"run_time": 5.0, "walltime": 3.0, "bandwidth_mb_per_s": 5000},  # 10 to 13: killed, over-subscribed
    {"submit_time": 1.0, "requested_cores": 3},  # rejected
    {"submit_time": 2.0, "run_time": 0.0},  # 10: no work
]


def simulated(
    platform: Platform | None = None, first_job: int = 0, **changes: Any
) -> tuple[EmbeddedSimulator, Any]:
    """A simulation under first-high_gflops that is over, and its decisions."""
    settings = {"workload": make_workload(JOBS), "recording": True} | changes
    simulator = EmbeddedSimulator(platform or two_cores(), **settings)
    simulator.reset(first_job)
    decisions = []
    while not simulator.over:
        decisions.append(simulator.run(FIRST_HIGH_GFLOPS, 1000))
    return simulator, np.concatenate(decisions)


def written(path: Path, simulator: EmbeddedSimulator, decisions: Any) -> tuple[Path, dict[str, float]]:
    """A run directory with the results."""
    directory = RunDirectory.create(path)
    actions = np.zeros(len(decisions), np.int64)
    metrics = write_results(directory, simulator, decisions, actions, ["first-high_gflops"], WALL)
    directory.finish("complete")
    return path, metrics


# By hand -------------------------------------------------------------------------------------------------


def test_jobs_by_hand(tmp_path: Path) -> None:
    path, _ = written(tmp_path, *simulated())
    assert (path / "out_jobs.csv").read_text().splitlines() == [
        ",".join(COLUMNS),
        '00002,w0,00002,1.000000,3,-1.000000,0,REJECTED,,,,,,,,,""',
        "00000,w0,00000,0.000000,2,-1.000000,1,COMPLETED_SUCCESSFULLY,"
        '0.000000,10.000000,10.000000,0.000000,10.000000,1.000000,0-1,200.000000,""',
        "00003,w0,00003,2.000000,1,-1.000000,1,COMPLETED_SUCCESSFULLY,"
        '10.000000,0.000010,10.000010,8.000000,8.000010,800001.000000,1,0.000000,""',
        "00001,w0,00001,0.000000,1,3.000000,0,COMPLETED_WALLTIME_REACHED,"
        '10.000000,3.000000,13.000000,10.000000,13.000000,4.333333,0,30.000000,""',
    ]


def test_schedule_by_hand(tmp_path: Path) -> None:
    simulator, decisions = simulated()
    path, _ = written(tmp_path, simulator, decisions)
    header, row = (path / "out_schedule.csv").read_text().splitlines()
    commands, changes = simulator.num_pstate_changes
    assert dict(zip(header.split(","), row.split(","), strict=True)) == {
        "batsim_version": f"hdeeprm {__version__} embedded",
        "consumed_joules": "237.500000",  # 10 s at 20 W, 3 s at 12.5 W
        "makespan": "13.000000",
        "max_slowdown": "800001.000000",
        "max_turnaround_time": "13.000000",
        "max_waiting_time": "10.000000",
        "mean_slowdown": f"{(1 + 13 / 3 + 800001) / 4:.6f}",
        "mean_turnaround_time": f"{31.00001 / 4:.6f}",
        "mean_waiting_time": "4.500000",
        "nb_computing_machines": "2",
        "nb_grouped_switches": str(commands),
        "nb_jobs": "4",
        "nb_jobs_finished": "3",
        "nb_jobs_killed": "1",
        "nb_jobs_rejected": "1",
        "nb_jobs_success": "2",
        "nb_machine_switches": str(changes),
        "scheduling_time": "0.250000",
        "simulation_time": "2.500000",
        "success_rate": "0.500000",
        "time_computing": "23.000010",
        "time_idle": "0.000000",
        "time_sleeping": "0.000000",
        "time_switching_off": "0.000000",
        "time_switching_on": "0.000000",
        "time_unavailable": "0.000000",
    }
    assert header.split(",") == sorted(header.split(","))


def test_logs_by_hand(tmp_path: Path) -> None:
    path, metrics = written(tmp_path, *simulated())
    assert sorted(file.name for file in path.iterdir()) == RESULTS
    assert (path / "over_utilization_core.csv").read_text() == "time\n0.0\n1.0\n2.0\n"
    assert (path / "over_utilization_mem.csv").read_text() == "time\n"
    assert (path / "over_utilization_mem_bw.csv").read_text() == "processor,start,duration\n0,10.0,3.0\n"
    decisions = (path / "decisions.csv").read_text().splitlines()
    assert decisions[0] == "decision,time,action,action_name,num_waiting,num_started,blocked_by,reward"
    assert [line.rpartition(",")[0] for line in decisions[1:]] == [
        "0,0.0,0,first-high_gflops,2,1,core",
        "1,1.0,0,first-high_gflops,1,0,core",
        "2,2.0,0,first-high_gflops,2,0,core",
        "3,10.0,0,first-high_gflops,2,2,nothing",
    ]
    stored = json.loads((path / "metrics.json").read_text())
    assert stored == metrics
    assert list(stored) == sorted(METRICS)


def test_decisions_read_back_exactly() -> None:
    rows = [(0.1 + 0.2, 3, 1, BlockedBy.core, -1 / 3), (1e22, 2, 0, BlockedBy.mem, -0.0)]
    decisions = np.array(rows, DECISION_RECORD)
    assert text(decisions_csv(decisions, np.array([1, 0]), ["a,b", "void"])) == (
        "decision,time,action,action_name,num_waiting,num_started,blocked_by,reward\n"
        "0,0.30000000000000004,1,void,3,1,core,-0.3333333333333333\n"
        '1,1e+22,0,"a,b",2,0,mem,-0.0\n'
    )
    assert text(rewards_csv(decisions)) == "decision,reward\n0,-0.3333333333333333\n1,-0.0\n"
    assert text(shortages_csv(decisions, BlockedBy.core)) == "time\n0.30000000000000004\n"
    assert text(shortages_csv(decisions, BlockedBy.mem)) == "time\n1e+22\n"
    assert text(rewards_csv(decisions[:0])) == "decision,reward\n"


def test_oversubscriptions_keep_their_order() -> None:
    log = np.array([(2, 1.5, 2.0), (1, 0.0, 3.0), (0, 1.5, 4.0)], OVERSUBSCRIPTION)
    assert text(oversubscriptions_csv(log)) == "processor,start,duration\n2,1.5,0.5\n1,0.0,3.0\n0,1.5,2.5\n"


def test_versions(tmp_path: Path) -> None:
    path, _ = written(tmp_path, *simulated())
    found = json.loads((path / "versions.json").read_text())
    assert found["hdeeprm"] == __version__
    assert {"python", "platform", "numpy", "numba", "gymnasium"} <= set(found)


# Episodes, broken-off runs, repeats ----------------------------------------------------------------------


def test_an_episode_within_the_workload(tmp_path: Path) -> None:
    simulator, decisions = simulated(first_job=2)
    path, metrics = written(tmp_path, simulator, decisions)
    jobs = read_jobs(path / "out_jobs.csv")
    assert jobs.job_ids == ("00002", "00003")
    assert jobs.submit_time.tolist() == [0, 1]  # 1 and 2 s in the workload
    assert (metrics["num_jobs"], metrics["num_rejected"]) == (2, 1)


def test_a_broken_off_run(tmp_path: Path) -> None:
    simulator = EmbeddedSimulator(two_cores(), make_workload(JOBS), recording=True)
    simulator.reset()
    decisions = simulator.run(FIRST_HIGH_GFLOPS, 1)
    path, metrics = written(tmp_path, simulator, decisions)
    assert len((path / "out_jobs.csv").read_text().splitlines()) == 1 + 1  # the rejected job
    assert (metrics["num_unfinished"], metrics["num_rejected"]) == (3, 1)
    stored = json.loads((path / "metrics.json").read_text())
    assert stored["makespan"] is stored["mean_slowdown"] is None
    (schedule,) = csv.DictReader((path / "out_schedule.csv").read_text().splitlines())
    assert (schedule["nb_jobs"], schedule["makespan"], schedule["mean_slowdown"]) == (
        "1",
        "0.000000",
        "0.000000",
    )


def test_placements_must_have_been_recorded(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="recording=True"):
        written(tmp_path, *simulated(recording=False))


def test_same_simulation_same_bytes(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, *simulated())[0] for name in "ab")
    for name in RESULTS:
        if name != "run.json":
            assert (first / name).read_bytes() == (second / name).read_bytes()


# Reading -------------------------------------------------------------------------------------------------


def test_jobs_read_back(tmp_path: Path) -> None:
    simulator, decisions = simulated()
    path, metrics = written(tmp_path, simulator, decisions)
    jobs = read_jobs(path / "out_jobs.csv")
    assert jobs.job_ids == ("00002", "00000", "00003", "00001")
    assert jobs.walltime.tolist() == [math.inf, math.inf, math.inf, 3]
    again = summarise(jobs, 2, simulator.energy_joules)
    assert again == pytest.approx(metrics, rel=1e-5)
    packed = tmp_path / "out_jobs.csv.gz"
    packed.write_bytes(gzip.compress((path / "out_jobs.csv").read_bytes()))
    assert read_jobs(packed).job_ids == jobs.job_ids


def test_awkward_names_and_no_jobs(tmp_path: Path) -> None:
    jobs = job_records(simulated()[0])
    odd = JobRecords(('a,b"c', *jobs.job_ids[1:]), *(getattr(jobs, name) for name in list(vars(jobs))[1:]))
    file = tmp_path / "out_jobs.csv"
    file.write_text(text(jobs_csv(reported(odd, ("p,q",) * 4, ["0-1"] * 4), np.arange(4))))
    assert read_jobs(file).job_ids == odd.job_ids
    file.write_text(text(jobs_csv(reported(odd, ("p",) * 4, [""] * 4), np.arange(0))))
    assert read_jobs(file).num_jobs == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1: no column job_id"),
        (b"job_id,profile\n", "1: no column workload_name"),
        (",".join(COLUMNS).encode() + b"\n1,w0\n", "2: not a job"),
        (",".join(COLUMNS).encode() + b"\n" + b"x," * 17 + b"\n", "2: not a job: could not convert"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "out_jobs.csv"
    file.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=message):
        read_jobs(file)
    with pytest.raises(RunDirectoryError, match="No such file"):
        read_jobs(tmp_path / "other.csv")


# Which cores ---------------------------------------------------------------------------------------------


def test_intervals_that_touch_are_joined() -> None:
    rows = [(1, 64, 95), (0, 7, 7), (1, 32, 63), (0, 0, 3), (1, 97, 97), (3, 0, 0), (1, 98, 98)]
    assert as_text(merge(np.array(rows, PLACEMENT)), 4) == ["0-3 7", "32-95 97-98", "", "0"]
    assert as_text(merge(np.array([], PLACEMENT)), 2) == ["", ""]


def pieces(cores: set[int]) -> list[tuple[int, int]]:
    """Intervals of cores, cut at every multiple of 32."""
    ends = [core for core in sorted(cores) if core + 1 not in cores or (core + 1) % 32 == 0]
    starts = [core for core in sorted(cores) if core - 1 not in cores or core % 32 == 0]
    return list(zip(starts, ends, strict=True))


def numbers(text: str) -> set[int]:
    bounds = [part.split("-") for part in text.split()]
    return {core for ends in bounds for core in range(int(ends[0]), int(ends[-1]) + 1)}


@given(st.lists(st.sets(st.integers(0, 130)), max_size=6), st.randoms())
def test_any_placements(jobs: list[set[int]], random: Any) -> None:
    rows = [(job, *piece) for job, cores in enumerate(jobs) for piece in pieces(cores)]
    random.shuffle(rows)
    intervals = merge(np.array(rows, PLACEMENT))
    texts = as_text(intervals, len(jobs))
    assert [numbers(text) for text in texts] == jobs
    for text, cores in zip(texts, jobs, strict=True):
        assert len(text.split()) == sum(core - 1 not in cores for core in cores)  # none could be joined
    finish = np.array([math.nan if random.random() < 0.2 else random.randint(0, 9) for _ in jobs], np.float64)
    ends = [[time for time, cores in zip(finish, jobs, strict=True) if core in cores] for core in range(131)]
    expected = [max([0, *(time for time in times if time >= 0)]) for times in ends]
    assert last_use(intervals, finish, 131).tolist() == expected


# The real Batsim -----------------------------------------------------------------------------------------


def compare(path: Path, name: str, tolerance: float) -> None:
    """Every cell of out_jobs.csv is what Batsim wrote, energies and times within tolerances, in any order."""
    with gzip.open(shared("golden", "runs", name, "out_jobs.csv.gz"), "rt", newline="") as file:
        theirs = {row["job_id"]: row for row in csv.DictReader(file)}
    with open(path / "out_jobs.csv", newline="") as file:
        ours = {row["job_id"]: row for row in csv.DictReader(file)}
    assert ours.keys() == theirs.keys()
    for job, row in ours.items():
        for column, cell in row.items():
            other = theirs[job][column]
            near = ENERGY_TOLERANCE if column == "consumed_energy" else tolerance
            assert cell == other or float(cell) == pytest.approx(float(other), rel=0, abs=near), (job, column)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("learning60_first-high_gflops", TIME_TOLERANCE), ("pik_hpc2n_300_first-high_gflops", 0.0)],
)
def test_like_the_real_batsim(tmp_path: Path, name: str, tolerance: float) -> None:
    folder = shared("golden", "runs", name)
    run = GoldenRun(name)
    assert run.pair == FIRST_HIGH_GFLOPS
    path, _ = written(tmp_path, *simulated(run.platform, workload=run.workload))
    compare(path, name, tolerance)
    (ours,) = csv.DictReader((path / "out_schedule.csv").read_text().splitlines())
    (theirs,) = csv.DictReader((folder / "out_schedule.csv").read_text().splitlines())
    assert ours.keys() == theirs.keys()
    # Versions and wall times; energy, as Batsim charges idle cores at full power until their first use; and
    # P-state switches, of which the original left some out.
    differing = {"batsim_version", "scheduling_time", "simulation_time", "consumed_joules"}
    for column in ours.keys() - differing:
        assert float(ours[column]) == pytest.approx(float(theirs[column]), rel=1e-9, abs=1e-5), column


@pytest.mark.parametrize("name", ["E9_walltime", "G7_zero"])
def test_batsims_own_files_are_read(name: str) -> None:
    folder = shared("golden", "micro", name)
    jobs = read_jobs(folder / "out_jobs.csv")
    (schedule,) = csv.DictReader((folder / "out_schedule.csv").read_text().splitlines())
    summary = summarise(jobs, int(schedule["nb_computing_machines"]), float(schedule["consumed_joules"]))
    assert summary["num_killed"] == int(schedule["nb_jobs_killed"])
    for ours, theirs in [
        ("makespan", "makespan"),
        ("mean_slowdown", "mean_slowdown"),
        ("max_wait_time", "max_waiting_time"),
        ("mean_turnaround_time", "mean_turnaround_time"),
    ]:
        assert summary[ours] == pytest.approx(float(schedule[theirs]), abs=1e-6)


# A full disk ---------------------------------------------------------------------------------------------

FILL = """
import resource, sys
from pathlib import Path
from hdeeprm.errors import RunDirectoryError
from hdeeprm.results import RunDirectory

directory = RunDirectory.create(sys.argv[1])
directory.write("metrics.json", "old")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    directory.write("metrics.json", "new" * 100_000)
except RunDirectoryError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [0, 1000, 100_000])
def test_nothing_is_left_half_written(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path), str(limit)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(
        f"{path / 'metrics.json'} cannot be written: File too large; raise the limit"
    )
    assert "choose another place" in done.stdout
    assert sorted(file.name for file in path.iterdir()) == ["metrics.json", "run.json"]
    assert (path / "metrics.json").read_text() == "old"


def test_no_run_is_left_where_its_mark_does_not_fit(tmp_path: Path) -> None:
    script = FILL.replace(
        "directory = Run", "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\ndirectory = Run"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run"), "10"], capture_output=True, text=True
    )
    assert "RunDirectoryError" in done.stderr
    assert not any((tmp_path / "run").iterdir())


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path)
    directory.write("losses.csv", "old")
    with pytest.raises(KeyboardInterrupt), directory.open("losses.csv") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert (tmp_path / "losses.csv").read_text() == "old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["losses.csv", "run.json"]
