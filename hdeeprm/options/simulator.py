"""What makes time pass: the embedded simulator on one of its clocks, or the real Batsim."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hdeeprm.options.section import Section
from hdeeprm.simgrid_versions import LATEST, SimGridVersion

EXACT_CLOCK_KEYS = ("instant_tolerance",)
BATSIM_CLOCK_KEYS = ("start_power",)
BACKEND_KEYS = ("batsim_command", "timeout")
SIMGRID_KEYS = ("simgrid",)


class SimulatorOptions(Section):
    """What makes time pass."""

    backend: Literal["embedded", "batsim"] = "embedded"
    """Simulator: "embedded" is built in and needs nothing else installed; "batsim" is the real Batsim, driven
    through PyBatsim."""

    clock: Literal["exact", "batsim"] = "exact"
    """How time advances in the embedded simulator: "exact" goes from event to event without rounding;
    "batsim" gives, bit for bit, the times and schedules of the real Batsim, and its energies with start_power
    "p0"."""

    instant_tolerance: float = Field(default=1e-9, ge=0, lt=1)
    """Events within this x max(1, now) seconds of one another are one instant and bring one decision (clock
    "exact")."""

    simgrid: SimGridVersion = LATEST
    """Version of SimGrid whose tolerance of ties clock "batsim" has, and whose form of platform file the
    backend "batsim" gets: "3.24" for Batsim 3.1, "3.29" for 4.x."""

    start_power: Literal["pstate", "p0"] = "pstate"
    """What cores draw with clock "batsim" until energy is first looked at after time 0: the power of their
    P-state; or "p0", that of P-state 0, as SimGrid 3.29 charges it."""

    batsim_command: str = Field(default="batsim", min_length=1)
    """Name or path of the real Batsim (backend "batsim")."""

    timeout: float = Field(default=60.0, gt=0)
    """Seconds without an answer after which the real Batsim is taken to hang; above 0 (backend "batsim")."""


def idle_simulator_keys(backend: object, clock: object) -> tuple[str, ...]:
    """Keys of ``simulator`` that mean nothing with this backend and, where it is embedded, this clock."""
    if backend == "batsim":
        return ("clock", *EXACT_CLOCK_KEYS, *BATSIM_CLOCK_KEYS)
    if backend != "embedded":
        return ()
    if clock == "batsim":
        return (*EXACT_CLOCK_KEYS, *BACKEND_KEYS)
    return (*BATSIM_CLOCK_KEYS, *BACKEND_KEYS, *SIMGRID_KEYS) if clock == "exact" else ()
