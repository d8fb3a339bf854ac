"""Many simulations side by side, each of which is told the time by a Batsim of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import BatsimError
from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .batch import DISABLED, SAME_STEP, SimulatorBatch
from .batsim.peer import Peer
from .embedded import EmbeddedSimulator
from .kernel import batch
from .kernel.tables import Integers
from .layout import NO_STREAM, row
from .told import ToldSimulator, rewindable

PEER = "peer "
"""What the names of arrays begin with that are a Batsim's state; they may have any length."""
_ENDED = "ended"


class ToldBatch(SimulatorBatch):
    """N simulations as of :class:`~hdeeprm.simulator.batch.SimulatorBatch`, moved one after the other.

    Snapshots need peers whose states are arrays by name.

    Args:
        new_peer: Makes a Batsim for a row.
        platform: Where jobs run.
        workload: The jobs.
        num_simulations: How many simulations there are.
        codes: Job selection and core selection of each action, int64, shape (actions, 2).
        observation: Kind of observation that the kernel writes, -1 for none, and its number of values.
        settings: As of :class:`~hdeeprm.simulator.told.ToldSimulator`, but nothing is recorded.

    Raises:
        SimulationError: If a recording is asked for.
    """

    def __init__(
        self,
        new_peer: Callable[[], Peer],
        platform: Platform,
        workload: Workload,
        num_simulations: int,
        codes: Integers,
        observation: tuple[int, int],
        **settings: Any,
    ) -> None:
        self._new_peer = new_peer
        super().__init__(platform, workload, num_simulations, codes, observation, **settings)
        self.num_threads = 1

    def _one(self, platform: Platform, workload: Workload, settings: dict[str, Any]) -> ToldSimulator:
        return ToldSimulator(self._new_peer(), platform, workload, **settings)

    def _fill_rows(self, one: EmbeddedSimulator) -> None:
        """Make a simulator with a Batsim of its own for each row."""
        assert isinstance(one, ToldSimulator)
        count = len(self.tables.clock)
        self._told = [one.on_tables(row(self.tables, index)) for index in range(count)]
        for simulator in self._told[1:]:
            simulator.peer = self._new_peer()
        self.simulators = list(self._told)

    def close(self) -> None:
        """Give up all Batsims and unfinished episodes; the next reset starts anew."""
        super().close()
        for simulator in self._told:
            simulator.close()

    def __getstate__(self) -> dict[str, Any]:
        """There is none, since Batsims are not copied."""
        raise BatsimError("simulations that Batsims run cannot be copied; make new ones")

    def _open_rows(self, chosen: npt.NDArray[np.bool_], streams: Integers) -> int:
        for index in np.flatnonzero(chosen).tolist():
            if not self._open(index, streams[index] if len(streams) else NO_STREAM):
                return int(index)
        return -1

    def _open(self, index: int, stream: Integers = NO_STREAM) -> bool:
        """Start the next episode of a row and show its first decision point; whether it has one."""
        simulator = self._told[index]
        simulator.next_episode(stream)
        simulator.tables.clock["decision_reward"] = 0.0
        batch.show(simulator.tables, self.view, index, simulator.over)
        return not simulator.over

    def _step_rows(self, actions: Integers, mode: int, first: int, last: int) -> int:
        for index in range(first, last):
            if actions[index] >= 0 and not self._step(index, int(actions[index]), mode):
                return index
        return -1

    def _step(self, index: int, action: int, mode: int) -> bool:
        """Take one action in a row and go to its next decision point; whether that can be."""
        simulator, view = self._told[index], self.view
        if view.outcomes["over"][index]:
            return mode != DISABLED and self._open(index)
        action = batch.allowed(simulator.tables, view.codes, action)
        job_selection, core_selection = view.codes[action].tolist()
        reward = simulator.step((job_selection, core_selection))
        batch.show(simulator.tables, view, index, simulator.over)
        if simulator.over:
            batch.keep_final(simulator.tables, view, index)
            simulator.write_summary(view.summaries[index : index + 1])
            if mode == SAME_STEP:
                if not self._open(index):
                    return False
                view.outcomes["reward"][index] = reward
        return True

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """The state of all rows and of their Batsims, arrays by name, to come back to with :meth:`restore`.

        Raises:
            BatsimError: If the Batsims cannot go back.
        """
        state = super().snapshot() | {_ENDED: np.array([simulator.ended for simulator in self._told])}
        for index, simulator in enumerate(self._told):
            peer = rewindable(simulator.peer).snapshot()
            state |= {f"{PEER}{index} {name}": array for name, array in peer.items()}
        return state

    def restore(self, state: dict[str, npt.NDArray[Any]]) -> None:
        """Come back to a state of this batch, or of one of its size over the same platform and workload.

        Raises:
            SimulationError: If it is of another number of simulations, another platform or workload.
            BatsimError: If the Batsims cannot go back.
        """
        for simulator in self._told:
            rewindable(simulator.peer)
        own = {name: array for name, array in state.items() if not name.startswith(PEER) and name != _ENDED}
        super().restore(own)
        for index, simulator in enumerate(self._told):
            prefix = f"{PEER}{index} "
            peer = {name.removeprefix(prefix): state[name] for name in state if name.startswith(prefix)}
            simulator.go_back(peer, bool(state[_ENDED][index]))
