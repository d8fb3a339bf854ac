"""Masks of cores: 32 bits in a 64-bit integer."""

from __future__ import annotations

import numpy as np

from .compiling import compiled

# Position of the lowest set bit by a de Bruijn sequence [Leiserson, Prokop & Randall 1998].
_DE_BRUIJN = 0x077CB531
_POSITIONS = np.zeros(32, np.int64)
for _bit in range(32):
    _POSITIONS[((_DE_BRUIJN << _bit) & 0xFFFFFFFF) >> 27] = _bit


@compiled
def lowest_bit(mask: int) -> int:
    """Position of the lowest set bit of a mask that is not 0."""
    return _POSITIONS[((_DE_BRUIJN * (mask & -mask)) & 0xFFFFFFFF) >> 27]


@compiled
def lowest_bits(mask: int, count: int) -> int:
    """The ``count`` lowest set bits of a mask that has at least as many."""
    rest = mask
    for _ in range(count):
        rest &= rest - 1
    return mask ^ rest


@compiled
def bit_at(mask: int, index: int) -> int:
    """The set bit with ``index`` set bits below it, as a mask."""
    for _ in range(index):
        mask &= mask - 1
    return mask & -mask


@compiled
def count_bits(mask: int) -> int:
    """Number of set bits, counted in parallel."""
    mask -= (mask >> 1) & 0x55555555
    mask = (mask & 0x33333333) + ((mask >> 2) & 0x33333333)
    return (((mask + (mask >> 4)) & 0x0F0F0F0F) * 0x01010101 & 0xFFFFFFFF) >> 24
