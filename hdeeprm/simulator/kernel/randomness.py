"""Random numbers inside the kernel: MRG32k3a [L'Ecuyer 1999, Operations Research 47(1)].

Its six integers are part of the state, so that a saved simulation goes on with the same numbers, and its
products fit 64-bit integers, so that compiled and uncompiled code agree.
"""

from __future__ import annotations

from typing import Any

from .compiling import compiled

MODULUS_1 = 4294967087
MODULUS_2 = 4294944443


@compiled
def uniform(clock: Any) -> float:
    """The next number of the stream, uniform in (0, 1)."""
    first = (1403580 * clock.random_2 - 810728 * clock.random_1) % MODULUS_1
    clock.random_1, clock.random_2, clock.random_3 = clock.random_2, clock.random_3, first
    second = (527612 * clock.random_6 - 1370589 * clock.random_4) % MODULUS_2
    clock.random_4, clock.random_5, clock.random_6 = clock.random_5, clock.random_6, second
    difference = first - second
    return (difference if difference > 0 else difference + MODULUS_1) / (MODULUS_1 + 1)


@compiled
def below(clock: Any, bound: int) -> int:
    """A uniform integer in [0, bound)."""
    return int(uniform(clock) * bound)
