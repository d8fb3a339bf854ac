"""Scores of waiting jobs, worked out by stack programs.

A value that is no finite number, such as a logarithm of 0, is noted with its job for Python to refuse.
"""

from __future__ import annotations

import math

from .compiling import compiled
from .tables import (
    ABS,
    CORES,
    LOG2,
    LOG10,
    MEMORY,
    MIN,
    MINUS,
    NEGATIVE,
    NUMBER,
    OVER_BY,
    PLUS,
    POWER,
    REQUESTED_TIME,
    SQRT,
    SUBMIT,
    TIMES,
    WAIT,
)
from .tables import Simulation as Sim

KB_PER_MB = 1000.0
_LARGEST_EXPONENT = 308.0


@compiled
def submission(sim: Sim, job: int) -> float:
    """When a job of the episode is submitted, in s since its first job."""
    clock = sim.clock[0]
    return (sim.jobs[clock.first_job + job].submit_time - clock.origin) * clock.arrival_scale


@compiled
def _property(sim: Sim, job: int, operation: int) -> float:
    """What a score may look at of a job."""
    clock = sim.clock[0]
    row = sim.jobs[clock.first_job + job]
    if operation == SUBMIT:
        return clock.trace_origin + clock.origin + submission(sim, job)
    if operation == WAIT:
        return clock.now - submission(sim, job)
    if operation == REQUESTED_TIME:
        return row.requested_time
    if operation == CORES:
        return float(row.requested_cores)
    return row.memory_kb / KB_PER_MB


@compiled
def _function(operation: int, value: float) -> float:
    """A function of one number, not a number where it is not defined."""
    if operation == NEGATIVE:
        return -value
    if operation == ABS:
        return abs(value)
    if operation == SQRT:
        return math.sqrt(value) if value >= 0.0 else math.nan
    if value <= 0.0:
        return math.nan
    if operation == LOG2:
        return math.log2(value)
    return math.log10(value) if operation == LOG10 else math.log(value)


@compiled
def _power(base: float, exponent: float) -> float:
    """A power, not a number where it is not defined or too large."""
    if base == 0.0:
        return math.nan if exponent < 0.0 else 1.0 if exponent == 0.0 else 0.0
    if base < 0.0 and exponent != math.floor(exponent):
        return math.nan
    if exponent * math.log10(abs(base)) > _LARGEST_EXPONENT:
        return math.nan
    return base**exponent


@compiled
def _combined(operation: int, left: float, right: float) -> float:
    """An operation on two numbers, likewise."""
    if operation == PLUS:
        return left + right
    if operation == MINUS:
        return left - right
    if operation == TIMES:
        return left * right
    if operation == OVER_BY:
        return left / right if right != 0.0 else math.nan
    if operation == POWER:
        return _power(left, right)
    if operation == MIN:
        return right if right < left else left
    return right if right > left else left


@compiled
def program_value(sim: Sim, score: int, part: int, job: int) -> float:
    """Value of a part of a score for a job, now; infinity, which is noted, where it has none."""
    height = 0
    for place in range(sim.queue.programs[score, part, 0].length):
        instruction = sim.queue.programs[score, part, place]
        operation = instruction.operation
        if operation == NUMBER:
            value = instruction.value
        elif operation <= MEMORY:
            value = _property(sim, job, operation)
        elif operation <= ABS:
            height -= 1
            value = _function(operation, float(sim.queue.registers[height]))
        else:
            height -= 2
            value = _combined(
                operation, float(sim.queue.registers[height]), float(sim.queue.registers[height + 1])
            )
        if not abs(value) < math.inf:
            sim.clock[0].undefined_job = job
            sim.clock[0].undefined_score = score
            return math.inf
        sim.queue.registers[height] = value
        height += 1
    return sim.queue.registers[0] if height > 0 else 0.0
