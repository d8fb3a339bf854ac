"""A Batsim as a scheduler sees it: it is told what to do now, and tells what happened next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hdeeprm.simulator.kernel.tables import Floats, Integers

Cores = Integers
"""Ids of cores, ascending."""


LET_THEM_BE_STARTED = (
    "test a trained agent with it, and train with hdeeprm-launch --simulator batsim, which starts one for "
    "each episode"
)
"""The cure where a Batsim that was started by hand is to run more episodes than one."""


@dataclass(frozen=True)
class EpisodeJobs:
    """The jobs of a simulation, in order of submission; jobs are named by their place here."""

    submit_time: Floats  # s since the start of the simulation, (jobs,)
    requested_cores: Integers  # (jobs,)
    work_flop: Floats  # per core, (jobs,)
    walltime: Floats  # s, infinity for none, (jobs,)

    @property
    def num_jobs(self) -> int:
        """How many there are."""
        return len(self.submit_time)


@dataclass
class Orders:
    """What a scheduler wants done at the time of the last news."""

    starts: list[tuple[int, Cores]] = field(default_factory=list)
    """Jobs to start and the cores they get, in order."""
    pstates: list[tuple[int, Cores]] = field(default_factory=list)
    """P-states and the cores that enter them, after the starts."""
    rejections: list[int] = field(default_factory=list)
    """Jobs that will not be run, before the starts."""


@dataclass
class News:
    """What happened at one time."""

    now: float  # s, as Batsim says it
    submitted: list[int] = field(default_factory=list)
    completed: list[tuple[int, bool]] = field(default_factory=list)
    """Jobs that ended, and whether they did their work within their walltime."""
    over: bool = False
    """Whether the simulation has ended."""


@dataclass(frozen=True)
class JobResults:
    """What became of the jobs, with 6 decimals, as Batsim writes it."""

    start_time: Floats  # s, NaN for a job that did not run, (jobs,)
    finish_time: Floats  # s, likewise
    energy_joules: Floats  # likewise; NaN also where it does not tell
    consumed_joules: float  # of the platform, from the first submission to the last completion; likewise


class Peer(Protocol):
    """One Batsim, which simulates one episode after another."""

    @property
    def name(self) -> str:
        """What it is, for those who read the results."""

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start a simulation; an unfinished one is given up."""

    def exchange(self, orders: Orders) -> News:
        """Have orders carried out and let time pass until something is told.

        The first exchange after :meth:`begin` has no orders. What is told may be no submission and no
        completion, where only a P-state changed, for instance.

        Raises:
            BatsimError: If it can't be done.
        """

    def results(self) -> JobResults:
        """What became of the jobs, once the news said that it is over."""

    def close(self) -> None:
        """Give up an unfinished simulation and everything it holds."""
