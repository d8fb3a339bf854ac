"""Tables of a machine: before its simulation begins, and with more room.

The compiled clock makes no arrays, so that there must be room before it is asked.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from hdeeprm.simulator.kernel.tables import Table

from .clock import tables
from .clock.tables import Clockwork
from .hardware import Hosts, Links, Settings

Array = TypeVar("Array", bound=npt.NDArray[np.generic])

SPARE = 64
"""Room in every table beyond what is known to be needed."""


def empty_tables(hosts: Hosts, links: Links, settings: Settings) -> Clockwork:
    """Tables of a simulation before it begins, without jobs."""
    clock = np.zeros(1, tables.CLOCK)
    clock["work_precision"], clock["time_precision"] = settings.tolerance.work, settings.tolerance.seconds
    for name in ("energy", "charge_p0", "sharing", "tracing", "registration", "acknowledge"):
        clock[name] = getattr(settings, name)
    clock["num_hosts"] = hosts.num_hosts
    clock["verdict"] = tables.NONE
    clock["first_submission_joules"] = -1.0
    clock["free_action"] = 0
    actions = np.zeros(SPARE, tables.ACTION)
    actions["next_free"] = np.arange(1, SPARE + 1)
    return Clockwork(
        clock=clock,
        hosts=_host_table(hosts, settings.charge_p0),
        states=_state_table(hosts),
        resources=_resource_table(hosts, links),
        uses=np.zeros(SPARE, tables.USE),
        stages=np.zeros(SPARE, tables.STAGE),
        program=np.zeros(SPARE, np.int64),
        allocations=np.zeros(SPARE, np.int64),
        jobs=np.zeros(SPARE, tables.JOB),
        order=np.zeros(SPARE, np.int64),
        actions=actions,
        running=np.zeros(SPARE, np.int64),
        done=np.zeros(SPARE, np.int64),
        posts=np.zeros(SPARE, tables.POST),
        inbox=np.zeros(1, tables.POST),
        late=np.zeros(SPARE, np.int64),
        commands=np.zeros(SPARE, tables.COMMAND),
        command_hosts=np.zeros(SPARE, np.int64),
        events=np.zeros(SPARE, tables.EVENT),
        traces=np.zeros(SPARE if settings.tracing else 0, tables.TRACE),
        submitters=np.zeros(1, tables.SUBMITTER_ROW),
    )


def _host_table(hosts: Hosts, charge_p0: bool) -> Table:
    table = np.zeros(hosts.num_hosts, tables.HOST)
    table["pstate"] = hosts.pstates
    table["charged_pstate"] = 0 if charge_p0 else hosts.pstates
    table["first_state"] = hosts.first_state
    return table


def _state_table(hosts: Hosts) -> Table:
    table = np.zeros(len(hosts.speeds), tables.STATE)
    table["flops"] = hosts.speeds
    table["idle_watts"], table["lowest_watts"], table["full_watts"] = hosts.watts.T
    return table


def _resource_table(hosts: Hosts, links: Links) -> Table:
    table = np.zeros(hosts.num_hosts + len(links.bandwidths), tables.RESOURCE)
    table["bound"][: hosts.num_hosts] = hosts.speeds[hosts.first_state + hosts.pstates]
    table["bound"][hosts.num_hosts :] = links.bandwidths
    table["fatpipe"][hosts.num_hosts :] = links.fatpipe
    return table


def with_room(array: Array, size: int) -> Array:
    """The array itself, or a copy at least twice as long where it has less than ``size`` entries."""
    if size <= len(array):
        return array
    longer = np.zeros(max(size, 2 * len(array)), array.dtype)
    longer[: len(array)] = array
    return longer  # type: ignore[return-value]
