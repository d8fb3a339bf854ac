"""What happened on the way: energy, what machines did, and changes of their P-states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.machine import Command, Machine

from .ids import ids_text

SWITCHING = -1
"""P-state that machines are noted with while they change between P-states at which they compute."""
LETTERS = {
    tables.TRACE_START: "s",
    tables.TRACE_END: "e",
    tables.TRACE_SWITCHING: "p",
    tables.TRACE_SWITCHED: "p",
}

ENERGY_HEADER = "time,energy,event_type,wattmin,epower"
STATES_HEADER = "time,nb_sleeping,nb_switching_on,nb_switching_off,nb_idle,nb_computing"
PSTATES_HEADER = "time,machine_id,new_pstate"


class Noted(NamedTuple):
    """A row of what the simulated Batsim notes."""

    kind: int
    subject: int
    time: float  # s
    joules: float
    watts: float
    num_computing: int


class Traces:
    """Lines of the files that follow a simulation, in Batsim's form.

    Args:
        batsim: Notes what happens.
    """

    def __init__(self, batsim: Machine) -> None:
        self.energy: list[str] = []
        self.states: list[str] = []
        self.pstates: list[str] = []
        self._batsim = batsim
        self._last = (0.0, 0.0)
        pstates = batsim.hosts.pstates
        for pstate in np.unique(pstates):
            self.pstates.append(f"0,{ids_text(np.flatnonzero(pstates == pstate).tolist())},{pstate}")

    def take(self, commands: Sequence[Command]) -> None:
        """Take over what was noted since the last time.

        Args:
            commands: Those of the last reply.
        """
        for row in map(Noted._make, self._batsim.traces()):
            if row.kind == tables.TRACE_MACHINES:
                self._add_states(row)
                continue
            if self._batsim.settings.energy:
                self._add_energy(row, LETTERS[row.kind])
            if row.kind in (tables.TRACE_SWITCHING, tables.TRACE_SWITCHED):
                command = commands[row.subject]
                pstate = SWITCHING if row.kind == tables.TRACE_SWITCHING else command.subject
                self.pstates.append(f"{row.time:g},{ids_text(command.members)},{pstate}")

    def _add_energy(self, row: Noted, letter: str) -> None:
        elapsed, spent = row.time - self._last[0], row.joules - self._last[1]
        power = f"{spent / elapsed:g}" if elapsed > 0.0 else "NA"
        self._last = (row.time, row.joules)
        self.energy.append(f"{row.time:g},{row.joules:g},{letter},{row.watts:g},{power}")

    def _add_states(self, row: Noted) -> None:
        idle = self._batsim.hosts.num_hosts - row.num_computing
        self.states.append(f"{row.time:g},0,0,0,{idle},{row.num_computing}")
