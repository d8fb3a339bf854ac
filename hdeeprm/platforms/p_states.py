"""The P-states of a core: which part of its speed and power it has in each.

One table, read by everything that needs speeds or watts. A platform file may replace it under
``p_states``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from hdeeprm.catalogue import STRICT, ProcessorType

Fraction = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class PState:
    """What a core has left of its figures in one P-state.

    Attributes:
        speed: Fraction of its peak speed, 0 to 1.
        power: Fraction of its active power, 0 to 1.
    """

    speed: Fraction
    power: Fraction


PStates = tuple[PState, PState, PState, PState]

P_STATES: PStates = (
    PState(speed=1.0, power=1.0),
    PState(speed=0.75, power=1.0),
    PState(speed=0.0, power=0.25),
    PState(speed=0.0, power=0.05),
)

P_STATE_MEANINGS = (
    "active",
    "active, memory bandwidth over-subscribed",
    "idle, other cores of the processor active",
    "idle, whole processor idle",
)
"""When a core is in P0 … P3."""


def core_mflops(processor: ProcessorType, p_states: PStates = P_STATES) -> tuple[int, ...]:
    """Speed of one core in each P-state, in 10^6 flop/s.

    >>> core_mflops(ProcessorType(6, 2.26, 4, 45, 32))
    (9040, 6780, 0, 0)
    """
    return tuple(_thousandths(processor.gflops_per_core * state.speed) for state in p_states)


def core_milliwatts(processor: ProcessorType, p_states: PStates = P_STATES) -> tuple[int, ...]:
    """Power of one core in each P-state, in 10^-3 W.

    >>> core_milliwatts(ProcessorType(6, 2.26, 4, 45, 32))
    (7500, 7500, 1875, 375)
    """
    return tuple(_thousandths(processor.watts_per_core * state.power) for state in p_states)


def _thousandths(figure: float) -> int:
    """Figure rounded to three decimals, as the platform XML states it, in units of 0.001."""
    return round(round(figure, 3) * 1000)
