"""What may be done at a decision point: which actions are allowed, where one action names one job."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .compiling import compiled
from .fitting import blocked_by
from .queue import select_job
from .tables import NOT_BLOCKED, NTH_JOB, VOID, Integers
from .tables import Simulation as Sim
from .time import nothing_to_come

Masks = npt.NDArray[np.int8]


@compiled
def fits(sim: Sim, job_selection: int) -> bool:
    """Whether the waiting job that a selection picks fits now; *random* is not asked."""
    if max(0, job_selection - NTH_JOB) >= sim.clock[0].num_waiting:
        return False
    return bool(blocked_by(sim, select_job(sim, job_selection)) == NOT_BLOCKED)


@compiled
def any_choice_fits(sim: Sim) -> bool:
    """Whether one of the oldest waiting jobs, those that are actions, fits now."""
    clock = sim.clock[0]
    num_choices = min(clock.num_choices, clock.num_waiting) if clock.free_cores > 0 else 0
    place = 0
    while place < num_choices and not fits(sim, NTH_JOB + place):
        place += 1
    return place < num_choices


@compiled
def is_allowed(sim: Sim, job_selection: int) -> bool:
    """Whether an action with this job selection may be taken now."""
    if job_selection == VOID:
        return not nothing_to_come(sim)
    if sim.clock[0].committing:
        return job_selection - NTH_JOB < sim.clock[0].num_waiting
    return job_selection < NTH_JOB or fits(sim, job_selection)


@compiled
def write_mask(sim: Sim, codes: Integers, out: Masks) -> None:
    """Write 1 for every action that is allowed now, else 0; one row of codes per action."""
    for action in range(codes.shape[0]):
        out[action] = is_allowed(sim, codes[action, 0])
