"""Sums that do not drift."""

from __future__ import annotations

from .compiling import compiled


@compiled
def add(total: float, error: float, term: float) -> tuple[float, float]:
    """Add a term to a sum, and what the addition lost to the sum's error [Neumaier 1974]."""
    new = total + term
    lost = (total - new) + term if abs(total) >= abs(term) else (term - new) + total
    return new, error + lost
