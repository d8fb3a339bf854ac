"""Many simulations side by side, moved in one compiled call."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .embedded import EmbeddedSimulator
from .kernel import batch, tables
from .kernel.batch import DISABLED, NEXT_STEP, SAME_STEP
from .layout import random_stream, row, side_by_side
from .protocol import Records

__all__ = ["DISABLED", "NEXT_STEP", "SAME_STEP", "SimulatorBatch"]

ROWS_PER_THREAD = 64
"""Rows below which a thread of their own costs more than it gains."""


class SimulatorBatch:
    """N simulations of episodes of one workload on one platform, in rows of common arrays.

    What the last reset or step has brought stands in the arrays of :attr:`view`, which the next one
    overwrites: ``observations``, ``masks``, ``outcomes`` (reward, over, now, num_waiting, num_running,
    num_ended, invalid_actions) and, of the episodes that ended, ``final_observations``, ``final_masks``,
    ``final_outcomes`` and ``summaries``.

    Args:
        platform: Where jobs run.
        workload: The jobs.
        num_simulations: How many simulations there are.
        codes: Job selection and core selection of each action, int64, shape (actions, 2).
        observation: Kind of observation that the kernel writes, -1 for none, and its number of values.
        settings: As of :class:`EmbeddedSimulator`, but nothing is recorded.

    Raises:
        SimulationError: If a recording is asked for.
    """

    def __init__(
        self,
        platform: Platform,
        workload: Workload,
        num_simulations: int,
        codes: tables.Integers,
        observation: tuple[int, int],
        **settings: Any,
    ) -> None:
        if settings.get("recording"):
            raise SimulationError("simulations side by side keep no logs; record in one alone")
        one = self._one(platform, workload, settings)
        self.tables = side_by_side(one.tables, num_simulations)
        self._fill_rows(one)
        self._threads: ThreadPoolExecutor | None = None
        self.num_threads = max(1, min(len(os.sched_getaffinity(0)), num_simulations // ROWS_PER_THREAD))
        shape = (num_simulations, observation[1])
        masks = (num_simulations, len(codes))
        self.view = batch.View(
            codes=codes,
            kind=observation[0],
            job_limits=one.job_limits,
            observations=np.zeros(shape, np.float32),
            final_observations=np.zeros(shape, np.float32),
            masks=np.zeros(masks, np.int8),
            outcomes=np.zeros(num_simulations, tables.OUTCOME),
            final_masks=np.zeros(masks, np.int8),
            final_outcomes=np.zeros(num_simulations, tables.OUTCOME),
            summaries=np.zeros(num_simulations, tables.SUMMARY),
        )

    def _one(self, platform: Platform, workload: Workload, settings: dict[str, Any]) -> EmbeddedSimulator:
        """A simulator such as those in the rows."""
        return EmbeddedSimulator(platform, workload, **settings)

    def _fill_rows(self, one: EmbeddedSimulator) -> None:
        """Make a simulator for each row."""
        count = len(self.tables.clock)
        self.simulators = [one.on_tables(row(self.tables, index)) for index in range(count)]

    def __len__(self) -> int:
        return len(self.simulators)

    @property
    def num_threads(self) -> int:
        """Threads among which the rows are divided."""
        return len(self._parts)

    @num_threads.setter
    def num_threads(self, count: int) -> None:
        self._end_threads()
        bounds = np.linspace(0, len(self), count + 1).astype(int).tolist()
        self._parts = list(itertools.pairwise(bounds))

    def close(self) -> None:
        """End the threads; the next step starts new ones."""
        self._end_threads()

    def _end_threads(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

    def __getstate__(self) -> dict[str, Any]:
        """All but threads and the views of rows, which a copy makes of its own tables."""
        return self.__dict__ | {"_threads": None, "simulators": self.simulators[0]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._fill_rows(state["simulators"])

    def reset(
        self,
        starts: npt.NDArray[np.int64],
        num_jobs: int,
        chosen: npt.NDArray[np.bool_],
        seeds: list[int | None] | None = None,
    ) -> None:
        """Start new episodes in some rows and go to their first decision points.

        Args:
            starts: First and last job that each row's episodes may start at, int64, shape (N, 2).
            num_jobs: Number of jobs of each episode.
            chosen: The rows, shape (N,).
            seeds: Seed of each row's random draws; None lets them go on.

        Raises:
            SimulationError: If no job of an episode can run, or it does not fit.
        """
        for first, last in starts[chosen]:
            self.simulators[0].check_range(int(first), int(last), num_jobs)
        clock = self.tables.clock[:, 0]
        clock["first_start"][chosen], clock["last_start"][chosen] = starts[chosen].T
        clock["episode_jobs"][chosen] = num_jobs
        streams = np.zeros((0, 6), np.int64)
        if seeds is not None:
            streams = np.array([self._stream(index, seed) for index, seed in enumerate(seeds)])
        empty = self._open_rows(chosen, streams)
        self._check_scores()
        if empty >= 0:
            first_job = self.simulators[empty].first_job
            raise SimulationError(f"none of the {num_jobs} jobs from job {first_job} can run on the platform")

    def _open_rows(self, chosen: npt.NDArray[np.bool_], streams: tables.Integers) -> int:
        return int(batch.open_rows(self.tables, self.view, chosen.astype(np.int8), streams))

    def _check_scores(self) -> None:
        """Refuse a score that is not a finite number, in any row."""
        if self.simulators[0].queue.scores:
            for row in np.flatnonzero(self.tables.clock["undefined_job"][:, 0] != tables.NONE):
                one = self.simulators[row]
                own = one.tables
                raise one.queue.undefined(own.clock, own.jobs, own.progress, one.workload)

    def _stream(self, index: int, seed: int | None) -> tables.Integers:
        """The random stream of a row: of a seed, or as it is."""
        if seed is not None:
            return random_stream(seed)
        return np.array([*self.simulators[index].random_stream.values()], np.int64)

    def step(self, actions: tables.Integers, mode: int) -> None:
        """Take one action in each row and go to its next decision point.

        Args:
            actions: Number of an action per row, int64, shape (N,); a row below 0 is left alone.
            mode: What follows an ended episode: NEXT_STEP or SAME_STEP another one, DISABLED nothing.

        Raises:
            SimulationError: If a row's episode is over already or has stalled.
        """
        first, *rest = self._parts
        threads = self._threads = self._threads or ThreadPoolExecutor(self.num_threads)
        others = [threads.submit(self._step_rows, actions, mode, *part) for part in rest]
        found = [self._step_rows(actions, mode, *first), *(other.result() for other in others)]
        self._check_scores()
        stopped = min((index for index in found if index >= 0), default=-1)
        if stopped >= 0:
            raise SimulationError(
                f"simulation {stopped} cannot go on at {self.simulators[stopped].now:g} s: its episode is "
                "over, or nothing was started where nothing else can happen"
            )

    def _step_rows(self, actions: tables.Integers, mode: int, first: int, last: int) -> int:
        return int(batch.step_rows(self.tables, self.view, actions, mode, first, last))

    def summaries(self) -> Records:
        """What each episode has come to so far, shape (N,), fields as of ``EmbeddedSimulator.summary``."""
        for index, simulator in enumerate(self.simulators):
            simulator.write_summary(self.view.summaries[index : index + 1])
        return self.view.summaries.copy()

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that the state of all rows consists of."""
        names = (*EmbeddedSimulator.STATE, "trees", "fit_tree")
        shown = ("observations", "masks", "outcomes")
        state = {name: getattr(self.tables, name) for name in names}
        if self.tables.queue:
            kept = ("scores", "orders", "candidates", "reservations")
            state |= {f"queue_{name}": getattr(self.tables.queue, name) for name in kept}
        return state | {f"view_{name}": getattr(self.view, name) for name in shown}

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """The state of all rows, arrays by name, to come back to with :meth:`restore`."""
        return {name: array.copy() for name, array in self._state().items()}

    def restore(self, state: dict[str, npt.NDArray[Any]]) -> None:
        """Come back to a state of this batch, or of one of its size over the same platform and workload.

        Raises:
            SimulationError: If it is of another number of simulations, another platform or workload.
        """
        own = self._state()
        if {name: array.shape for name, array in own.items()} != {
            name: array.shape for name, array in state.items()
        }:
            raise SimulationError("the state is of another batch; restore one of this batch")
        for name, array in own.items():
            array[...] = state[name]
