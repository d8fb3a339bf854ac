"""Batsim's clock as a peer, in this process: what the real Batsim would do, without it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hdeeprm.errors import BatsimError
from hdeeprm.platforms import Platform
from hdeeprm.simgrid_versions import LATEST
from hdeeprm.simulator.kernel.processors import FLOP_PER_MFLOP
from hdeeprm.simulator.kernel.tables import Floats
from hdeeprm.workloads.batsim_fields import NO_WALLTIME

from .clock import tables
from .hardware import Hosts, Links, Settings
from .machine import Command, Machine
from .peer import EpisodeJobs, JobResults, News, Orders
from .profiles import Task
from .simgrid.units import BANDWIDTH, TIME, parse
from .simgrid.writing import IDLE_FLOPS, INITIAL_PSTATE
from .versions import VERSIONS

MILLI = 1000
NUM_PSTATES = 4
DECIMALS = 6
"""Of the times that are told, and of those that are written."""


class EmbeddedPeer:
    """Simulates episodes as a Batsim would that has the platform file of this platform.

    Args:
        platform: Where jobs run.
        simgrid: Version of SimGrid whose tolerances are followed, "3.24" or "3.29".
        start_power: What a host draws until it is first looked at after time 0: the power of its P-state
            ("pstate"), or of P-state 0 as by SimGrid 3.29 ("p0").
    """

    def __init__(self, platform: Platform, *, simgrid: str = LATEST, start_power: str = "pstate") -> None:
        self.name = f"embedded clock batsim SimGrid {simgrid}"
        self._hosts = _hosts(platform)
        self._network = _Network(platform)
        self._settings = Settings(tolerance=VERSIONS[simgrid].tolerance, charge_p0=start_power == "p0")
        self._machine: Machine | None = None
        self._jobs: EpisodeJobs | None = None

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start a simulation; an unfinished one is given up."""
        self._machine, self._jobs = Machine(self._hosts, self._network, self._settings), jobs
        self._machine.add_workload(
            jobs.submit_time, np.where(np.isfinite(jobs.walltime), jobs.walltime, NO_WALLTIME)
        )
        self._machine.begin()
        self._machine.advance()

    def _under_way(self) -> tuple[Machine, EpisodeJobs]:
        if self._machine is None or self._jobs is None:
            raise BatsimError("no simulation is under way; begin one")
        return self._machine, self._jobs

    def exchange(self, orders: Orders) -> News:
        """Have orders carried out and let time pass until something is told.

        Raises:
            BatsimError: If nothing will ever happen, or an order can't be carried out.
        """
        machine, jobs = self._under_way()
        now = _rounded(machine.now)
        for job, cores in orders.starts:
            machine.assign(job, cores, [Task(float(jobs.work_flop[job]))])
        commands = [Command(tables.REJECT, now, job) for job in orders.rejections]
        commands += [Command(tables.EXECUTE, now, job) for job, _ in orders.starts]
        commands += [Command(tables.SET_PSTATE, now, pstate, cores) for pstate, cores in orders.pstates]
        machine.reply(commands, now)
        verdict = machine.advance()
        if verdict == tables.DEADLOCK:
            raise BatsimError(
                f"nothing will happen after {machine.now:g} s: no job runs and none will arrive"
            )
        if verdict != tables.ASKING:
            raise BatsimError(
                f"at {machine.now:g} s an order can't be carried out: {commands[machine.culprit]}"
            )
        return _news(machine)

    def results(self) -> JobResults:
        """What became of the jobs, with 6 decimals."""
        machine, _ = self._under_way()
        rows, clock = machine.work.jobs[: machine.num_jobs], machine.work.clock[0]
        ran = np.isin(rows["status"], (tables.COMPLETED, tables.WALLTIME_REACHED))
        columns = (rows["start"], rows["start"] + rows["run_time"], rows["joules"])
        start, finish, joules = (np.where(ran, _all_rounded(column), np.nan) for column in columns)
        consumed = float(clock.last_completion_joules - max(0.0, clock.first_submission_joules))
        return JobResults(start, finish, joules, _rounded(consumed))

    def close(self) -> None:
        """Nothing: what a simulation holds is in this object."""


def _rounded(value: float) -> float:
    """A number as it is written with 6 decimals."""
    return float(f"{value:.{DECIMALS}f}")


def _all_rounded(values: Floats) -> Floats:
    return np.array([_rounded(value) for value in values.tolist()])


def _news(machine: Machine) -> News:
    news = News(_rounded(machine.now))
    told = machine.told
    for kind, subject in zip(told["kind"].tolist(), told["subject"].tolist(), strict=True):
        if kind == tables.JOB_SUBMITTED:
            news.submitted.append(subject)
        elif kind == tables.JOB_COMPLETED:
            status = machine.work.jobs["status"][subject]
            news.completed.append((subject, bool(status == tables.COMPLETED)))
        elif kind == tables.ENDS:
            news.over = True
    return news


def _hosts(platform: Platform) -> Hosts:
    """The cores, as the platform file has them."""
    processor = platform.core_processor
    speeds = platform.processor_mflops[processor] * FLOP_PER_MFLOP
    watts = platform.processor_milliwatts[processor].ravel() / MILLI
    return Hosts(
        np.where(speeds > 0.0, speeds, IDLE_FLOPS).ravel(),
        np.repeat(watts[:, np.newaxis], 3, axis=1),
        np.arange(platform.num_cores) * NUM_PSTATES,
        np.full(platform.num_cores, INITIAL_PSTATE),
    )


class _Network:
    """The links from cores to the server: that of the node, and that of the cluster."""

    def __init__(self, platform: Platform) -> None:
        clusters, num_nodes = platform.clusters, platform.num_nodes
        local = [clusters[cluster].link_gbps for cluster in platform.node_cluster]
        gbps = [*local, *[platform.global_link_gbps] * len(clusters)]
        self.links = Links(np.array([_bandwidth(figure) for figure in gbps]), np.zeros(len(gbps), np.bool_))
        self._node = platform.processor_node[platform.core_processor].tolist()
        self._cluster = platform.node_cluster.tolist()
        self._first_link, self._num_nodes = platform.num_cores, num_nodes
        remote = parse(platform.global_link_latency, TIME)
        self._latency = [parse(cluster.link_latency, TIME) + remote for cluster in clusters]

    def route(self, source: int, target: int) -> tuple[tuple[int, ...], float]:
        """Nothing lies between cores: jobs do not communicate."""
        return (), 0.0

    def to_server(self, host: int) -> tuple[tuple[int, ...], float]:
        """Links from a core to the server, and their latency in s."""
        node = self._node[host]
        cluster = self._cluster[node]
        links = (self._first_link + node, self._first_link + self._num_nodes + cluster)
        return links, self._latency[cluster]


@lru_cache
def _bandwidth(gbps: float) -> float:
    """Byte/s, as the figure of the platform file is read."""
    return parse(f"{gbps}Gbps", BANDWIDTH)
