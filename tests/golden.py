"""Recorded runs of the original HDeepRM under the real Batsim, and how they are played again."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.workloads import Workload, load_workload

GOLDEN = Path(__file__).parents[2] / "shared" / "golden"
VOID = (-1, -1)
ROUNDING = 1e-6
"""Batsim writes times with 6 decimals."""

JOB_SELECTIONS = ("random", "first", "shortest", "smallest", "low_mem", "low_mem_bw")
CORE_SELECTIONS = ("random", "high_gflops", "high_cores", "high_mem", "high_mem_bw", "low_power")


@dataclass(frozen=True)
class Outcome:
    """What Batsim wrote of a job that ran."""

    start: float
    finish: float
    cores: list[int]
    energy_joules: float
    final_state: str


@dataclass(frozen=True)
class Placement:
    """A job that the scheduler started: when, and on which cores."""

    time: float
    job: int
    cores: list[int]


def parse_cores(text: str) -> list[int]:
    """Core ids of "0-3 7"."""
    ends = (interval.split("-") for interval in text.split())
    return [core for bounds in ends for core in range(int(bounds[0]), int(bounds[-1]) + 1)]


def read_text(path: Path) -> str:
    """The content of a file, packed or not."""
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


def read_jobs(path: Path) -> dict[str, Outcome]:
    """Outcome per job id; rejected jobs are left out."""
    return {
        row["job_id"]: Outcome(
            start=float(row["starting_time"]),
            finish=float(row["finish_time"]),
            cores=parse_cores(row["allocated_resources"]),
            energy_joules=float(row["consumed_energy"]),
            final_state=row["final_state"],
        )
        for row in csv.DictReader(read_text(path).splitlines())
        if row["starting_time"]
    }


class GoldenRun:
    """One recorded run."""

    def __init__(self, name: str) -> None:
        self.folder = GOLDEN / "runs" / name
        self.options = json.loads(read_text(self.folder / "options.json"))

    @cached_property
    def platform(self) -> Platform:
        """The shipped platform of the same name."""
        return load_platform(self.options["platform_file_path"].removesuffix(".json"))

    @cached_property
    def workload(self) -> Workload:
        """The jobs."""
        return load_workload(self.folder / "workload.json.gz")

    @cached_property
    def job_index(self) -> dict[str, int]:
        """Index of a job by its id."""
        return {name: index for index, name in enumerate(self.workload.job_ids)}

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """Outcome of each job in the order of the workload."""
        jobs = read_jobs(self.folder / "out_jobs.csv.gz")
        return [jobs[name] for name in self.workload.job_ids]

    @property
    def pair(self) -> tuple[int, int]:
        """The job selection and the core selection, counted as the kernel does."""
        (selection,) = self.options["pybatsim"]["env"]["actions"]["selection"]
        ((job_selection, (core_selection,)),) = selection.items()
        return JOB_SELECTIONS.index(job_selection), CORE_SELECTIONS.index(core_selection)

    @cached_property
    def steps(self) -> list[dict[str, float]]:
        """A row per decision: time, number of waiting jobs before it."""
        rows = csv.DictReader(read_text(self.folder / "steps.csv.gz").splitlines())
        return [{name: float(value) for name, value in row.items()} for row in rows]

    @cached_property
    def observations(self) -> np.ndarray:
        """Observation of each decision, shape (decisions, size)."""
        with gzip.open(self.folder / "obs.npy.gz") as file:
            return np.asarray(np.load(file))

    def placements(self) -> Iterator[Placement]:
        """What the scheduler started, in order."""
        for line in read_text(self.folder / "messages.jsonl.gz").splitlines():
            if line[0] != ">":
                continue
            for event in json.loads(line[1:])["events"]:
                if event["type"] == "EXECUTE_JOB":
                    name = event["data"]["job_id"].split("!")[1]
                    cores = parse_cores(event["data"]["alloc"])
                    yield Placement(event["timestamp"], self.job_index[name], cores)

    def simulator(self) -> EmbeddedSimulator:
        """A simulator before the first decision."""
        simulator = EmbeddedSimulator(self.platform, self.workload, recording=True)
        simulator.reset()
        return simulator

    def decide(self) -> EmbeddedSimulator:
        """The run as the simulator decides it by the same pair."""
        simulator = self.simulator()
        while not simulator.over:
            simulator.run(self.pair, limit=1000)
        return simulator

    def replay(self, look: Callable[[EmbeddedSimulator], None] = lambda simulator: None) -> EmbeddedSimulator:
        """The run as the recorded scheduler decided it; ``look`` sees the state before each decision."""
        simulator = self.simulator()
        look(simulator)
        for placement in self.placements():
            while not self._may_place(simulator, placement):
                simulator.run(VOID)
                look(simulator)
        while not simulator.over:
            simulator.run(VOID)
        return simulator

    @staticmethod
    def _may_place(simulator: EmbeddedSimulator, placement: Placement) -> bool:
        """Place a job at its recorded time; not where an event comes before or its cores are taken."""
        try:
            simulator.place(placement.job, np.array(placement.cores), placement.time)
        except SimulationError:
            return False
        return True


def cores_of_jobs(simulator: EmbeddedSimulator) -> dict[int, list[int]]:
    """Cores of every job that has started, sorted."""
    cores: dict[int, list[int]] = {}
    for job, first, last in simulator.placements().tolist():
        cores.setdefault(job, []).extend(range(first, last + 1))
    return {job: sorted(ids) for job, ids in cores.items()}
